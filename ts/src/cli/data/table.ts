// Tables: CSV, TSV, JSON lines, Parquet.
// The reader is that of the library.
import type { Kind } from "./kinds.js";

const ending = /\.(csv|tsv|jsonl|ndjson|parquet)$/i;

/** Files of rows and columns. */
export const table: Kind = {
  name: "table",
  matches: (path, isFolder) => !isFolder && ending.test(path),
  known: ["columns", "missing", "missingTexts", "delimiter", "names"],
  async read(path, options) {
    const { readTable } = await import("../../data/read-table.js");
    return { kind: "table", table: await readTable(path, options) };
  },
};
