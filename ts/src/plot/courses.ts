// Courses of many points as columns of data, in slices: without what is not finite, and no more of it than a picture can show.
// Of each pixel column the first, the last, the lowest and the highest point are all that a line is drawn of: M4 (Jugel et al. 2014).
import { overRows } from "../data/slices.js";
import type { Columns } from "./data-sets.js";
import type { Point } from "./layer.js";
import { SIZE } from "./panel.js";
import type { Range } from "./range.js";

/** Values over places, each as many. */
export interface Course {
  readonly x: ArrayLike<number>;
  /** Of a line one, of a band its two ends. */
  readonly values: readonly ArrayLike<number>[];
}

/** Data of a layer, and the points that axes must reach. */
export interface Rows {
  readonly columns: Columns;
  readonly reach: readonly Point[];
}

/** Points of a course that is not thinned. */
export const MANY = 5000;

/** Columns of a panel in which points are told apart: half a pixel of a PNG file each. */
const COLUMNS = 4 * SIZE;

/** The ends of what is finite, grown value by value. */
class Reach {
  readonly #low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  readonly #high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];

  add(axis: 0 | 1, value: number): void {
    if (!Number.isFinite(value)) return;
    if (value < (this.#low[axis] as number)) this.#low[axis] = value;
    if (value > (this.#high[axis] as number)) this.#high[axis] = value;
  }

  /** Two corners; what has no value has infinite ones. */
  get corners(): Point[] {
    return [this.#low, this.#high].map(([x, y]): Point => [x as number, y as number]);
  }
}

/** The rows of a course of which all numbers are finite. */
async function finiteRows({ x, values }: Course, reach: Reach): Promise<Uint32Array> {
  const rows = new Uint32Array(x.length);
  let count = 0;
  await overRows(x.length, (start, end) => {
    for (let row = start; row < end; row++) {
      reach.add(0, x[row] as number);
      let isShown = Number.isFinite(x[row]);
      for (const each of values) {
        reach.add(1, each[row] as number);
        if (!Number.isFinite(each[row])) isShown = false;
      }
      if (isShown) rows[count++] = row;
    }
  });
  return rows.subarray(0, count);
}

/** Of rows one after the other in the same column the first, the last, and the lowest and the highest of all values. */
async function seenRows(
  { x, values }: Course,
  rows: Uint32Array,
  columnOf: (x: number) => number,
): Promise<Uint32Array> {
  const seen = new Uint32Array(rows.length);
  let [count, column] = [0, Number.NaN];
  let [first, last] = [0, 0];
  let lowest: number[] = [];
  let highest: number[] = [];
  const end = () => {
    for (const row of [...new Set([first, ...lowest, ...highest, last])].sort((a, b) => a - b)) seen[count++] = row;
  };
  await overRows(rows.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const row = rows[i] as number;
      const own = columnOf(x[row] as number);
      if (own !== column) {
        if (i > 0) end();
        [first, column, lowest, highest] = [row, own, values.map(() => row), values.map(() => row)];
      }
      last = row;
      for (let k = 0; k < values.length; k++) {
        const each = values[k] as ArrayLike<number>;
        if ((each[row] as number) < (each[lowest[k] as number] as number)) lowest[k] = row;
        if ((each[row] as number) > (each[highest[k] as number] as number)) highest[k] = row;
      }
    }
  });
  if (rows.length > 0) end();
  return seen.slice(0, count);
}

/** The rows of a course that are drawn. */
interface Part extends Course {
  readonly rows: Uint32Array;
}

/** Rows of several courses, one after the other; a name more than they have columns is that of their numbers. */
async function gathered(names: readonly string[], parts: readonly Part[]): Promise<Columns> {
  const size = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const columns = names.map(() => new Float64Array(size));
  let before = 0;
  for (const [number, { x, values, rows }] of parts.entries()) {
    const start = before;
    const sources = [x, ...values];
    await overRows(rows.length, (from, to) => {
      columns.forEach((column, k) => {
        const source = sources[k];
        for (let i = from; i < to; i++) column[start + i] = source?.[rows[i] as number] ?? number;
      });
    });
    before += rows.length;
  }
  return Object.fromEntries(names.map((name, k) => [name, columns[k] as Float64Array]));
}

/** Every `step`th of some numbers, as a column of its own. */
export async function everyOf(numbers: ArrayLike<number>, from: number, step: number, count: number) {
  const column = new Float64Array(count);
  await overRows(count, (start, end) => {
    for (let i = start; i < end; i++) column[i] = numbers[from + i * step] as number;
  });
  return column;
}

/**
 * Courses as columns of data, one after the other, the last column with the number of each.
 *
 * @param names - of the columns: x, the values, and the number
 * @param course - the `i`th of them
 * @param across - what the axis shows, where it is not what is drawn
 */
export async function coursesOf(
  names: readonly string[],
  count: number,
  course: (i: number) => Course | Promise<Course>,
  across?: Range,
): Promise<Rows> {
  const reach = new Reach();
  const all: Part[] = [];
  for (let i = 0; i < count; i++) {
    const { x, values } = await course(i);
    const own = new Reach();
    const finite = await finiteRows({ x, values }, own);
    for (const corner of own.corners) for (const axis of [0, 1] as const) reach.add(axis, corner[axis]);
    const [[low] = [0], [high] = [0]] = own.corners;
    const width = high - low;
    // An axis that shows one place only makes no column wider than the differences between numbers.
    const shown =
      across === undefined ? width : Math.max(Math.min(width, across[1] - across[0]), width * Number.EPSILON);
    const columnOf = (place: number) => (width > 0 ? Math.floor(((place - low) / shown) * COLUMNS) : 0);
    const rows = finite.length > MANY ? await seenRows({ x, values }, finite, columnOf) : finite;
    all.push({ x, values, rows });
  }
  return { columns: await gathered(names, all), reach: reach.corners };
}

/** Points as columns of data, all that are finite, and how many are not. */
export async function scatteredOf(points: Course): Promise<Rows & { readonly without: number }> {
  const reach = new Reach();
  const rows = await finiteRows(points, reach);
  const columns = await gathered(["x", "y"], [{ ...points, rows }]);
  return { columns, reach: reach.corners, without: points.x.length - rows.length };
}
