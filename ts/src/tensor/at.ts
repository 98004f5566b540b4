// Indexing as in Python, x[1:5, 0, ..., None, rows]: what Tensor.at does with its arguments.
// Numbers and ranges are one slice; index tensors are looked up in one merged dimension.
import { described } from "../config/options.js";
import { DTypeError } from "../errors.js";
import { misfit, refused } from "./checks.js";
import type { Tensor } from "./tensor.js";

/** `start:stop` or `start:stop:step` as in Python: parts may be left out, negative ones count from the end. */
export type Range = `${number | ""}:${number | ""}` | `${number | ""}:${number | ""}:${number | ""}`;

/**
 * How one dimension is indexed: a number picks an element, a {@link Range} a part, an i64 tensor elements one by one; `null`
 * is a new dimension, and `"..."` stands for all dimensions that are not mentioned.
 */
export type Index = number | null | "..." | Range | Tensor;

/** What is taken of one dimension: elements start, start + step, … below stop. */
interface Box {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

const isTensor = (item: Index): item is Tensor => typeof item === "object" && item !== null;

/** A range of a dimension of this size; ends beyond it are moved to it, as in Python. */
function boxOf(range: string, size: number): Box {
  const parts = String(range)
    .split(":")
    .map((part) => part.trim());
  const numbers = parts.map((part) => (part === "" ? undefined : Number(part)));
  const wrong = numbers.some((value) => value !== undefined && !Number.isSafeInteger(value));
  const step = numbers[2] ?? 1;
  if (parts.length < 2 || parts.length > 3 || wrong || step < 1) {
    throw refused(
      "at",
      "a range",
      '"start:stop" or "start:stop:step" of whole numbers with step ≥ 1 (flip reverses)',
      `"${range}"`,
    );
  }
  const end = (value: number) => Math.min(size, Math.max(0, value < 0 ? value + size : value));
  const [start, stop] = [end(numbers[0] ?? 0), end(numbers[1] ?? size)];
  return { start, stop: Math.max(start, stop), step };
}

/** One element of a dimension. */
function element(index: number, axis: number, size: number): Box {
  if (Number.isInteger(index) && index >= -size && index < size) {
    const start = index < 0 ? index + size : index;
    return { start, stop: start + 1, step: 1 };
  }
  const range = size === 0 ? "no index" : `an index in ${-size} … ${size - 1}`;
  throw misfit("at", `${range} for dimension ${axis} of size ${size}`, String(index));
}

/** One index for each dimension, and null for new ones: `"..."` written out. */
function written(items: readonly Index[], rank: number): Exclude<Index, "...">[] {
  const mentioned = items.filter((item) => item !== null && item !== "...").length;
  const dots = items.filter((item) => item === "...").length;
  if (mentioned > rank || dots > 1) {
    throw misfit("at", `at most ${rank} indices and one "..."`, `${mentioned} and ${dots}`);
  }
  const others: Range[] = Array.from({ length: rank - mentioned }, () => ":");
  const all: readonly Index[] = dots === 1 ? items : [...items, "..."];
  return all.flatMap((item) => (item === "..." ? others : [item]));
}

/** What to do about indices of another type. */
const remedies: Readonly<Record<string, string>> = {
  bool: ": how many a mask picks is not known before it runs. Remedy: mask.where(x, 0) keeps the shape; places that are known go to indexSelect, or here as i64",
  undefined: '. Remedy: tensor([2n, 0n]), or .cast("i64")',
};

/** Indices without negative ones. */
function fromStart(indices: Tensor, size: number): Tensor {
  if (indices.dtype !== "i64") {
    const dtype: string | undefined = indices.dtype;
    const [expected, got] = ["i64 indices", dtype === undefined ? described(indices) : `a tensor ${dtype}`];
    const remedy = remedies[String(dtype)] ?? remedies.undefined;
    throw new DTypeError(`at: expected ${expected}, got ${got}${remedy}`, { expected, got, where: "at" });
  }
  return indices.lt(0).where(indices.add(size), indices);
}

/** Elements of the dimensions `places` of x, one for each element of the indices, which are broadcast. */
function picked(x: Tensor, places: readonly number[], indices: readonly Tensor[]): Tensor {
  const [first = 0] = places;
  const sizes = places.map((place) => x.shape[place] ?? 0);
  const flat = indices
    .map((each, i) => fromStart(each, sizes[i] ?? 0))
    .reduce((all, each, i) => all.mul(sizes[i] ?? 0).add(each));
  // Dimensions that lie together are replaced in place, others at the front.
  const together = places.every((place, i) => place === first + i);
  const at = together ? first : 0;
  const rest = x.shape.map((_, i) => i).filter((i) => !places.includes(i));
  const ordered = together ? x : x.permute([...places, ...rest]);
  const merged = sizes.reduce((product, size) => product * size, 1);
  const shape = [...ordered.shape.slice(0, at), merged, ...ordered.shape.slice(at + places.length)];
  return ordered.reshape(shape).indexSelect(at, flat);
}

/** What {@link Indexed.at} gives. */
export function at(x: Tensor, items: readonly Index[]): Tensor {
  const boxes: Box[] = [];
  const shape: number[] = [];
  const [places, indices]: [number[], Tensor[]] = [[], []];
  for (const item of written(items, x.rank)) {
    if (item === null) {
      shape.push(1);
      continue;
    }
    const [axis, size] = [boxes.length, x.shape[boxes.length] ?? 0];
    const box = typeof item === "number" ? element(item, axis, size) : boxOf(isTensor(item) ? ":" : item, size);
    boxes.push(box);
    if (isTensor(item)) {
      places.push(shape.length);
      indices.push(item);
    }
    if (typeof item !== "number") shape.push(Math.ceil((box.stop - box.start) / box.step));
  }
  if (shape.length > 32) throw misfit("at", "a result of at most 32 dimensions", String(shape.length));
  const [starts, stops, steps] = (["start", "stop", "step"] as const).map((end) => boxes.map((box) => box[end]));
  const part = x.slice(starts ?? [], stops, steps).reshape(shape);
  return indices.length === 0 ? part : picked(part, places, indices);
}
