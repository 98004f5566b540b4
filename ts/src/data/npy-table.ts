// A matrix of an npy file as a table of numbers, and the other way round.
// An npy file has no names: columns are x0, x1 … unless names are given.
import { ConfigError, DataError } from "../errors.js";
import type { Column, NumberColumn } from "./columns.js";
import { writeWhole } from "./file.js";
import { tensorInPieces } from "./large.js";
import { bytesOfArray, readNpy } from "./npy.js";
import type { ReadSettings } from "./read-table.js";
import { inSlices } from "./slices.js";
import type { Table } from "./table.js";
import { checkKnown, wrongCell } from "./table-builder.js";

/** Rows of one step. */
const ROWS = 1024;

/** Reads the columns of a matrix `[rows, columns]`; NaN is a missing value. */
export async function readTableNpy(file: string, settings: ReadSettings): Promise<readonly Column[]> {
  const matrix = await readNpy(file, { dtype: "f64" });
  const [rows, width] = matrix.shape;
  if (rows === undefined || width === undefined || matrix.rank !== 2) {
    const [expected, got] = ["a matrix [rows, columns]", `shape [${matrix.shape}]`];
    throw new DataError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
  }
  const names = settings.names ?? Array.from({ length: width }, (_, i) => `x${i}`);
  if (names.length !== width) {
    const [expected, got] = [`${width} names`, String(names.length)];
    throw new ConfigError(`names: expected ${expected}, got ${got}`, { expected, got, path: "names" });
  }
  checkKnown(settings.columns.keys(), names, file);
  const elements = (await matrix.data()) as Float64Array;
  matrix.dispose();
  const columns = names.map((name): NumberColumn => ({ type: "number", name, values: new Float64Array(rows) }));
  await inSlices(width * Math.ceil(rows / ROWS), (index) => {
    const [k, start] = [index % width, Math.floor(index / width) * ROWS];
    const { name, values } = columns[k] as NumberColumn;
    for (let row = start; row < Math.min(rows, start + ROWS); row++) {
      const value = elements[row * width + k] ?? Number.NaN;
      const place = { at: row + 1, column: name };
      if (Math.abs(value) === Number.POSITIVE_INFINITY) throw wrongCell(settings, place, "a number", String(value));
      if (settings.refuseMissing && Number.isNaN(value)) throw wrongCell(settings, place, "a value", "none");
      values[row] = value;
    }
  });
  return columns.filter(({ name }) => settings.columns.get(name) !== "skip");
}

/** Writes a matrix `[rows, columns]` of f64; a missing value is NaN. */
export async function writeTableNpy(table: Table, file: string): Promise<void> {
  const columns = table.columns.map((column) => {
    if (column.type === "number") return column.values;
    const [expected, got] = ["columns of numbers alone, since npy holds no others", `${column.name}: ${column.type}`];
    throw new ConfigError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
  });
  const width = columns.length;
  const matrix = await tensorInPieces({ shape: [table.rowCount, width], dtype: "f64", unit: width }, (start, end) =>
    Float64Array.from({ length: end - start }, (_, i) => {
      const at = start + i;
      return columns[at % width]?.[Math.floor(at / width)] ?? Number.NaN;
    }),
  );
  await writeWhole(file, await bytesOfArray(matrix));
  matrix.dispose();
}
