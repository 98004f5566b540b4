// The formats of tables, known by a file's ending.
// Readers and writers are lists by format, so that none of them can be forgotten.
import { extname } from "node:path";
import { ConfigError } from "../errors.js";

const endings = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
  ".npy": "npy",
} as const;

/** A format of tables. */
export type Format = (typeof endings)[keyof typeof endings];

/** Something for each format. */
export type Formats<T> = Readonly<Record<Format, T>>;

const isKnown = (ending: string): ending is keyof typeof endings => Object.hasOwn(endings, ending);

/**
 * The format of a file.
 *
 * @throws ConfigError for an unknown ending
 */
export function endingOf(file: string): Format {
  const ending = typeof file === "string" ? extname(file).toLowerCase() : "";
  if (isKnown(ending)) return endings[ending];
  const [expected, got] = [`a file that ends in ${Object.keys(endings).join(", ")}`, String(file)];
  throw new ConfigError(`expected ${expected}, got ${got}`, { expected, got, path: got });
}
