// npy: one array of numbers, as NumPy saves it. Format: NumPy enhancement proposal 1 (2007), versions 1 to 3.
// A header in a subset of Python's literals, then the numbers.
import { namesOf, optionsOf } from "../config/options.js";
import { DataError } from "../errors.js";
import type { DType } from "../native/boundary.js";
import { bytesOf } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { bytesOfFile, writeWhole } from "./file.js";
import { isNumberType, type NumberTypeName, type Stored, tensorOfStored } from "./numbers.js";

/** Settings of reading arrays. */
export interface ReadArraySettings {
  /** Element type of the tensor; default f32 or f64 as the numbers are, i64 of integers, bool of truth values. */
  readonly dtype?: DType;
}

const names = namesOf<ReadArraySettings>({ dtype: true });

/**
 * The settings of a reader.
 *
 * @throws ConfigError where there is another name among them
 */
export const arraySettings = (reader: string, settings: ReadArraySettings): ReadArraySettings =>
  optionsOf(reader, settings, names);

const MAGIC = "\x93NUMPY";
const BLOCK = 64;

const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

function refuse(file: string, expected: string, got: string): DataError {
  return new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
}

/** Byte order, kind and size of the numbers, such as `<f4`. */
function typeOf(file: string, header: string): { readonly littleEndian: boolean; readonly type: NumberTypeName } {
  const [, descr] = /'descr'\s*:\s*'([^']*)'/.exec(header) ?? [];
  const [, order = "", type = ""] = /^([<>|=])(\w\d+)$/.exec(descr ?? "") ?? [];
  if (isNumberType(type)) return { littleEndian: order !== ">", type };
  throw refuse(
    file,
    "numbers or truth values",
    descr === undefined ? "another type of elements" : JSON.stringify(descr),
  );
}

/** What a header says; shapes are those of the order in which the numbers lie. */
function headerOf(
  file: string,
  header: string,
): Pick<Stored, "littleEndian" | "type" | "shape"> & { fortran: boolean } {
  const [, order] = /'fortran_order'\s*:\s*(True|False)\b/.exec(header) ?? [];
  const [, sizes] = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header) ?? [];
  if (order === undefined || sizes === undefined) throw refuse(file, "a header with the shape of an array", "another");
  const shape = sizes
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "")
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) throw refuse(file, "sizes that are integers", `(${sizes})`);
  const fortran = order === "True" && shape.length > 1;
  return { ...typeOf(file, header), fortran, shape: fortran ? shape.reverse() : shape };
}

/**
 * The array in the bytes of an npy file.
 *
 * @param file - what the bytes are of, for errors
 */
export async function arrayOfBytes(
  file: string,
  bytes: Uint8Array,
  { dtype }: ReadArraySettings = {},
): Promise<Tensor> {
  if (bytes.byteLength < 12 || text(bytes.subarray(0, 6)) !== MAGIC) throw refuse(file, "an npy file", "another");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw refuse(file, "npy of version 1, 2 or 3", String(version));
  const begin = version === 1 ? 10 : 12;
  const offset = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (offset > bytes.byteLength)
    throw refuse(file, `a header that ends at byte ${offset}`, `${bytes.byteLength} bytes`);
  const { fortran, ...header } = headerOf(file, text(bytes.subarray(begin, offset)));
  const read = await tensorOfStored({ file, bytes, offset, ...header }, dtype);
  if (!fortran) return read;
  const turned = read.permute(header.shape.map((_, axis) => header.shape.length - 1 - axis));
  read.dispose();
  return turned;
}

/** How NumPy names an element type; bf16, which it does not have, is written as f32. */
const typeNames: Readonly<Record<DType, string>> = { f32: "<f4", f64: "<f8", i64: "<i8", bool: "|b1", bf16: "<f4" };

/** An array as the bytes of an npy file. */
export async function bytesOfArray(array: Tensor): Promise<Uint8Array<ArrayBuffer>> {
  const sizes = array.rank === 1 ? `${array.shape[0]},` : array.shape.join(", ");
  const dictionary = `{'descr': '${typeNames[array.dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((MAGIC.length + 4 + dictionary.length + 1) / BLOCK) * BLOCK;
  const header = Buffer.alloc(length, " ", "latin1");
  header.write(MAGIC, 0, "latin1");
  header.writeUInt8(1, 6);
  header.writeUInt8(0, 7);
  header.writeUInt16LE(length - 10, 8);
  header.write(dictionary, 10, "latin1");
  header.write("\n", length - 1, "latin1");
  const elements = bytesOf(await array.data());
  const bytes = new Uint8Array(length + elements.byteLength);
  bytes.set(header);
  bytes.set(elements, length);
  return bytes;
}

/**
 * Reads an array that NumPy saved with `numpy.save`: floats, integers or truth values, in either byte order and either order of elements.
 *
 * @throws DataError where the file is damaged or holds something else; nothing is loaded then
 *
 * @example
 * ```ts
 * await writeNpy("x.npy", tensor([[1, 2, 3], [4, 5, 6]]));
 * (await readNpy("x.npy")).shape; // [2, 3]
 * ```
 */
export async function readNpy(file: string, settings: ReadArraySettings = {}): Promise<Tensor> {
  const known = arraySettings("readNpy", settings);
  return arrayOfBytes(file, await bytesOfFile(file), known);
}

/**
 * Writes an array for `numpy.load`, as a whole or not at all.
 *
 * @throws DataError where it cannot be written
 *
 * @example
 * ```ts
 * await writeNpy("samples.npy", samples);
 * ```
 */
export async function writeNpy(file: string, array: Tensor): Promise<void> {
  await writeWhole(file, await bytesOfArray(array));
}
