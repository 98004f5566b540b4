// Reads a table in the format of the file's ending.
// A new format is one file and one line here.

import { namesOf, optionsOf, plainOf } from "../config/options.js";
import { ConfigError } from "../errors.js";
import type { ColumnType } from "./columns.js";
import { readDelimited } from "./csv.js";
import { endingOf, type Formats } from "./formats.js";
import { readJsonLines } from "./json-lines.js";
import { readTableNpy } from "./npy-table.js";
import { readParquet } from "./parquet.js";
import { refusedSetting } from "./settings.js";
import { inTurns } from "./slices.js";
import { Table } from "./table.js";
import type { BuildSettings } from "./table-builder.js";

/** Settings of {@link readTable}. */
export interface ReadTableSettings {
  /** Types of columns, instead of those that are inferred; `"skip"` leaves a column out, and is no matter where there is none. */
  readonly columns?: Readonly<Record<string, ColumnType | "skip">>;
  /**
   * What becomes of missing values: they are kept (`"keep"`, the default; {@link fitEncoding} then decides), an error with line and column, or their rows are
   * left out (`"drop"`).
   */
  readonly missing?: "keep" | "error" | "drop";
  /**
   * Texts that mean a missing value in every column, beside the empty text. Default: `NA`, `N/A`, `n/a`, `#N/A`, `#NA`, `<NA>`, `NaN`, `nan`, `-NaN`, `-nan`, `null`, `NULL`, `None`
   * and `?`, in columns of numbers and dates alone.
   */
  readonly missingTexts?: readonly string[];
  /** What separates cells of a CSV file, one character; default `,`, and a tab in a TSV file. */
  readonly delimiter?: string;
  /** Names of the columns of a CSV file that has no heading, or of an npy file. */
  readonly names?: readonly string[];
}

/** What a reader is given. */
export interface ReadSettings extends BuildSettings {
  readonly delimiter: string | undefined;
  readonly names: readonly string[] | undefined;
}

/** Reads the columns of a file. */
export type Reader = (file: string, settings: ReadSettings) => Promise<Table["columns"]>;

const readers: Formats<Reader> = {
  csv: (file, settings) => readDelimited(file, settings, ","),
  tsv: (file, settings) => readDelimited(file, settings, "\t"),
  jsonl: readJsonLines,
  parquet: readParquet,
  npy: readTableNpy,
};

const known = namesOf<ReadTableSettings>({
  columns: true,
  missing: true,
  missingTexts: true,
  delimiter: true,
  names: true,
});
const types: readonly string[] = ["number", "date", "category", "skip"];
const policies: readonly string[] = ["keep", "error", "drop"];

function checkOneOf(path: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  const [expected, got] = [known.map((name) => JSON.stringify(name)).join(", "), JSON.stringify(value) ?? "nothing"];
  throw new ConfigError(`${path}: expected one of ${expected}, got ${got}`, { expected, got, path });
}

/**
 * Refuses settings that would be wrong of any file.
 *
 * @throws ConfigError with the path of the first that is
 */
export function checkReading(settings: ReadTableSettings): void {
  const { columns = {}, missing = "keep", missingTexts, delimiter, names } = optionsOf("readTable", settings, known);
  plainOf("columns", columns, ["name: type"]);
  if (delimiter !== undefined && !(typeof delimiter === "string" && delimiter.length === 1)) {
    throw refusedSetting("delimiter", "one character", delimiter);
  }
  for (const [path, value] of Object.entries({ missingTexts, names })) {
    const isList = Array.isArray(value) && value.every((text) => typeof text === "string");
    if (value !== undefined && !isList) throw refusedSetting(path, "an array of texts", value);
  }
  for (const [name, type] of Object.entries(columns)) checkOneOf(`columns.${name}`, type, types);
  checkOneOf("missing", missing, policies);
}

/**
 * Reads a table: `.csv`, `.tsv`, `.jsonl` or `.ndjson` (one object a line), `.parquet` or `.npy` (a matrix of numbers; its columns are x0, x1 …).
 *
 * Types of columns that are not given follow from the first 1000 rows, and all must agree. Of CSV, a text is a number if it is a decimal one without leading zeros, a date in
 * the form of ISO 8601 (`2024-05-31`, `2024-05-31T12:00:00Z`; UTC where it says no zone), and otherwise a category; a column of which more than half are numbers or dates, but not
 * all, is an error. Of JSON lines and Parquet numbers are numbers, texts in the form of dates are dates, and true, false and all other texts are categories.
 *
 * @param file - its ending says its format
 * @throws DataError with file, line (or row) and column of what is wrong, and nothing is loaded; ConfigError for wrong settings
 *
 * @example
 * ```ts
 * await Table.fromColumns({ age: [31, 45], city: ["Bern", "Graz"] }).write("people.csv");
 * const people = await readTable("people.csv", { columns: { age: "number" }, missing: "error" });
 * people.row(1); // {"age":45,"city":"Graz"}
 * ```
 */
export async function readTable(file: string, settings: ReadTableSettings = {}): Promise<Table> {
  checkReading(settings);
  const { columns = {}, missing = "keep", missingTexts, delimiter, names } = settings;
  const format = endingOf(file);
  const found = await readers[format](file, {
    source: file,
    unit: format === "parquet" || format === "npy" ? "row" : "line",
    columns: new Map(Object.entries(columns)),
    text: format === "csv" || format === "tsv",
    missing: missingTexts && new Set(missingTexts),
    refuseMissing: missing === "error",
    delimiter,
    names,
  });
  const table = new Table(found);
  return missing === "drop" ? inTurns(table.complete()) : table;
}
