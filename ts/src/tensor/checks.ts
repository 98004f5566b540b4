// Checks of arguments that several files of methods share: axes, and numbers that must be whole.
// They speak before anything is recorded, so that an error names the method that the user called.
import { ConfigError, ShapeError } from "../errors.js";

/** One axis, several, or all of them where undefined. */
export type Axes = number | readonly number[];

/** An error about shapes that do not fit. */
export function misfit(op: string, expected: string, got: string): ShapeError {
  return new ShapeError(`${op}: expected ${expected}, got ${got}`, { expected, got, where: op });
}

/** An error about an argument that is no shape. */
export function refused(op: string, name: string, expected: string, got: unknown): ConfigError {
  const text = String(got);
  const message = `${op}: expected ${expected} for ${name}, got ${text}`;
  return new ConfigError(message, { expected, got: text, path: name, where: op });
}

/** An axis counted from the first one; a negative one counts from the end. */
export function axisOf(axis: number, rank: number, op: string): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw misfit(op, rank === 0 ? "no axis, for a scalar" : `an axis in ${-rank} … ${rank - 1}`, String(axis));
}

/** Axes counted from the first one, each once, ascending; all of them where undefined. */
export function axesOf(axes: Axes | undefined, rank: number, op: string): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === "number" ? [axes] : axes).map((axis) => axisOf(axis, rank, op));
  if (new Set(list).size === list.length) return list.sort((a, b) => a - b);
  throw misfit(op, "each axis once", `[${axes}]`);
}

/** Number of spatial dimensions, those after batch and channels. */
export function spatialOf(shape: readonly number[], op: string): 1 | 2 {
  if (shape.length === 3) return 1;
  if (shape.length === 4) return 2;
  throw misfit(op, "[B, C, L] or [B, C, H, W]", `[${shape.join(", ")}]`);
}

/** Throws a {@link ShapeError} unless all values are whole numbers from `least` on. */
export function requireWhole(op: string, name: string, values: readonly number[], least: number): void {
  const wrong = values.find((value) => !Number.isSafeInteger(value) || value < least);
  if (wrong !== undefined) throw misfit(op, `whole numbers from ${least} on for ${name}`, String(wrong));
}

/** A value for each of `count` axes: the same for all where it is one number. */
export function forEach(value: number | readonly number[], count: number, op: string, name: string): readonly number[] {
  if (typeof value === "number") return Array.from({ length: count }, () => value);
  if (value.length === count) return value;
  throw misfit(op, `one number or ${count} for ${name}`, `[${value}]`);
}
