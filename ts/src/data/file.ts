// Files as a whole or not at all: reads say why they fail, writes never leave half a file.
// A reader never sees half of one, and a failure leaves what was there before.
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "../errors.js";

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/**
 * Writes beside the file first, then renames. Folders that are not there are made. Content that comes in pieces lets others have their turn between them. Of several writes of one file at a time
 * each is whole, and the one that ends last stays.
 *
 * @throws DataError with the reason of the system where that is not possible
 */
export async function writeWhole(file: string, content: string | Uint8Array | AsyncIterable<string>): Promise<void> {
  // The global, which Node loads at its first use: importing its module would be a tenth of importing thalweg.
  const temporary = join(dirname(file), `.${basename(file)}.${crypto.randomUUID()}.tmp`);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = reasonOf(cause).replaceAll(temporary, file);
    throw new DataError(`${file} could not be written: ${reason}`, { path: file, cause });
  }
}

/** The error that a file cannot be read. */
export function unreadable(file: string, cause: unknown): DataError {
  return new DataError(`${file} could not be read: ${reasonOf(cause)}`, { path: file, cause });
}

/**
 * All bytes of a file.
 *
 * @throws DataError with the reason of the system where it cannot be read
 */
export async function bytesOfFile(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Bytes of a piece of text; to parse one takes a few milliseconds at most. */
const PIECE = 1 << 14;

/**
 * The text of a file, UTF-8, a piece at a time.
 *
 * @throws DataError where it cannot be read, or is not UTF-8
 */
export async function* texts(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: PIECE }))
      yield decoder.decode(bytes as Uint8Array, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    const isText = (cause as NodeJS.ErrnoException).code !== "ERR_ENCODING_INVALID_ENCODED_DATA";
    if (isText) throw unreadable(file, cause);
    const [expected, got] = ["text in UTF-8", "other bytes"];
    const remedy = "Remedy: save it as UTF-8 (of a spreadsheet: CSV UTF-8), or iconv -f latin1 -t utf-8";
    throw new DataError(`${file}: expected ${expected}, got ${got}. ${remedy}`, { expected, got, path: file, cause });
  }
}
