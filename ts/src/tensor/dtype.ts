// Element types as JavaScript sees them: which typed array holds which, and how bytes become one.
// The only file that knows about typed arrays.
import { described } from "../config/options.js";
import { DataError, DTypeError } from "../errors.js";
import type { DType } from "../native/boundary.js";

/** What {@link Tensor.data} resolves to: i64 as BigInt64Array, bool as Uint8Array of 0 and 1, bf16 as Float32Array. */
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Uint8Array;

/** Typed arrays of numbers that {@link tensor} takes beside {@link TypedArray}; their elements become i64. */
export type IntegerArray = Int8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array;

const arrays = {
  f32: Float32Array,
  f64: Float64Array,
  bf16: Float32Array,
  i64: BigInt64Array,
  bool: Uint8Array,
} as const;

/**
 * An element type that a call was given.
 *
 * @throws DTypeError where it is none
 */
export function checkedDType(dtype: DType, where: string): DType {
  if (Object.hasOwn(arrays, dtype)) return dtype;
  const [expected, got] = ["f32, f64, bf16, i64 or bool", described(dtype)];
  throw new DTypeError(`${where}: expected ${expected} for dtype, got ${got}`, { expected, got, path: "dtype", where });
}

/** The typed array of `dtype` over little-endian bytes, copied only where their place in memory is not aligned. */
export function viewOf(bytes: Uint8Array<ArrayBuffer>, dtype: DType): TypedArray {
  const View = arrays[dtype];
  const length = bytes.byteLength / View.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new View(aligned.buffer, aligned.byteOffset, length);
}

/** The bytes of a typed array, where they are. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The element type that a value has by itself: numbers are f32, booleans bool, bigints i64. */
export function dtypeOf(value: unknown): DType {
  if (value instanceof Float64Array) return "f64";
  if (value instanceof Float32Array || typeof value === "number") return "f32";
  return typeof value === "boolean" ? "bool" : "i64";
}

/** An element as an integer, or a DataError that says where it is. */
function integer(value: number | bigint | boolean, index: number): bigint {
  if (typeof value === "bigint") return value;
  if (!Number.isInteger(Number(value))) {
    const details = { expected: "integers", got: String(value) };
    throw new DataError(`tensor: expected integers (dtype i64), got ${value} at element ${index}`, details);
  }
  return BigInt(value);
}

/** Elements as the typed array of `dtype`. */
export function typedArray(values: ArrayLike<number | bigint | boolean>, dtype: DType): TypedArray {
  switch (dtype) {
    case "f32":
    case "bf16":
      return values instanceof Float32Array ? values : Float32Array.from(values, Number);
    case "f64":
      return values instanceof Float64Array ? values : Float64Array.from(values, Number);
    case "bool":
      return Uint8Array.from(values, (value) => (value ? 1 : 0));
    case "i64":
      return values instanceof BigInt64Array ? values : BigInt64Array.from(Array.from(values, integer));
  }
}
