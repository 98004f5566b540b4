// A process at some of its times: how noise becomes data, as points side by side.
// The panels have the same axes, unless the process itself changes its scale.
import { namesOf, optionsOf } from "../config/options.js";
import { turns } from "../data/slices.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkAxes, checkCount, checkLike, checkTexts } from "./arguments.js";
import { outermost, type Point, pointLayer } from "./layer.js";
import { type AxesSettings, numberPanel, type Panel } from "./panel.js";
import { Plot } from "./picture.js";
import { checkSource, type ProcessModel, type ProcessSettings, processOf, runNames } from "./process.js";
import { rangeOf } from "./range.js";
import { coordinateNames, pointsOf, reachOf } from "./samples.js";

/** Settings of {@link snapshots}. */
export interface SnapshotSettings extends ProcessSettings, Pick<AxesSettings, "columns"> {
  /** The two coordinates that are drawn; default `[0, 1]`. */
  readonly axes?: readonly [number, number];
  /** Samples whose extent all axes have; default: what is drawn. */
  readonly like?: Tensor;
}

const names = namesOf<SnapshotSettings>({ ...runNames, times: true, columns: true, axes: true, like: true });

/** Times at which a model is shown, and samples that are drawn, where the settings do not say. */
const USUAL = { times: 5, count: 1000 };

/** How many times as far as the narrowest the widest panel may reach for all to have the same axes. */
const ALIKE = 4;

/** A time as a title. */
export const timeTitle = (unit: string, time: number) => `${unit} = ${Number(time.toPrecision(3))}`;

/** How far points reach. */
function extentOf(points: readonly Point[]): number {
  const lengths = [0, 1].map((axis) => rangeOf(points.map((point) => point[axis] ?? 0)) ?? [0, 0]);
  return Math.max(...lengths.map(([low, high]) => high - low));
}

/** The points whose extent all panels have; none where each has its own. */
function common(sets: readonly (readonly Point[])[]): readonly Point[] | undefined {
  const reaches = sets.map(extentOf);
  return Math.max(...reaches) <= ALIKE * Math.min(...reaches) ? outermost(sets.flatMap(outermost)) : undefined;
}

/**
 * The states of a process at some of its times as points, in the order of sampling: from noise, or from the source, to the data.
 *
 * @param source - a model, of which 1000 samples (or `count`) are drawn at five times (or `times`); or trajectories `[T, N, D]`, of which all entries are shown
 * @throws ConfigError for times that the model does not have; ShapeError for states that are no vectors; once the picture is drawn
 *
 * @example
 * ```ts
 * await plot.snapshots(model, { times: [1, 0.5, 0.2, 0] }).save("from-noise-to-data.png");
 *
 * const tSpan = [0, 0.5, 1];
 * const paths = await model.sampleForwardProcess({ batchSize: 500, tSpan });
 * await plot.snapshots(paths).save("paths.png");
 * ```
 */
export function snapshots(source: ProcessModel | Tensor, settings: SnapshotSettings = {}): Plot {
  const { axes = [0, 1], columns, like, count } = optionsOf("plot.snapshots", settings, names);
  checkSource("plot.snapshots", source);
  checkAxes(axes);
  checkTexts("columns", columns, 2);
  checkLike("plot.snapshots", like);
  checkCount("count", count);
  return new Plot(async () => {
    const { times, states, unit } = await processOf(source, axes, settings, USUAL);
    const [, count = 0, width = 0] = states.shape;
    const at = (i: number) => pointsOf(states.narrow(0, i, 1).reshape([count, width]), { axes });
    const sets: Point[][] = [];
    for (let i = 0; i < times.length; i++) sets.push(await at(i));
    const limits = like === undefined ? common(sets) : await reachOf(like, axes);
    const panels: Panel[] = [];
    const turn = turns();
    for (const [i, points] of sets.entries()) {
      const panel = numberPanel({
        title: timeTitle(unit, times[i] ?? Number.NaN),
        columns: columns ?? coordinateNames(axes),
        ...(limits && { limits }),
        layers: [pointLayer("states", points)],
      });
      panels.push(panel);
      await turn();
    }
    return panels;
  });
}
