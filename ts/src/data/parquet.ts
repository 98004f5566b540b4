// Parquet: tables in and out, a row group and a column at a time. Format: parquet.apache.org.
// Encodings and compression are the business of hyparquet, its writer and its compressors.

import { setImmediate } from "node:timers/promises";
import type { ParquetScan } from "hyparquet";
import { DataError, ThalwegError } from "../errors.js";
import type { Cell } from "./cells.js";
import type { Column } from "./columns.js";
import { unreadable, writeWhole } from "./file.js";
import type { ReadSettings } from "./read-table.js";
import { overRows, turns } from "./slices.js";
import type { Table } from "./table.js";
import { checkedNames, checkKnown, TableBuilder, wrongCell } from "./table-builder.js";
import { categoryTexts } from "./texts.js";

/** Of tables of so many columns, so many are found by one scan of all their metadata; it holds what it has read of them. */
const [MANY, TOGETHER] = [512, 32];

/** Rows of a row group that is written. */
const GROUP = 20_000;

/** The column as the writer takes it: values in an array of one type, null where they are missing. */
async function source(column: Column, rows: number) {
  const data = new Array<number | string | Date | null>(rows);
  const cell = cellOf(column);
  await overRows(rows, (start, end) => {
    for (let row = start; row < end; row++) data[row] = cell(row);
  });
  const type = ({ number: "DOUBLE", date: "TIMESTAMP", category: "STRING" } as const)[column.type];
  return { name: column.name, data, type };
}

/** A function from a row to its cell. */
function cellOf(column: Column): (row: number) => number | string | Date | null {
  if (column.type === "category") return categoryTexts(column);
  const { type, values } = column;
  return (row) => {
    const value = values[row] as number;
    if (Number.isNaN(value)) return null;
    return type === "date" ? new Date(value) : value;
  };
}

/** Writes row groups of some thousand rows, compressed with Snappy. */
export async function writeParquet(table: Table, file: string): Promise<void> {
  const { ByteWriter, parquetWrite } = await import("hyparquet-writer");
  const columnData = [];
  const turn = turns();
  for (const column of table.columns) {
    columnData.push(await source(column, table.rowCount));
    await turn();
  }
  const writer = Object.assign(new ByteWriter(), { flush: () => setImmediate() });
  await parquetWrite({ writer, columnData, rowGroupSize: GROUP });
  await writeWhole(file, writer.getBytes());
}

/** Runs something of the library; what it throws is an error of the file. */
async function sound<T>(file: string, what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (cause instanceof ThalwegError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== undefined) throw unreadable(file, cause);
    const [expected, got] = ["a sound Parquet file", message];
    throw new DataError(`${file}: ${what}expected ${expected}, got: ${got}`, { expected, got, path: file, cause });
  }
}

const isPlain = (cell: unknown): cell is Cell => typeof cell !== "object" || cell === null || cell instanceof Date;

/** Reads the columns one after the other. */
export async function readParquet(file: string, settings: ReadSettings): Promise<readonly Column[]> {
  const [hyparquet, { compressors }] = await Promise.all([import("hyparquet"), import("hyparquet-compressors")]);
  const { asyncBufferFromFile, parquetMetadataAsync, parquetScan, parquetSchema } = hyparquet;
  const { buffer, metadata } = await sound(file, "", async () => {
    const opened = await asyncBufferFromFile(file);
    return { buffer: opened, metadata: await parquetMetadataAsync(opened) };
  });
  const names = checkedNames(
    parquetSchema(metadata).children.map(({ element }) => element.name),
    file,
  );
  checkKnown(settings.columns.keys(), names, file);
  const columns: Column[] = [];
  const kept = names.filter((name) => settings.columns.get(name) !== "skip");
  const together = kept.length > MANY ? TOGETHER : 1;
  const turn = turns();
  let scan: ParquetScan | undefined;
  for (const [i, name] of kept.entries()) {
    await turn();
    const asked = settings.columns.get(name);
    const builder = new TableBuilder([name], { ...settings, columns: new Map(asked && [[name, asked]]) });
    if (i % together === 0 || scan === undefined) {
      const options = { file: buffer, metadata, columns: kept.slice(i, i + together), compressors };
      scan = await sound(file, `column ${JSON.stringify(name)}: `, () => parquetScan(options));
    }
    const { readColumn } = scan;
    for (const { rowStart, rowEnd } of scan.ranges) {
      const place = `column ${JSON.stringify(name)}, rows from ${rowStart + 1}: `;
      const cells = await sound(file, place, () => readColumn({ column: name, rowStart, rowEnd }));
      await overRows(cells.length, (start, end) => {
        for (let row = start; row < end; row++) {
          const [cell, at]: [unknown, number] = [cells[row], rowStart + row + 1];
          if (!isPlain(cell)) {
            throw wrongCell(
              settings,
              { at, column: name },
              "a number, a date, a text or a truth value",
              "nested values",
            );
          }
          builder.row([cell], at);
        }
      });
    }
    columns.push(...builder.finish());
  }
  return columns;
}
