// Numbers of all types that files have, as tensors: read byte by byte, so that neither byte order nor alignment matters.
// What npy and idx files share.
import { DataError } from "../errors.js";
import type { DType } from "../native/boundary.js";
import { type TypedArray, typedArray } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { tensorInPieces } from "./large.js";

/** A type of numbers. */
interface NumberType {
  readonly bytes: number;
  /** The element type that holds all of them. */
  readonly dtype: DType;
  get(view: DataView, offset: number, littleEndian: boolean): number | bigint;
}

/** A half-precision number by its bits (IEEE 754, binary16). */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1024);
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

/** Types by kind and number of bytes, as NumPy writes them. */
const types = {
  f2: { bytes: 2, dtype: "f32", get: (view, at, little) => half(view.getUint16(at, little)) },
  f4: { bytes: 4, dtype: "f32", get: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, dtype: "f64", get: (view, at, little) => view.getFloat64(at, little) },
  i1: { bytes: 1, dtype: "i64", get: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, dtype: "i64", get: (view, at, little) => view.getInt16(at, little) },
  i4: { bytes: 4, dtype: "i64", get: (view, at, little) => view.getInt32(at, little) },
  i8: { bytes: 8, dtype: "i64", get: (view, at, little) => view.getBigInt64(at, little) },
  u1: { bytes: 1, dtype: "i64", get: (view, at) => view.getUint8(at) },
  u2: { bytes: 2, dtype: "i64", get: (view, at, little) => view.getUint16(at, little) },
  u4: { bytes: 4, dtype: "i64", get: (view, at, little) => view.getUint32(at, little) },
  u8: { bytes: 8, dtype: "i64", get: (view, at, little) => view.getBigUint64(at, little) },
  b1: { bytes: 1, dtype: "bool", get: (view, at) => view.getUint8(at) },
} as const satisfies Record<string, NumberType>;

/** The name of a type of numbers: kind and bytes. */
export type NumberTypeName = keyof typeof types;

/** Whether this is the name of a type of numbers. */
export const isNumberType = (name: string): name is NumberTypeName => Object.hasOwn(types, name);

/** Bytes of one number of a type. */
export const bytesPer = (type: NumberTypeName): number => types[type].bytes;

/** Numbers within the bytes of a file. */
export interface Stored {
  /** For errors. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Where they begin. */
  readonly offset: number;
  readonly type: NumberTypeName;
  readonly littleEndian: boolean;
  readonly shape: readonly number[];
}

const LARGEST = 2n ** 63n - 1n;

/**
 * Numbers of a file as a tensor.
 *
 * @param dtype - default: f32 or f64 as they are, integers i64, truth values bool
 * @throws DataError where the file is shorter or longer than they are, or an integer does not fit
 */
export async function tensorOfStored(stored: Stored, dtype?: DType): Promise<Tensor> {
  const { file, bytes, offset, shape, littleEndian } = stored;
  const type: NumberType = types[stored.type];
  const count = shape.reduce((product, size) => product * size, 1);
  const [wanted, there] = [count * type.bytes, bytes.byteLength - offset];
  if (wanted !== there) {
    const [expected, got] = [`${wanted} bytes of numbers for shape [${shape}]`, String(there)];
    throw new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const element = (i: number) => type.get(view, offset + i * type.bytes, littleEndian);
  const chosen = dtype ?? type.dtype;
  const piece = (start: number, end: number): TypedArray => {
    const values = Array.from({ length: end - start }, (_, i) => element(start + i));
    const wrong = stored.type === "u8" && chosen === "i64" ? values.findIndex((value) => value > LARGEST) : -1;
    if (wrong < 0) return typedArray(values, chosen);
    const [expected, got] = [`integers ≤ ${LARGEST}`, String(values[wrong])];
    throw new DataError(`${file}: element ${start + wrong}: expected ${expected}, got ${got}`, {
      expected,
      got,
      path: file,
    });
  };
  return tensorInPieces({ shape, dtype: chosen }, piece);
}
