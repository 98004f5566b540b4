// Samples as files, by their ending, and as CSV for stdout.
// A new format is one entry here, where it is not one of tables.
import { extname } from "node:path";
import { valueAt } from "../../data/columns.js";
import { delimited, float32 } from "../../data/csv.js";
import { writeNpy } from "../../data/npy.js";
import { writeNpz } from "../../data/npz.js";
import { toRows } from "../../data/rows.js";
import { Table } from "../../data/table.js";
import { dateTexts } from "../../data/texts.js";
import { ConfigError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { pictureOf } from "../plot/picture.js";
import type { Drawn } from "./drawn.js";

/** Samples as a table: coordinates are x0, x1 … */
export async function tableOf(samples: Drawn): Promise<Table> {
  if (samples.kind === "table") return samples.table;
  if (samples.kind === "parts") throw partsRefused("a table");
  const { tensor } = samples;
  const rows = await toRows(tensor);
  const shortest = tensor.dtype === "f32" ? float32 : (value: number) => value;
  const width = tensor.shape.slice(1).reduce((product, size) => product * size, 1);
  const columns = Array.from({ length: width }, (_, k) => ({
    type: "number" as const,
    name: `x${k}`,
    values: Float64Array.from(rows, (row) => shortest(row[k] ?? Number.NaN)),
  }));
  return new Table(columns);
}

function partsRefused(what: string): ConfigError {
  const [expected, got] = ["--out with a file that ends in .npz, for a state of several parts", what];
  return new ConfigError(`${expected.replace("--out", "--out: expected")}, got ${got}`, {
    expected,
    got,
    path: "--out",
  });
}

/** Writes samples; `columns` are those that were asked for. */
type Writer = (samples: Drawn, file: string, columns?: readonly string[]) => Promise<void>;

const asTable: Writer = async (samples, file) => (await tableOf(samples)).write(file);

const asPicture: Writer = async (samples, file, columns) => (await pictureOf(samples, undefined, columns)).save(file);

const tensorsOf = (samples: Drawn): Readonly<Record<string, Tensor>> => {
  if (samples.kind === "parts") return samples.parts;
  if (samples.kind === "tensor") return { samples: samples.tensor };
  const [expected, got] = ["a file of tables, such as .csv or .parquet", ".npz"];
  throw new ConfigError(`--out: expected ${expected}, got ${got}`, { expected, got, path: "--out" });
};

const writers: Readonly<Record<string, Writer>> = {
  ".csv": asTable,
  ".tsv": asTable,
  ".jsonl": asTable,
  ".ndjson": asTable,
  ".parquet": asTable,
  ".npy": (samples, file) => (samples.kind === "tensor" ? writeNpy(file, samples.tensor) : asTable(samples, file)),
  ".npz": (samples, file) => writeNpz(file, tensorsOf(samples)),
  ".png": asPicture,
  ".svg": asPicture,
};

/**
 * The writer of a file.
 *
 * @param columns - those that were asked for
 * @throws ConfigError for an unknown ending, or one that has no columns where some were asked for
 */
export function writerOf(file: string, columns?: readonly string[]): Writer {
  const ending = extname(file).toLowerCase();
  const writer = writers[ending];
  if (columns !== undefined && ending === ".npz") {
    const [expected, got] = ["none for a file of arrays, or a file of rows such as .csv or .npy", ending];
    throw new ConfigError(`--columns: expected ${expected}, got ${got}`, { expected, got, path: "--columns" });
  }
  if (writer !== undefined) return writer;
  const [expected, got] = [`a file that ends in ${Object.keys(writers).join(", ")}`, file];
  throw new ConfigError(`--out: expected ${expected}, got ${got}`, { expected, got, path: "--out" });
}

/** Rows as JSON has them, with the dates of a CSV file. */
export function rowsOf({ columns, rowCount }: Table): Readonly<Record<string, unknown>>[] {
  const fields = columns.map((column) => ({
    name: column.name,
    value: column.type === "date" ? dateTexts(column) : (row: number) => valueAt(column, row),
  }));
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(fields.map(({ name, value }) => [name, value(row)])),
  );
}

/** Samples as the text of a CSV file, a piece at a time. */
export async function* csvOf(samples: Drawn): AsyncGenerator<string> {
  yield* delimited(await tableOf(samples), ",");
}
