// CSV and TSV: tables in and out, and samples out, for whatever reads them next.
// Numbers are written so that reading them gives the same bits.
import { finished } from "node:stream/promises";
import type * as csvParse from "csv-parse";
import type * as csvStringify from "csv-stringify/sync";
import { ConfigError, DataError, ShapeError, ThalwegError } from "../errors.js";
import { lazily } from "../native.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Column } from "./columns.js";
import { texts, writeWhole } from "./file.js";
import type { ReadSettings } from "./read-table.js";
import { toRows } from "./rows.js";
import { inTurns, type Steps, turns } from "./slices.js";
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

/** Cells of one piece of text, and rows of it: stringifying a cell takes some microseconds. */
const [CELLS, ROWS] = [2048, 512];

/** A table as text, a piece at a time: some rows, or a part of one that is wide. Texts that begin or end with a space are quoted, since readers leave such spaces out. */
export async function* delimited(table: Table, delimiter: string): AsyncGenerator<string> {
  const { columns, rowCount } = table;
  const turn = turns();
  const quoting = { delimiter, quoted_match: /^\s|\s$/ };
  const parts = Array.from({ length: Math.ceil(columns.length / CELLS) }, (_, i) =>
    columns.slice(i * CELLS, (i + 1) * CELLS),
  );
  const isLast = (i: number) => i === parts.length - 1;
  const piece = (rows: string[][], i: number, more = {}) =>
    csv().stringify(rows, { ...quoting, ...more, eof: isLast(i) }) + (isLast(i) ? "" : delimiter);
  for (const [i, part] of parts.entries()) yield piece([part.map(({ name }) => name)], i);
  const texts: ((row: number) => string)[][] = [];
  for (const part of parts) {
    texts.push(part.map(textsOf));
    await turn();
  }
  const length = Math.max(1, Math.min(ROWS, Math.floor(CELLS / columns.length)));
  for (let start = 0; start < rowCount; start += length) {
    for (const [i, part] of texts.entries()) {
      const rows = Array.from({ length: Math.min(length, rowCount - start) }, (_, k) =>
        part.map((text) => text(start + k)),
      );
      yield piece(rows, i, { quoted_empty: columns.length === 1 });
    }
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

/** A record with the line that it ends in. */
interface CsvRecord {
  readonly cells: string[];
  readonly lines: number;
}

/** Makes a table of records, of which the first are the names unless they are given. */
class Records {
  readonly #file: string;
  readonly #settings: ReadSettings;
  #builder: TableBuilder | undefined;
  #width: number | undefined;

  constructor(file: string, settings: ReadSettings) {
    this.#file = file;
    this.#settings = settings;
    this.#builder = settings.names && new TableBuilder(settings.names, settings);
    this.#width = settings.names?.length;
  }

  *take({ cells, lines }: CsvRecord): Steps {
    const [file, width] = [this.#file, this.#width];
    // An empty line is a missing value where there is one column, and nothing elsewhere.
    if (cells.length === 1 && cells[0] === "" && width !== 1) return;
    if (width !== undefined && cells.length !== width) {
      const [expected, got, where] = [`${width} cells`, String(cells.length), `line ${lines}`];
      throw new DataError(`${file}: ${where}: expected ${expected}, got ${got}`, { expected, got, path: file, where });
    }
    this.#width = cells.length;
    if (this.#builder === undefined) this.#checkDelimited(cells);
    if (this.#builder === undefined) this.#builder = new TableBuilder(cells, this.#settings);
    else yield* this.#builder.take(cells, lines);
  }

  /** Refuses a heading that is one cell with what looks like several in it. */
  #checkDelimited([name = "", ...others]: readonly string[]): void {
    const other = others.length === 0 && this.#settings.delimiter === undefined ? /[;\t|]/.exec(name)?.[0] : undefined;
    if (other === undefined) return;
    const sign = JSON.stringify(other);
    const [expected, got, where] = ["names of columns, separated by commas", JSON.stringify(name), "line 1"];
    const remedy = `Remedy: the delimiter ${sign}, as in readTable(file, { delimiter: ${sign} })`;
    throw new DataError(`${this.#file}: ${where}: expected ${expected}, got ${got}. ${remedy}`, {
      expected,
      got,
      path: this.#file,
      where,
    });
  }

  *finished(): Steps<Column[]> {
    if (this.#builder !== undefined) return yield* this.#builder.finished();
    const [expected, got] = ["a line with the names of the columns", "an empty file"];
    throw new DataError(`${this.#file}: expected ${expected}, got ${got}`, { expected, got, path: this.#file });
  }
}

/** Reads cells separated by a delimiter, of which the first line are the names unless they are given. */
export async function readDelimited(file: string, settings: ReadSettings, usual: string): Promise<readonly Column[]> {
  const { delimiter = usual } = settings;
  if (typeof delimiter !== "string" || delimiter.length !== 1) {
    const [expected, got] = ["one character", JSON.stringify(delimiter)];
    throw new ConfigError(`delimiter: expected ${expected}, got ${got}`, { expected, got, path: "delimiter" });
  }
  const table = new Records(file, settings);
  let parsed: CsvRecord[] = [];
  const take = (cells: string[], { lines }: { readonly lines: number }) => {
    parsed.push({ cells, lines });
    return null;
  };
  const parser = reading().parse({ delimiter, trim: true, relax_column_count: true, on_record: take });
  parser.resume();
  // What is wrong with an earlier line is said before what the parser refused.
  const taken = async (parsing: Promise<unknown>) => {
    const failure = await parsing.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const records = parsed;
    parsed = [];
    for (const record of records) await inTurns(table.take(record));
    if (failure !== undefined) throw refused(file, failure.error);
  };
  const ended = finished(parser);
  ended.catch(() => undefined);
  try {
    for await (const text of texts(file))
      await taken(new Promise((done, fail) => void parser.write(text, (error) => (error ? fail(error) : done(0)))));
    parser.end();
    await taken(ended);
  } finally {
    parser.destroy();
  }
  return inTurns(table.finished());
}
