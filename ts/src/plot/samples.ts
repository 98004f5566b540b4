// Samples as points, and their ways as lines.
// Two coordinates of them, within the extent of other samples where pictures shall be compared.
import { namesOf, optionsOf } from "../config/options.js";
import { numbersOf } from "../data/rows.js";
import { overRows } from "../data/slices.js";
import { ShapeError } from "../errors.js";
import { refused } from "../model/settings.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkAxes, checkCount, checkFrame, checkLike, checkPair, checkTensor, ROWS } from "./arguments.js";
import { coursesOf, everyOf, type Rows, scatteredOf } from "./courses.js";
import { dotLayer, lineLayer, type Point } from "./layer.js";
import { type AxesSettings, axesNames, numberPanel, type PanelData } from "./panel.js";
import { Plot } from "./picture.js";
import type { Range } from "./range.js";

/** Settings of plots of samples. */
export interface PlotSettings extends AxesSettings {
  /** The two coordinates that are drawn; default `[0, 1]`. */
  readonly axes?: readonly [number, number];
  /** Samples whose extent the axes have, so that pictures can be compared; default: what is drawn. */
  readonly like?: Tensor;
  /** The largest number of points (or of trajectories) that is drawn of each set, the first ones; default 5000 (100). */
  readonly limit?: number;
}

/** Settings of {@link scatter}. */
export interface ScatterSettings extends PlotSettings {
  /** Other samples, drawn below in another colour. */
  readonly against?: Tensor;
  /** Names in the legend: of the samples, and of those below; default `["samples", "data"]`. */
  readonly names?: readonly [string, string];
}

const plotNames = { ...axesNames, axes: true, like: true, limit: true } as const;
const names = {
  scatter: namesOf<ScatterSettings>({ ...plotNames, against: true, names: true }),
  trajectories: namesOf<PlotSettings>(plotNames),
};

function checked(tensor: Tensor, leading: string, axes: readonly [number, number]): void {
  const width = tensor.shape.at(-1) ?? 0;
  const rank = leading.split(",").length + 1;
  if (tensor.rank === rank && axes.every((axis) => axis >= 0 && axis < width)) return;
  const [expected, got] = [`[${leading}, ${Math.max(...axes) + 1} or more]`, `[${tensor.shape.join(", ")}]`];
  throw new ShapeError(`plot: expected a tensor ${expected}, got ${got}`, { expected, got, where: "plot" });
}

/** Refuses settings that cannot be. */
function checkSettings(where: string, { axes, like, limit, ...frame }: PlotSettings): void {
  checkFrame(frame);
  checkAxes(axes);
  checkCount("limit", limit === Number.POSITIVE_INFINITY ? undefined : limit);
  checkLike(where, like);
}

/** The two drawn coordinates of the first rows. */
export async function pointsOf(samples: Tensor, { axes = [0, 1], limit = 5000 }: PlotSettings): Promise<Point[]> {
  checked(samples, "rows", axes);
  const [rows = 0, width = 0] = samples.shape;
  const count = Math.min(rows, limit);
  const elements = await numbersOf(count < rows ? samples.narrow(0, 0, count) : samples);
  const at = (row: number, axis: number) => elements[row * width + axis] ?? Number.NaN;
  const points: Point[] = [];
  await overRows(count, (start, end) => {
    for (let row = start; row < end; row++) points.push([at(row, axes[0]), at(row, axes[1])]);
  });
  return points;
}

/**
 * The corners of what samples of any number reach to in two coordinates.
 *
 * @throws ConfigError where nothing is finite
 */
export async function reachOf(samples: Tensor, axes: readonly [number, number] = [0, 1]): Promise<Point[]> {
  checked(samples, "rows", axes);
  const [rows = 0, width = 0] = samples.shape;
  const elements = await numbersOf(samples);
  const [low, high] = [
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ];
  await overRows(rows, (start, end) => {
    for (let row = start; row < end; row++) {
      for (const [k, axis] of axes.entries()) {
        const value = elements[row * width + axis] as number;
        if (!Number.isFinite(value)) continue;
        low[k] = Math.min(low[k] as number, value);
        high[k] = Math.max(high[k] as number, value);
      }
    }
  });
  if ([...low, ...high].some((end) => !Number.isFinite(end))) {
    throw refused("like", `samples with finite numbers in the coordinates ${axes.join(" and ")}`, samples);
  }
  return [low, high].map(([x, y]): Point => [x as number, y as number]);
}

/** The names of two coordinates, where they have none of their own. */
export const coordinateNames = ([x, y]: readonly [number, number] = [0, 1]) => [`x[${x}]`, `x[${y}]`] as const;

/** Title, names of the axes and limits. */
async function frame({ like, axes, limit: _, ...settings }: PlotSettings): Promise<Omit<PanelData, "layers">> {
  const named = { columns: coordinateNames(axes), ...settings };
  return like === undefined ? named : { ...named, limits: await reachOf(like, axes) };
}

/** A set of points, by its name in the legend. */
interface Named {
  readonly name: string;
  /** Rows that were looked at. */
  readonly count: number;
  readonly points: Rows & { readonly without: number };
}

async function named(name: string, set: Tensor, { axes = [0, 1], limit = 5000 }: PlotSettings): Promise<Named> {
  checked(set, "rows", axes);
  const [rows = 0, width = 0] = set.shape;
  const count = Math.min(rows, limit);
  const elements = await numbersOf(count < rows ? set.narrow(0, 0, count) : set);
  const [x, y] = [await everyOf(elements, axes[0], width, count), await everyOf(elements, axes[1], width, count)];
  return { name, count, points: await scatteredOf({ x, values: [y] }) };
}

/** Rows that a picture does not show since they have no place, and that there are none. */
function toldOf(sets: readonly Named[]): string[] {
  const of = (name: string) => (sets.length > 1 ? ` of ${name}` : "");
  return sets.flatMap(({ name, count, points: { without } }) => {
    if (count === 0) return `no rows${of(name)}`;
    return without === 0 ? [] : `${rowCount(without)}${of(name)} without a number left out`;
  });
}

const rowCount = (count: number) => `${count.toLocaleString("en-GB")} ${count === 1 ? "row" : "rows"}`;

/**
 * Samples `[N, D]` as points. Axes are named by the coordinates, `x[0]` and `x[1]`, where `columns` names none. Rows with a coordinate that is no finite number have no place: how many they are stands
 * above.
 *
 * @example
 * ```ts
 * await plot.scatter(samples, { against: data }).save("swiss-roll.png");
 * ```
 */
export function scatter(samples: Tensor, settings: ScatterSettings = {}): Plot {
  const { against, names: own, ...rest } = optionsOf("plot.scatter", settings, names.scatter);
  checkTensor("plot.scatter", samples, ROWS);
  checkSettings("plot.scatter", rest);
  checkPair(own);
  if (against !== undefined) checkTensor("plot.scatter: against", against, ROWS);
  const [above, beneath] = own ?? ["samples", "data"];
  const draw = async () => {
    const below = against === undefined ? [] : [await named(beneath, against, settings)];
    const sets = [...below, await named(above, samples, settings)];
    const layers = sets.map(({ name, points }) => dotLayer(name, points));
    return [numberPanel({ ...(await frame(rest)), subtitle: toldOf(sets), layers })];
  };
  return new Plot(draw);
}

/**
 * Trajectories `[T, N, D]`, as {@link DiffusionModel.sampleForwardProcess} gives them, as lines with their ends as points. Of more than 5000 points of
 * one the first, the last, the lowest and the highest of those one after the other in the same half pixel of a PNG file are drawn: nothing that could be seen is lost.
 *
 * @throws ShapeError for another rank, or too few coordinates, once the picture is drawn
 *
 * @example
 * ```ts
 * const ways = await model.sampleForwardProcess({ batchSize: 30, tSpan: [0, 0.25, 0.5, 0.75, 1], seed: 1 });
 * await plot.trajectories(ways).save("ways.svg");
 * ```
 */
export function trajectories(paths: Tensor, settings: PlotSettings = {}): Plot {
  const { axes = [0, 1], limit = 100 } = optionsOf("plot.trajectories", settings, names.trajectories);
  const hint = "; await model.sampleForwardProcess(…) gives one";
  checkTensor("plot.trajectories", paths, "[times, N, coordinates]", hint);
  checkSettings("plot.trajectories", settings);
  const draw = async () => {
    checked(paths, "times, N", axes);
    const [times = 0, count = 0, width = 0] = paths.shape;
    const elements = await numbersOf(paths);
    const shown = Math.min(count, limit);
    const along = (n: number, axis: number) => everyOf(elements, n * width + axis, count * width, times);
    const course = async (n: number) => ({ x: await along(n, axes[0]), values: [await along(n, axes[1])] });
    const outer = await frame(settings);
    const [low, high] = outer.limits ?? [];
    const across: Range | undefined = low && high && [low[0], high[0]];
    const ways = await coursesOf(["x", "y", "line"], shown, course, across);
    const last = (axis: number) =>
      everyOf(elements, (times - 1) * count * width + axis, width, times === 0 ? 0 : shown);
    const ends = await scatteredOf({ x: await last(axes[0]), values: [await last(axes[1])] });
    return [numberPanel({ ...outer, layers: [lineLayer("trajectories", ways), dotLayer("ends", ends)] })];
  };
  return new Plot(draw);
}
