// idx: arrays as the MNIST files have them, big-endian, often compressed by gzip. Format: LeCun, Cortes and Burges, "The MNIST database".
// Two zero bytes, the type, the number of dimensions, their sizes, then the numbers.
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { bytesOfFile } from "./file.js";
import type { ReadArraySettings } from "./npy.js";
import { type NumberTypeName, tensorOfStored } from "./numbers.js";

const types: Readonly<Record<number, NumberTypeName>> = {
  8: "u1",
  9: "i1",
  11: "i2",
  12: "i4",
  13: "f4",
  14: "f8",
};

function refuse(file: string, expected: string, got: string, cause?: unknown): DataError {
  return new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file, cause });
}

async function inflated(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (cause) {
    throw refuse(file, "a sound gzip file", cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * Reads an idx file, such as MNIST's, compressed by gzip or not.
 *
 * @param settings - `dtype`: default f32 or f64 as the numbers are, and i64 of integers
 * @throws DataError where the file is damaged or something else; nothing is loaded then
 *
 * @example
 * ```ts
 * const images = (await readIdx("train-images-idx3-ubyte.gz", { dtype: "f32" })).div(127.5).sub(1); // [60000, 28, 28], −1 … 1
 * const labels = await readIdx("train-labels-idx1-ubyte.gz"); // i64 [60000]
 * ```
 */
export async function readIdx(file: string, settings: ReadArraySettings = {}): Promise<Tensor> {
  const bytes = await inflated(file, await bytesOfFile(file));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 4 || view.getUint16(0) !== 0) throw refuse(file, "an idx file", "another");
  const [code, rank] = [view.getUint8(2), view.getUint8(3)];
  const type = types[code];
  if (type === undefined) throw refuse(file, "the type of numbers of an idx file", String(code));
  const offset = 4 + 4 * rank;
  if (bytes.byteLength < offset) throw refuse(file, `the sizes of ${rank} dimensions`, `${bytes.byteLength} bytes`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return tensorOfStored({ file, bytes, offset, type, littleEndian: false, shape }, settings.dtype);
}
