// The velocity of a model in the plane as arrows that point where sampling goes, with its states at that time below.
// In the units of the data, although networks see normalised ones.
import { namesOf, optionsOf } from "../config/options.js";
import { toRows } from "../data/rows.js";
import type { ModelInfo } from "../model/reports.js";
import { tensor } from "../tensor/create.js";
import { Tensor } from "../tensor/tensor.js";
import { checkCount, checkFrame, checkModel, checkTensor, ROWS } from "./arguments.js";
import { type Arrow, type ArrowSettings, arrowLayer } from "./arrows.js";
import { columnsOf } from "./grid.js";
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
  /** Arrows along each axis, at most 100; default 22. */
  readonly grid?: number;
  /** Points below the arrows: samples `[N, 2]`, or none with false; default the model's own states at t, 500 (or `count`) of them. */
  readonly below?: Tensor | false;
}

const names = namesOf<FieldSettings>({ ...runNames, ...extentNames, columns: true, t: true, grid: true, below: true });

/** States that are drawn below where the settings do not say. */
const COUNT = 500;

/** Arrows along each axis where the settings do not say. */
const GRID = 22;

/** Arrows along each axis at most: more would be shorter than they are thick. */
const MOST = 100;

/** Velocities of sampling at points, both in the units of the data. */
async function velocities(
  model: FieldModel,
  t: number,
  points: readonly Point[],
  { condition, weights }: RunSettings,
): Promise<Arrow[]> {
  const [units] = (await model.info()).normalization ?? [];
  const of = (list: readonly number[] | undefined, axis: number, none: number) => list?.[axis] ?? none;
  const seen = points.map((point) => point.map((value, k) => (value - of(units?.mean, k, 0)) / of(units?.std, k, 1)));
  const given = {
    ...(condition && { condition: repeated(condition, points.length) }),
    ...(weights && { weights }),
  };
  const velocity = model.velocityFunction(t, tensor(seen, { dtype: model.config.dtype ?? "f32" }), given);
  const rows = await toRows(velocity);
  const [start, end] = new Times(model).ends;
  // Sampling may go against t.
  const [across, up] = [0, 1].map((axis) => Math.sign(end - start) * of(units?.std, axis, 1)) as [number, number];
  return points.map((at, i) => {
    const [u = Number.NaN, v = Number.NaN] = rows[i] ?? [];
    return { at, vector: [u * across, v * up] };
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

/** What is seen at one time. */
interface Moment {
  readonly t: number;
  readonly shown: Required<Extent>;
  readonly states: readonly Point[];
  readonly arrows: readonly Arrow[];
}

async function momentAt(
  model: FieldModel,
  t: number,
  states: readonly Point[],
  settings: FieldSettings,
): Promise<Moment> {
  const { grid = GRID } = settings;
  const shown = extentOf(settings, states);
  return { t, shown, states, arrows: await velocities(model, t, centresOf(shown, grid, grid), settings) };
}

function fieldPanel(
  { t, shown, states, arrows }: Moment,
  { grid = GRID, columns, below }: FieldSettings,
  colors: Pick<ArrowSettings, "domain" | "legend">,
): Panel {
  return numberPanel({
    title: timeTitle("t", t),
    ...(columns && { columns }),
    limits: cornersOf(shown),
    tight: true,
    layers: [
      ...(below === false ? [] : [pointLayer("states", states, "below")]),
      arrowLayer(arrows, { longest: (SIZE / grid) * 1.05, label: "speed", ...colors }),
    ],
  });
}

/**
 * The velocity of a model in the plane as arrows, at one time or at several side by side. Arrows point where samples go while they are drawn, to the data: of a
 * diffusion model that is −dx/dt, since its t falls from noise to the data, of a flow or a bridge dx/dt. Lengths and colours are speeds, on one scale in all panels, in the units of the data per
 * unit of t.
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
  const { t, grid, below } = optionsOf("plot.field", settings, names);
  checkModel("plot.field", model, "a model with a velocity", "velocityFunction", "info", "sampleForwardProcess");
  checkPlanar("plot.field", model);
  checkFrame(settings);
  checkCount("grid", grid, MOST);
  checkCount("count", settings.count);
  if (below !== undefined && below !== false) checkTensor("plot.field: below", below, ROWS);
  checkExtent(settings);
  const all = new Times(model);
  const times = t === undefined ? all.spread(5).slice(1, -1) : all.ordered(typeof t === "number" ? [t] : t);
  return new Plot(async () => {
    const points = await pointsAt(model, times, settings);
    const moments = await Promise.all(times.map((time, i) => momentAt(model, time, points[i] ?? [], settings)));
    const domain = speeds(moments.flatMap(({ arrows }) => arrows));
    // Where the first row ends it takes no room from panels below.
    const last = columnsOf(times.length) - 1;
    return moments.map((moment, i) => fieldPanel(moment, settings, { domain, legend: i === last }));
  });
}
