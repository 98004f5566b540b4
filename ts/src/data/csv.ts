// CSV and TSV: tables in and out, and samples out, for whatever reads them next.
// Numbers are written so that reading them gives the same bits.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type * as csvParse from "csv-parse";
import type * as csvStringify from "csv-stringify/sync";
import { ConfigError, DataError, ShapeError, ThalwegError } from "../errors.js";
import { lazily } from "../native.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Column } from "./columns.js";
import { texts, writeWhole } from "./file.js";
import type { ReadSettings } from "./read-table.js";
import { toRows } from "./rows.js";
import type { Table } from "./table.js";
import { TableBuilder } from "./table-builder.js";
import { textsOf } from "./texts.js";

const csv = lazily<typeof csvStringify>("csv-stringify/sync");
const reading = lazily<typeof csvParse>("csv-parse");

/**
 * Writes a tensor `[rows, …]` as a CSV file with a heading, as a whole or not at all.
 *
 * @param names - their names; default `x0`, `x1`, …
 * @throws ShapeError where the number of names is not that of the columns; DataError where the file cannot be written
 *
 * @example
 * ```ts
 * await writeCsv("samples.csv", samples, ["longitude", "latitude"]);
 * ```
 */
export async function writeCsv(file: string, table: Tensor, names?: readonly string[]): Promise<void> {
  const rows = await toRows(table);
  const width = table.shape.slice(1).reduce((product, size) => product * size, 1);
  const columns = names ?? Array.from({ length: width }, (_, i) => `x${i}`);
  if (columns.length !== width) {
    const [expected, got] = [`${width} column names`, String(columns.length)];
    throw new ShapeError(`writeCsv: expected ${expected}, got ${got}`, { expected, got, where: "writeCsv" });
  }
  const shortest = table.dtype === "f32" ? (value: number) => String(float32(value)) : String;
  await writeWhole(file, csv().stringify([columns, ...rows.map((row) => row.map(shortest))]));
}

/** The shortest decimal number that a 32-bit reader takes for this one. */
export function float32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Rows of one piece of text. */
const PIECE = 512;

/** A table as text, a piece at a time. Texts that begin or end with a space are quoted, since readers leave such spaces out. */
export async function* delimited(table: Table, delimiter: string): AsyncGenerator<string> {
  const options = { delimiter, quoted_match: /^\s|\s$/ };
  yield csv().stringify([table.columns.map(({ name }) => name)], options);
  const columns = table.columns.map(textsOf);
  for (let start = 0; start < table.rowCount; start += PIECE) {
    const length = Math.min(PIECE, table.rowCount - start);
    const rows = Array.from({ length }, (_, i) => columns.map((text) => text(start + i)));
    yield csv().stringify(rows, columns.length === 1 ? { ...options, quoted_empty: true } : options);
  }
}

/** Writes a table with a heading; a missing value is an empty cell. */
export async function writeDelimited(table: Table, file: string, delimiter: string): Promise<void> {
  await writeWhole(file, delimited(table, delimiter));
}

/** What the parser's codes mean. */
const meanings: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "expected a closing quote, got the end of the file",
  CSV_INVALID_CLOSING_QUOTE: "expected a delimiter or the end of the line after a closing quote, got something else",
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE:
    "expected a delimiter or the end of the line after a closing quote, got something else",
  INVALID_OPENING_QUOTE: "expected a quote at the beginning of a cell or none, got one within",
};

/** What the parser refused, with its line. */
function refused(file: string, error: unknown): unknown {
  const { code, lines, message } = error as { code?: string; lines?: number; message: string };
  if (error instanceof ThalwegError || code === undefined || lines === undefined) return error;
  const meaning = meanings[code] ?? message;
  const where = `line ${lines}`;
  return new DataError(`${file}: ${where}: ${meaning}`, { path: file, where, cause: error });
}

/** Reads cells separated by a delimiter, of which the first line are the names unless they are given. */
export async function readDelimited(file: string, settings: ReadSettings, usual: string): Promise<readonly Column[]> {
  const { delimiter = usual, names } = settings;
  if (typeof delimiter !== "string" || delimiter.length !== 1) {
    const [expected, got] = ["one character", JSON.stringify(delimiter)];
    throw new ConfigError(`delimiter: expected ${expected}, got ${got}`, { expected, got, path: "delimiter" });
  }
  let builder = names && new TableBuilder(names, settings);
  let width = names?.length;
  const take = (cells: string[], { lines }: { readonly lines: number }) => {
    // An empty line is a missing value where there is one column, and nothing elsewhere.
    if (cells.length === 1 && cells[0] === "" && width !== 1) return null;
    if (width !== undefined && cells.length !== width) {
      const [expected, got, where] = [`${width} cells`, String(cells.length), `line ${lines}`];
      throw new DataError(`${file}: ${where}: expected ${expected}, got ${got}`, { expected, got, path: file, where });
    }
    width = cells.length;
    if (builder === undefined) builder = new TableBuilder(cells, settings);
    else builder.row(cells, lines);
    return null;
  };
  const options = { delimiter, trim: true, relax_column_count: true, on_record: take };
  const parser = reading().parse(options);
  parser.resume();
  try {
    await pipeline(Readable.from(texts(file)), parser);
  } catch (error) {
    throw refused(file, error);
  }
  if (builder !== undefined) return builder.finish();
  const [expected, got] = ["a line with the names of the columns", "an empty file"];
  throw new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
}
