// What pictures check of their arguments at the door: what is of a wrong kind is named in the line that has it.
// Shapes and values are looked at once a picture is drawn.
import { ConfigError, ShapeError, type ThalwegError } from "../errors.js";
import { checkInteger, refused } from "../model/settings.js";
import { tensor } from "../tensor/create.js";
import { Tensor } from "../tensor/tensor.js";
import { describe } from "../tensor/tree.js";
import type { AxesSettings } from "./panel.js";
import type { Range } from "./range.js";

/** Numbers of a picture: a tensor, or arrays of numbers. */
export type Values = Tensor | readonly number[] | Float64Array | Float32Array | readonly (readonly number[])[];

/** The shape of samples, in messages. */
export const ROWS = "[rows, coordinates]";

/** A promise of the wrong argument will never be looked at: its own error must not end the process. */
function unheard(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
}

/**
 * Refuses what is no tensor.
 *
 * @param expected - what it is of, such as `[rows, coordinates]`
 * @param hint - where one is had from
 */
export function checkTensor(where: string, value: unknown, expected: string, hint = ""): asserts value is Tensor {
  if (value instanceof Tensor) return;
  unheard(value);
  const [wanted, got] = [`a tensor ${expected}`, describe(value)];
  const isNumbers = Array.isArray(value) || ArrayBuffer.isView(value);
  const remedy = isNumbers ? ". Remedy: tensor(…) makes one of arrays of numbers" : hint;
  throw new ShapeError(`${where}: expected ${wanted}, got ${got}${remedy}`, { expected: wanted, got, where });
}

/** Whether these are numbers all; `every` passes holes over. */
const isNumbers = (values: readonly unknown[]) =>
  !values.includes(undefined) && values.every((value) => typeof value === "number");

/** Arrays of numbers, `[T]` or `[N, T]`, as one typed array: read one by one, hundreds of thousands would take a quarter of a second. */
function flat(value: readonly unknown[]): { readonly elements: Float64Array; readonly shape: number[] } | undefined {
  if (value.length === 0) return undefined;
  if (isNumbers(value)) return { elements: new Float64Array(value as readonly number[]), shape: [value.length] };
  const rows = value as readonly (readonly unknown[])[];
  const width = rows[0]?.length ?? 0;
  if (!rows.every((row) => Array.isArray(row) && row.length === width && isNumbers(row))) return undefined;
  const elements = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    elements.set(row as readonly number[], i * width);
  });
  return { elements, shape: [rows.length, width] };
}

/** A tensor as it is, and arrays of numbers as one. */
export function tensorOf(where: string, value: Values, shape: string): Tensor {
  if (value instanceof Tensor) return value;
  const expected = `a tensor ${shape}, or as many numbers in arrays`;
  const wrong = (got: string, cause?: unknown) =>
    new ShapeError(`${where}: expected ${expected}, got ${got}`, { expected, got, where, cause });
  unheard(value);
  if (!Array.isArray(value) && !(value instanceof Float64Array || value instanceof Float32Array)) {
    throw wrong(describe(value));
  }
  try {
    const numbers = Array.isArray(value) ? flat(value) : undefined;
    if (numbers !== undefined) return tensor(numbers.elements, { dtype: "f64", shape: numbers.shape });
    return tensor(value, { dtype: "f64" });
  } catch (error) {
    const { expected: inner, got, message } = error as ThalwegError;
    throw wrong(inner === undefined ? message : `${describe(value)}, with ${got} for ${inner}`, error);
  }
}

/** Refuses what is no model with these functions. */
export function checkModel(where: string, model: unknown, expected: string, ...functions: readonly string[]): void {
  const given = (typeof model === "object" ? model : undefined) as Readonly<Record<string, unknown>> | null | undefined;
  const isFit =
    typeof given?.config === "object" &&
    given.config !== null &&
    functions.every((name) => typeof given[name] === "function");
  if (isFit) return;
  unheard(model);
  throw refused(where, expected, model);
}

/** Refuses what is neither missing nor two numbers in order. */
export function checkRange(name: string, range: Range | undefined): void {
  if (range === undefined) return;
  const isFit = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] < range[1];
  if (!isFit) throw refused(name, "two numbers, low < high", range);
}

/** Refuses what is neither missing nor an integer from 1 to `most`. */
export const checkCount = (name: string, count: unknown, most?: number): void => checkInteger(name, count, 1, most);

const isPlace = (axis: unknown) => Number.isSafeInteger(axis) && Number(axis) >= 0;

/** Refuses what are neither missing nor two coordinates. */
export function checkAxes(axes: readonly [number, number] | undefined): void {
  if (axes === undefined || (Array.isArray(axes) && axes.length === 2 && axes.every(isPlace))) return;
  throw refused("axes", "two coordinates, integers ≥ 0", axes);
}

/** Refuses what are neither missing nor coordinates, at least one and each once. */
export function checkCoordinates(coordinates: readonly number[] | undefined): void {
  if (coordinates === undefined) return;
  const isFit = Array.isArray(coordinates) && coordinates.length > 0 && coordinates.every(isPlace);
  if (isFit && new Set(coordinates).size === coordinates.length) return;
  throw refused("coordinates", "different coordinates, integers ≥ 0", coordinates);
}

/** Refuses samples of which the axes cannot have the extent. */
export function checkLike(where: string, like: Tensor | undefined): void {
  if (like === undefined) return;
  checkTensor(`${where}: like`, like, ROWS);
  if (like.size === 0) throw refused("like", "samples [rows, coordinates], at least one row", like);
}

/** Refuses what are neither missing nor the names of two sets, which have a colour each by their names. */
export function checkPair(names: readonly [string, string] | undefined): void {
  checkTexts("names", names, 2);
  if (names === undefined || names[0] !== names[1]) return;
  const [expected, got] = ["two different names", `${JSON.stringify(names[0])} twice`];
  throw new ConfigError(`names: expected ${expected}, got ${got}`, { expected, got, path: "names" });
}

/** Refuses what are neither missing nor texts, as many as are needed. */
export function checkTexts(name: string, texts: readonly string[] | undefined, count?: number): void {
  if (texts === undefined) return;
  const isFit = Array.isArray(texts) && texts.every((text) => typeof text === "string");
  if (isFit && (count === undefined || texts.length === count)) return;
  throw refused(name, count === undefined ? "names" : `${count} names`, texts);
}

/** Refuses what is no title, or no names of axes. */
export function checkFrame({
  title,
  columns,
}: { readonly [Name in keyof AxesSettings]?: AxesSettings[Name] | undefined }): void {
  if (title !== undefined && typeof title !== "string") throw refused("title", "a text", title);
  checkTexts("columns", columns, 2);
}
