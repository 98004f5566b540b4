// npz: several arrays by name, as NumPy saves them: a zip file of npy files.
// The zip file is zip.js's business, checksums included.
import type { Entry, FileEntry } from "@zip.js/zip.js";
import { ConfigError, DataError, ThalwegError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { bytesOfFile, writeWhole } from "./file.js";
import { arrayOfBytes, arraySettings, bytesOfArray, type ReadArraySettings } from "./npy.js";

const ENDING = ".npy";

const isArray = (entry: Entry): entry is FileEntry => !entry.directory && entry.filename.endsWith(ENDING);

/**
 * Reads the arrays that NumPy saved with `numpy.savez` or `numpy.savez_compressed`, by name.
 *
 * @throws DataError where the file is damaged or an array holds something else than numbers; nothing is loaded then
 *
 * @example
 * ```ts
 * await writeNpz("data.npz", { x: zeros([10, 2]), y: ones([10]) });
 * Object.keys(await readNpz("data.npz")); // ["x", "y"]
 * ```
 */
export async function readNpz(file: string, settings: ReadArraySettings = {}): Promise<Record<string, Tensor>> {
  const known = arraySettings("readNpz", settings);
  const bytes = await bytesOfFile(file);
  const { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } = await import("@zip.js/zip.js");
  const arrays: Record<string, Tensor> = {};
  try {
    const reader = new ZipReader(new Uint8ArrayReader(bytes), { checkSignature: true, useWebWorkers: false });
    for (const entry of (await reader.getEntries()).filter(isArray)) {
      const content = await entry.getData(new Uint8ArrayWriter());
      const name = entry.filename.slice(0, -ENDING.length);
      arrays[name] = await arrayOfBytes(`${file}/${entry.filename}`, content, known);
    }
    await reader.close();
    return arrays;
  } catch (cause) {
    for (const array of Object.values(arrays)) array.dispose();
    if (cause instanceof ThalwegError) throw cause;
    const [expected, got] = ["a sound npz file", cause instanceof Error ? cause.message : String(cause)];
    throw new DataError(`${file}: expected ${expected}, got: ${got}`, { expected, got, path: file, cause });
  }
}

/**
 * Writes arrays by name for `numpy.load`, as a whole or not at all.
 *
 * @throws DataError where it cannot be written; ConfigError for a name that no file can have
 *
 * @example
 * ```ts
 * await writeNpz("pairs.npz", { x0, x1 });
 * ```
 */
export async function writeNpz(file: string, arrays: Readonly<Record<string, Tensor>>): Promise<void> {
  const { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } = await import("@zip.js/zip.js");
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, level: 0 });
  for (const [name, array] of Object.entries(arrays)) {
    if (name === "" || name.includes("/")) {
      const [expected, got] = ["names that are not empty and have no /", JSON.stringify(name)];
      throw new ConfigError(`writeNpz: expected ${expected}, got ${got}`, { expected, got, path: name });
    }
    await writer.add(`${name}${ENDING}`, new Uint8ArrayReader(await bytesOfArray(array)));
  }
  await writeWhole(file, await writer.close());
}
