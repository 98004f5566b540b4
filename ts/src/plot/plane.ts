// The plane of a model whose states have two coordinates: its part that is shown, and grids on it.
// What a field and a density have in common.
import { ShapeError } from "../errors.js";
import { checkRange } from "./arguments.js";
import type { Point } from "./layer.js";
import { type Range, usualRange } from "./range.js";
import type { Timed } from "./times.js";

/** The part of a plane that is shown. */
export interface Extent {
  /** The ends of the first axis; default those of the states that are drawn, and a little more. */
  readonly x?: Range;
  /** The ends of the second axis. */
  readonly y?: Range;
}

/** The names of {@link Extent}. */
export const extentNames = { x: true, y: true } as const;

/** The share of its size by which an extent is larger than what lies in it. */
const MARGIN = 0.05;

/** The share of the points that an extent may leave out on either side: a few would make it twice as large. */
const CUT = 0.005;

/** Refuses a model whose states are not two numbers. */
export function checkPlanar(what: string, model: Timed): void {
  const { xSize } = model.config;
  if (xSize === 2 || (Array.isArray(xSize) && xSize.length === 1 && xSize[0] === 2)) return;
  const [expected, got] = ["a model with xSize 2", JSON.stringify(xSize)];
  throw new ShapeError(`${what}: expected ${expected}, got ${got}`, { expected, got, where: what });
}

/** Refuses what is no extent. */
export function checkExtent({ x, y }: Extent): void {
  checkRange("x", x);
  checkRange("y", y);
}

/** The extent of points, where none is given. */
export function extentOf({ x, y }: Extent, points: readonly Point[]): Required<Extent> {
  const around = (axis: 0 | 1): Range => {
    const [low, high] = usualRange(
      points.map((point) => point[axis]),
      CUT,
    ) ?? [-1, 1];
    const beyond = (high - low || 1) * MARGIN;
    return [low - beyond, high + beyond];
  };
  return { x: x ?? around(0), y: y ?? around(1) };
}

/** The centres of equal cells in an extent, row by row, the lowest first. */
export function centresOf({ x, y }: Required<Extent>, columns: number, rows: number): Point[] {
  const centre = ([low, high]: Range, i: number, count: number) => low + ((high - low) * (i + 0.5)) / count;
  return Array.from(
    { length: rows * columns },
    (_, i): Point => [centre(x, i % columns, columns), centre(y, Math.floor(i / columns), rows)],
  );
}

/** The corners of an extent, as points that axes must reach. */
export function cornersOf({ x, y }: Required<Extent>): Point[] {
  return [
    [x[0], y[0]],
    [x[1], y[1]],
  ];
}
