// Writes files as a whole or not at all.
// A reader never sees half of one, and a failure leaves what was there before.
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "../errors.js";

/**
 * Writes beside the file first, then renames.
 *
 * @throws DataError with the reason of the system where that is not possible
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${file} could not be written: ${reason}`, { path: file, cause });
  }
}
