// idx: arrays as the MNIST files have them, big-endian, often compressed by gzip. Format: LeCun, Cortes and Burges, "The MNIST database".
// Two zero bytes, the type, the number of dimensions, their sizes, then the numbers. What is inflated is bounded by what the sizes say.
import { type FileHandle, open } from "node:fs/promises";
import { totalmem } from "node:os";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError, MemoryError, ThalwegError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { unreadable } from "./file.js";
import { arraySettings, type ReadArraySettings } from "./npy.js";
import { bytesPer, type NumberTypeName, type Stored, tensorOfStored } from "./numbers.js";

const types: Readonly<Record<number, NumberTypeName>> = {
  8: "u1",
  9: "i1",
  11: "i2",
  12: "i4",
  13: "f4",
  14: "f8",
};

/** As many bytes at most become of one by deflate: 258 for two bits. */
const MOST = 1032;

function refuse(file: string, expected: string, got: string, cause?: unknown): DataError {
  return new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file, cause });
}

/** What a header says. */
interface Header {
  readonly type: NumberTypeName;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly offset: number;
  /** Bytes of the numbers. */
  readonly length: number;
}

/** The header at the beginning of some bytes; undefined where they are too few to hold it. */
function headerOf(file: string, bytes: Uint8Array): Header | undefined {
  if (bytes.byteLength < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0) throw refuse(file, "an idx file", "another");
  const [code, rank] = [view.getUint8(2), view.getUint8(3)];
  const type = types[code];
  if (type === undefined) throw refuse(file, "the type of numbers of an idx file", String(code));
  const offset = 4 + 4 * rank;
  if (bytes.byteLength < offset) return undefined;
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { type, shape, offset, length: shape.reduce((product, size) => product * size, bytesPer(type)) };
}

/** The array of a file whose bytes arrive one piece after the other. */
class Arriving {
  readonly #file: string;
  /** Bytes of numbers that there can be. */
  readonly #most: number;
  #begun: Uint8Array = new Uint8Array(0);
  #header: Header | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #filled = 0;

  constructor(file: string, most: number) {
    this.#file = file;
    this.#most = most;
  }

  take(piece: Uint8Array): void {
    if (this.#header !== undefined) {
      this.#append(this.#header, piece);
      return;
    }
    this.#begun = Buffer.concat([this.#begun, piece]);
    const header = headerOf(this.#file, this.#begun);
    if (header === undefined) return;
    this.#allocate(header);
    this.#append(header, this.#begun.subarray(header.offset));
  }

  #allocate(header: Header): void {
    const { length, shape } = header;
    const said = `shape [${shape}], ${length} bytes of numbers`;
    if (length > this.#most) {
      throw refuse(this.#file, `at most ${this.#most} bytes of numbers, as many as the file can hold`, said);
    }
    if (length > totalmem()) {
      const [expected, got] = [`at most ${totalmem()} bytes of numbers, the memory of this machine`, said];
      throw new MemoryError(`${this.#file}: expected ${expected}, got ${got}`, { expected, got, path: this.#file });
    }
    this.#header = header;
    this.#bytes = new Uint8Array(length);
  }

  #append({ length, shape }: Header, piece: Uint8Array): void {
    if (this.#filled + piece.byteLength > length) {
      throw refuse(this.#file, `${length} bytes of numbers for shape [${shape}]`, "more");
    }
    this.#bytes.set(piece, this.#filled);
    this.#filled += piece.byteLength;
  }

  /** The numbers, once all bytes have come. */
  finish(): Stored {
    if (this.#header === undefined) {
      const { byteLength } = this.#begun;
      const expected = byteLength < 4 ? "an idx file" : `the sizes of ${this.#begun[3]} dimensions`;
      throw refuse(this.#file, expected, `${byteLength} bytes`);
    }
    const { type, shape } = this.#header;
    const bytes = this.#bytes.subarray(0, this.#filled);
    return { file: this.#file, bytes, offset: 0, type, littleEndian: false, shape };
  }
}

/** What a stream holds, inflated; a failure of the one is the other's. */
function inflated(source: Readable): Readable {
  const gunzip = createGunzip();
  source.once("error", (cause) => void gunzip.destroy(cause));
  return source.pipe(gunzip);
}

/** Reads an open file to its end, or to where it is not what its header says. */
async function arrived(file: string, opened: FileHandle): Promise<Stored> {
  const { size } = await opened.stat();
  const { buffer: magic } = await opened.read({ buffer: new Uint8Array(2), position: 0 });
  const isCompressed = magic[0] === 0x1f && magic[1] === 0x8b;
  const array = new Arriving(file, isCompressed ? size * MOST : size);
  const source = opened.createReadStream({ start: 0, autoClose: false });
  try {
    for await (const piece of isCompressed ? inflated(source) : source) array.take(piece);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (cause instanceof ThalwegError || !code?.startsWith("Z_")) throw cause;
    throw refuse(file, "a sound gzip file", message, cause);
  } finally {
    source.destroy();
  }
  return array.finish();
}

/**
 * Reads an idx file, such as MNIST's, compressed by gzip or not. No more of a compressed file is inflated than its header says there is.
 *
 * @param settings - `dtype`: default f32 or f64 as the numbers are, and i64 of integers
 * @throws DataError where the file is damaged or something else; nothing is loaded then. MemoryError where it holds more than fits
 *
 * @example
 * ```ts
 * const images = (await readIdx("train-images-idx3-ubyte.gz", { dtype: "f32" })).div(127.5).sub(1); // [60000, 28, 28], −1 … 1
 * const labels = await readIdx("train-labels-idx1-ubyte.gz"); // i64 [60000]
 * ```
 */
export async function readIdx(file: string, settings: ReadArraySettings = {}): Promise<Tensor> {
  const { dtype } = arraySettings("readIdx", settings);
  let opened: FileHandle | undefined;
  try {
    opened = await open(file);
    return await tensorOfStored(await arrived(file, opened), dtype);
  } catch (cause) {
    throw cause instanceof ThalwegError ? cause : unreadable(file, cause);
  } finally {
    await opened?.close();
  }
}
