// The velocity of a model in the plane as arrows, with its states at that time below.
// In the units of the data, although networks see normalised ones.
import { namesOf, optionsOf } from "../config/options.js";
import { toRows } from "../data/rows.js";
import type { ModelInfo } from "../model/reports.js";
import { refused } from "../model/settings.js";
import { tensor } from "../tensor/create.js";
import { Tensor } from "../tensor/tensor.js";
import { type Arrow, arrowLayer } from "./arrows.js";
import { type Point, pointLayer } from "./layer.js";
import { type AxesSettings, numberPanel, type Panel, SIZE } from "./panel.js";
import { Plot } from "./picture.js";
import { centresOf, checkExtent, checkPlanar, cornersOf, type Extent, extentNames, extentOf } from "./plane.js";
import { type ProcessModel, type RunSettings, repeated, runNames, statesAt } from "./process.js";
import { type Range, usualRange } from "./range.js";
import { pointsOf } from "./samples.js";
import { timeTitle } from "./snapshots.js";
import { Times } from "./times.js";

/** A model whose velocity can be asked for. */
export interface FieldModel extends ProcessModel {
  /** As {@link GenerativeModel.velocityFunction}. */
  velocityFunction(t: number, x: Tensor, settings: object): Tensor;
  /** As {@link StoredModel.info}. */
  info(): Promise<Pick<ModelInfo, "normalization">>;
}

/** Settings of {@link field}. */
export interface FieldSettings extends RunSettings, Extent, Pick<AxesSettings, "columns"> {
  /** A time t of the model, or several, a panel each in the order of sampling; default three between the ends. */
  readonly t?: number | readonly number[];
  /** Arrows along each axis; default 22. */
  readonly grid?: number;
  /** Points below the arrows: samples `[N, 2]`, or none with false; default the model's own states at t, 500 (or `count`) of them. */
  readonly below?: Tensor | false;
}

const names = namesOf<FieldSettings>({ ...runNames, ...extentNames, columns: true, t: true, grid: true, below: true });

/** States that are drawn below where the settings do not say. */
const COUNT = 500;

/** Velocities at points, both in the units of the data. */
async function velocities(
  model: FieldModel,
  t: number,
  points: readonly Point[],
  { condition }: RunSettings,
): Promise<Arrow[]> {
  const [units] = (await model.info()).normalization ?? [];
  const of = (list: readonly number[] | undefined, axis: number, none: number) => list?.[axis] ?? none;
  const seen = points.map((point) => point.map((value, k) => (value - of(units?.mean, k, 0)) / of(units?.std, k, 1)));
  const given = condition === undefined ? {} : { condition: repeated(condition, points.length) };
  const velocity = model.velocityFunction(t, tensor(seen, { dtype: model.config.dtype ?? "f32" }), given);
  const rows = await toRows(velocity);
  return points.map((at, i) => {
    const [u = Number.NaN, v = Number.NaN] = rows[i] ?? [];
    return { at, vector: [u * of(units?.std, 0, 1), v * of(units?.std, 1, 1)] };
  });
}

/** The share of the arrows that may be faster than the last colour: a few would leave all others without length. */
const FAST = 0.02;

/** Speeds that have the first and the last colour. */
function speeds(arrows: readonly Arrow[]): Range {
  const lengths = arrows.map(({ vector }) => Math.hypot(...vector));
  return [0, usualRange(lengths, FAST)?.[1] || 1];
}

/** Points of each time: the samples that are given, or the model's own states. */
async function pointsAt(model: FieldModel, times: readonly number[], settings: FieldSettings): Promise<Point[][]> {
  const { below, x, y } = settings;
  if (below instanceof Tensor) {
    const points = await pointsOf(below, {});
    return times.map(() => points);
  }
  if (below === false && x !== undefined && y !== undefined) return times.map(() => []);
  const states = await statesAt(model, times, settings, COUNT);
  return Promise.all(times.map((_, i) => pointsOf(states.narrow(0, i, 1).reshape([-1, 2]), {})));
}

async function fieldPanel(
  model: FieldModel,
  t: number,
  states: readonly Point[],
  settings: FieldSettings,
): Promise<Panel> {
  const { grid = 22, columns, below } = settings;
  const shown = extentOf(settings, states);
  const arrows = await velocities(model, t, centresOf(shown, grid, grid), settings);
  const [longest, label, domain] = [(SIZE / grid) * 1.05, "speed", speeds(arrows)];
  return numberPanel({
    title: timeTitle("t", t),
    ...(columns && { columns }),
    limits: cornersOf(shown),
    tight: true,
    layers: [
      ...(below === false ? [] : [pointLayer("states", states, "below")]),
      arrowLayer(arrows, { longest, label, domain }),
    ],
  });
}

/**
 * The velocity of a model in the plane as arrows, at one time or at several side by side. Directions are those in which t grows: of a diffusion model from the
 * data to noise, of a flow or a bridge to the data. Numbers are in the units of the data, and per unit of t.
 *
 * @param model - with states of two coordinates
 * @throws ConfigError for wrong settings or times; ShapeError for a model of another size
 *
 * @example
 * ```ts
 * await plot.field(model, { t: [0.8, 0.4, 0.1], columns: ["x", "y"] }).save("field.png");
 * ```
 */
export function field(model: FieldModel, settings: FieldSettings = {}): Plot {
  const { t, grid } = optionsOf("plot.field", settings, names);
  checkPlanar("plot.field", model);
  checkExtent(settings);
  if (grid !== undefined && !(Number.isSafeInteger(grid) && grid > 0)) throw refused("grid", "an integer ≥ 1", grid);
  const all = new Times(model);
  const times = t === undefined ? all.spread(5).slice(1, -1) : all.ordered(typeof t === "number" ? [t] : t);
  return new Plot(async () => {
    const points = await pointsAt(model, times, settings);
    return Promise.all(times.map((time, i) => fieldPanel(model, time, points[i] ?? [], settings)));
  });
}
