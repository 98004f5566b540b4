// Making tensors: from JavaScript arrays, filled with one number, counted, or random.
// Shapes are checked here because the native side takes them as unsigned integers.
import { described, namesOf, optionsOf } from "../config/options.js";
import { DataError, ShapeError } from "../errors.js";
import type { DType, NativeTensor } from "../native/boundary.js";
import { native } from "../native.js";
import { refused } from "./checks.js";
import { bytesOf, checkedDType, dtypeOf, type IntegerArray, type TypedArray, typedArray } from "./dtype.js";
import { applied, filled, fromBytes, Tensor } from "./tensor.js";
import { currentTrace } from "./trace.js";

/** What {@link tensor} takes: an element, nested arrays of equal lengths, or a typed array. */
export type TensorData = number | bigint | boolean | TypedArray | IntegerArray | readonly TensorData[];

/** Element type and, for flat data, shape. */
export interface TensorOptions {
  /** Default: what the data are (numbers f32, Float64Array f64, other typed arrays and bigints i64, booleans bool). */
  readonly dtype?: DType;
  /** Default: the lengths of the nested arrays. */
  readonly shape?: readonly number[];
}

/** Element type of a new tensor. */
export interface FillOptions {
  /** Default `"f32"`. */
  readonly dtype?: DType;
}

/** The names of {@link FillOptions}. */
export const fillNames = namesOf<FillOptions>({ dtype: true });

/** Element type and seed of a random tensor. */
export interface RandomOptions extends FillOptions {
  /**
   * Equal seeds give equal numbers. Default: the next of a sequence that starts anew in each process, so that a program
   * repeats itself. Not allowed in a traced function, whose random numbers differ from run to run.
   */
  readonly seed?: number;
}

const tensorNames = namesOf<TensorOptions>({ dtype: true, shape: true });
const randomNames = namesOf<RandomOptions>({ seed: true, dtype: true });

type Element = number | bigint | boolean;

const isTypedArray = (data: unknown): data is TypedArray | IntegerArray =>
  ArrayBuffer.isView(data) && !(data instanceof DataView);

/** The shape, unless it is none. */
export function checkedShape(shape: readonly number[], where: string): number[] {
  const isList = Array.isArray(shape);
  if (isList && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return [...shape];
  const [expected, got] = ["sizes that are integers ≥ 0", isList ? `[${shape}]` : described(shape)];
  throw new ShapeError(`${where}: expected ${expected}, got ${got}`, { expected, got, where });
}

/** Lengths of nested arrays, as their first elements have them. */
function lengthsOf(data: TensorData): number[] {
  if (isTypedArray(data)) return [data.length];
  if (!Array.isArray(data)) return [];
  return data.length === 0 ? [0] : [data.length, ...lengthsOf(data[0])];
}

/** Appends the elements of nested arrays, which must have exactly the shape. */
function collect(data: TensorData, shape: readonly number[], out: Element[], path: string): void {
  const [length, ...inner] = shape;
  const refuse = (expected: string, got: string): never => {
    throw new DataError(`tensor: expected ${expected} at data${path}, got ${got}`, {
      expected,
      got,
      path: `data${path}`,
    });
  };
  if (typeof data === "number" || typeof data === "bigint" || typeof data === "boolean") {
    if (length === undefined) out.push(data);
    else refuse(`an array of ${length}`, String(data));
  } else if (Array.isArray(data) || isTypedArray(data)) {
    if (length === undefined) refuse("a number", `an array of ${data.length}`);
    if (length !== data.length) refuse(`an array of ${length}`, `an array of ${data.length}`);
    data.forEach((part: TensorData, i: number) => void collect(part, inner, out, `${path}[${i}]`));
  } else {
    refuse(length === undefined ? "a number" : `an array of ${length}`, data === null ? "null" : typeof data);
  }
}

function firstElement(data: TensorData): unknown {
  return Array.isArray(data) ? firstElement(data[0] ?? 0) : data;
}

/**
 * A tensor of JavaScript numbers, which are copied. In a traced function up to 65 536 of them are a constant of its graph, so that a
 * module's `forward` may use them.
 *
 * @throws DataError where nested arrays are ragged or a count does not fit the shape; MemoryError where there is no room
 *
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(new Float64Array(6), { shape: [2, 3] }).dtype; // "f64"
 * ```
 */
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  const { dtype = dtypeOf(firstElement(data)), shape: given } = optionsOf("tensor", options, tensorNames);
  checkedDType(dtype, "tensor");
  const lengths = lengthsOf(data);
  const shape = checkedShape(given === undefined ? lengths : given, "tensor");
  let elements: ArrayLike<Element>;
  if (isTypedArray(data)) elements = data;
  else {
    const collected: Element[] = [];
    collect(data, lengths, collected, "");
    elements = collected;
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== elements.length) {
    const expected = `${count} elements for shape [${shape}]`;
    throw new DataError(`tensor: expected ${expected}, got ${elements.length}`, {
      expected,
      got: `${elements.length}`,
    });
  }
  const bytes = bytesOf(typedArray(elements, dtype));
  return count <= CONSTANT ? fromBytes(bytes, dtype, shape) : new Tensor({ handle: copied(bytes, dtype, shape) });
}

/** As many elements at most become a constant of a traced function; more are taken in by reference. */
const CONSTANT = 1 << 16;

/** Bytes that one native call copies; about a millisecond. */
const PIECE = 1 << 22;

/** Copies bytes into a tensor, large ones in pieces. */
function copied(bytes: Uint8Array, dtype: DType, shape: number[]): NativeTensor {
  if (bytes.byteLength <= PIECE) return native.tensorFrom(bytes, dtype, shape);
  const writer = new native.NativeTensorWriter(dtype, shape);
  for (let start = 0; start < bytes.byteLength; start += PIECE) writer.write(bytes.subarray(start, start + PIECE));
  return writer.finish();
}

function constantTensor(op: string, shape: readonly number[], value: number, options: FillOptions): Tensor {
  const { dtype = "f32" } = optionsOf(op, options, fillNames);
  return filled(value, checkedDType(dtype, op), checkedShape(shape, op));
}

/**
 * A tensor filled with one number.
 *
 * @param shape - integers ≥ 0; `[]` is a scalar
 * @throws ShapeError for another shape; MemoryError where there is no room
 *
 * @example
 * ```ts
 * await full([2], 7).toArray(); // [7, 7]
 * ```
 */
export function full(shape: readonly number[], value: number, options: FillOptions = {}): Tensor {
  return constantTensor("full", shape, value, options);
}

/**
 * A tensor of zeros.
 *
 * @throws MemoryError, with sizes and before anything is allocated, where there is no room
 *
 * @example
 * ```ts
 * await zeros([2]).toArray(); // [0, 0]
 * ```
 */
export function zeros(shape: readonly number[], options: FillOptions = {}): Tensor {
  return constantTensor("zeros", shape, 0, options);
}

/**
 * A tensor of ones.
 *
 * @throws as {@link zeros}
 *
 * @example
 * ```ts
 * await ones([2]).toArray(); // [1, 1]
 * ```
 */
export function ones(shape: readonly number[], options: FillOptions = {}): Tensor {
  return constantTensor("ones", shape, 1, options);
}

/**
 * 0, 1, …, length − 1; as f32 unless another type is given. Or, as in PyTorch, start, start + step, … below stop (above it where
 * the step is negative).
 *
 * @throws ShapeError where the length is no whole number, or the step is 0
 *
 * @example
 * ```ts
 * await arange(3).toArray(); // [0, 1, 2]
 * await arange(4, 0, -2).toArray(); // [4, 2]
 * ```
 */
export function arange(length: number, options?: FillOptions): Tensor;
export function arange(start: number, stop: number, options?: FillOptions): Tensor;
export function arange(start: number, stop: number, step: number, options?: FillOptions): Tensor;
export function arange(...given: readonly (number | FillOptions | undefined)[]): Tensor {
  const numbers = given.filter((each) => typeof each === "number");
  const { dtype = "f32" } = optionsOf("arange", given.find((each) => typeof each === "object") ?? {}, fillNames);
  checkedDType(dtype, "arange");
  if (numbers.length === 1) {
    const [length] = checkedShape(numbers, "arange");
    return applied("arange", [], { length, dtype });
  }
  const [start = 0, stop = 0, step = 1] = numbers;
  const [length = 0] = checkedShape([Math.max(0, Math.ceil((stop - start) / step))], "arange");
  // Counted in f64, so that every element is rounded once.
  return arange(length, { dtype: "f64" }).mul(step).add(start).cast(dtype);
}

let nextSeed = 2 ** 32;

function random(kind: "uniform" | "normal", shape: readonly number[], options: RandomOptions): Tensor {
  const op = kind === "normal" ? "randn" : "rand";
  const { dtype = "f32", seed } = optionsOf(op, options, randomNames);
  checkedDType(dtype, op);
  if (seed !== undefined && typeof seed !== "number" && typeof seed !== "bigint")
    throw refused(op, "seed", "an integer", described(seed));
  const checked = checkedShape(shape, op);
  if (currentTrace() === undefined) {
    return new Tensor({ handle: native.tensorRandom(kind, seed ?? nextSeed++, dtype, checked) });
  }
  if (seed === undefined) {
    const normal = applied("randn", [], { shape: checked, dtype });
    return kind === "normal" ? normal : uniformOf(normal);
  }
  const expected = "no seed in a traced function, whose random numbers differ from run to run";
  throw new DataError(`${op}: expected ${expected}, got ${seed}`, {
    expected,
    got: `${seed}`,
    where: op,
  });
}

/** Φ(z) of standard normal numbers z: uniform, and kept within (0, 1) where rounding would not. */
function uniformOf(normal: Tensor): Tensor {
  return normal
    .mul(Math.SQRT1_2)
    .erf()
    .add(1)
    .mul(0.5)
    .clamp(2 ** -25, 1 - 2 ** -24);
}

/**
 * Independent standard normal numbers.
 *
 * @example
 * ```ts
 * const noise = randn([512, 2], { seed: 1 });
 * ```
 */
export function randn(shape: readonly number[], options: RandomOptions = {}): Tensor {
  return random("normal", shape, options);
}

/**
 * Independent numbers, uniform in (0, 1).
 *
 * @example
 * ```ts
 * const u = rand([100], { seed: 1 }); // the same 100 numbers wherever it runs
 * ```
 */
export function rand(shape: readonly number[], options: RandomOptions = {}): Tensor {
  return random("uniform", shape, options);
}
