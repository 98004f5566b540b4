// Writes samples as CSV, for whatever reads them next.
// Numbers are written so that reading them gives the same bits.
import type * as csvStringify from "csv-stringify/sync";
import { ShapeError } from "../errors.js";
import { lazily } from "../native.js";
import type { Tensor } from "../tensor/tensor.js";
import { writeWhole } from "./file.js";
import { toRows } from "./rows.js";

const csv = lazily<typeof csvStringify>("csv-stringify/sync");

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
function float32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
