// Writes a table in the format of the file's ending.
// A new format is one file and one line here.
import { writeDelimited } from "./csv.js";
import { endingOf, type Formats } from "./formats.js";
import { writeJsonLines } from "./json-lines.js";
import { writeTableNpy } from "./npy-table.js";
import { writeParquet } from "./parquet.js";
import type { Table } from "./table.js";

const writers: Formats<(table: Table, file: string) => Promise<void>> = {
  csv: (table, file) => writeDelimited(table, file, ","),
  tsv: (table, file) => writeDelimited(table, file, "\t"),
  jsonl: writeJsonLines,
  parquet: writeParquet,
  npy: writeTableNpy,
};

/**
 * Writes a table, as a whole or not at all.
 *
 * @throws ConfigError for an unknown ending; DataError where it cannot be written
 */
export async function writeTable(table: Table, file: string): Promise<void> {
  await writers[endingOf(file)](table, file);
}
