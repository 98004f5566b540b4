// The coordinates of a state as columns: their names, and their numbers as one matrix.
// Leaves with a shape of their own (images, series) are no columns; they have views of their own.
import { type Numbers, numbersOf } from "../data/rows.js";
import { ConfigError } from "../errors.js";
import { Tensor } from "../tensor/tensor.js";
import type { Leaf, Subject } from "./subject.js";

/** The largest number of channels of an image. */
const CHANNELS = 3;

/** What the last dimensions of a leaf mean. */
export type LeafKind = "vector" | "series" | "image" | "video";

/** What a leaf is drawn as, told by its shape. */
export function kindOf({ shape }: Leaf): LeafKind {
  const channels = shape[0] ?? 1;
  if (shape.length === 2) return "series";
  if (shape.length === 3) return channels === 1 || channels === CHANNELS ? "image" : "series";
  if (shape.length === 4 && (channels === 1 || channels === CHANNELS)) return "video";
  return shape.length > 3 ? "series" : "vector";
}

/** Whether a leaf is drawn as a grid of small pictures. */
export const isTiled = (kind: LeafKind): boolean => kind === "image" || kind === "video";

/** The names of a model's coordinates: those of the leaves that are vectors, one after the other. */
export function columnNames(subject: Subject, given: readonly string[] | undefined): string[] {
  const vectors = subject.leaves.filter((leaf) => kindOf(leaf) === "vector");
  const width = vectors.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
  if (given !== undefined) {
    if (given.length === width) return [...given];
    const [expected, got] = [`${width} names, one for each coordinate`, String(given.length)];
    throw new ConfigError(`columns: expected ${expected}, got ${got}`, { expected, got, path: "columns" });
  }
  const { encoding } = subject;
  if (encoding !== undefined) {
    return encoding.columns
      .filter(({ condition }) => condition !== true)
      .flatMap(({ name }) => {
        const { width } = encoding.place(name);
        return width === 1 ? [name] : Array.from({ length: width }, (_, i) => `${name} (${i + 1} of ${width})`);
      });
  }
  return vectors.flatMap(({ name, shape: [size = 1] }) =>
    Array.from({ length: size }, (_, i) => (name === "" ? `x${i}` : size === 1 ? name : `${name}[${i}]`)),
  );
}

/** The two coordinates that show most where nobody asks: of a table numbers, those with decimals before whole ones, and dates. */
function usualAxes({ encoding }: Subject, names: readonly string[]): number[] {
  const first = names.length > 1 ? [0, 1] : [0];
  const columns = encoding?.columns.filter(({ condition }) => condition !== true) ?? [];
  const ranked = columns.flatMap((column, i) => {
    if (encoding === undefined || column.type === "category") return [];
    const rank = column.type === "date" ? 2 : column.step !== undefined && column.step >= 1 ? 1 : 0;
    return [{ rank, i, at: encoding.place(column.name).start }];
  });
  const shown = ranked.sort((a, b) => a.rank - b.rank || a.i - b.i).slice(0, 2);
  return shown.length < 2 ? first : shown.map(({ at }) => at).sort((a, b) => a - b);
}

/** The two coordinates that were asked for, by number. */
export function chosenAxes(
  subject: Subject,
  names: readonly string[],
  axes: readonly (number | string)[] | undefined,
): number[] {
  if (axes === undefined) return usualAxes(subject, names);
  return axes.map((axis) => {
    const index = typeof axis === "number" ? axis : names.indexOf(axis);
    if (Number.isSafeInteger(index) && index >= 0 && index < names.length) return index;
    const [expected, got] = [`a coordinate: 0 … ${names.length - 1}, or one of ${names.join(", ")}`, String(axis)];
    throw new ConfigError(`axes: expected ${expected}, got ${got}`, { expected, got, path: "axes" });
  });
}

/** The columns of some states `[…, width]`, of which `leading` dimensions are no state's. */
export function columnsOf(subject: Subject, tensors: readonly Tensor[], leading: number): Tensor | undefined {
  const vectors = tensors.filter((_, i) => kindOf(subject.leaves[i] as Leaf) === "vector");
  if (vectors.length === 0) return undefined;
  return vectors.length === 1 ? vectors[0] : Tensor.concat(vectors, leading);
}

/** A column of a matrix of columns, `[…]`. */
export const columnOf = (columns: Tensor, index: number): Promise<Numbers> =>
  numbersOf(columns.select(columns.rank - 1, index));
