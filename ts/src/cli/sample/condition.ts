// Conditions of the command line: a file of rows, or values.
// Of a model of tables they have the names of its columns, of another one they are numbers, or one label.
import { existsSync } from "node:fs";
import { listed } from "../../data/names.js";
import { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";
import type { ColumnEncoding } from "../../generated/config.js";
import type { AnyModel } from "../../model/registry.js";
import { tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { readData } from "../data/kinds.js";
import { conditionsOf, numbersOf } from "../data/rows.js";
import { rowsOfModel } from "../train/complete.js";
import { isOfTables } from "./drawn.js";

/** Conditions, row by row. */
export type Given =
  | { readonly kind: "table"; readonly table: Table; readonly rows: number }
  | { readonly kind: "tensor"; readonly tensor: Tensor; readonly rows: number };

function refused(expected: string, got: string): ConfigError {
  return new ConfigError(`--condition: expected ${expected}, got ${got}`, { expected, got, path: "--condition" });
}

/** The columns that are conditions. */
export const conditionColumns = (model: AnyModel): readonly ColumnEncoding[] => {
  const { data } = model.config as { data?: { columns: readonly ColumnEncoding[] } };
  return (data?.columns ?? []).filter(({ condition }) => condition);
};

/** How values of columns are told: `kind=…,size=…`. */
export const asValues = (columns: readonly ColumnEncoding[]): string =>
  columns.map(({ name }) => `${name}=…`).join(",");

/** A row of a table from `name=value,…`. */
function rowFrom(text: string, columns: readonly ColumnEncoding[]): Table {
  const pairs = text.split(",").map((pair) => pair.split("="));
  const row = pairs.map(([name = "", ...rest]) => {
    const column = columns.find((known) => known.name === name.trim());
    const value = rest.join("=").trim();
    if (column === undefined || rest.length === 0) throw wrongText(text, columns);
    if (column.type === "category" && !column.categories.includes(value)) {
      throw refused(`a category of ${column.name} (${listed(column.categories)})`, value);
    }
    if (column.type === "number" && (value === "" || !Number.isFinite(Number(value)))) {
      throw refused(`a number for ${column.name}`, value);
    }
    return [column.name, column.type === "number" ? Number(value) : value] as const;
  });
  const given = new Map(row);
  const missing = columns.filter(({ name }) => !given.has(name));
  if (missing.length > 0) throw refused(`${asValues(missing)}, too`, text);
  return Table.fromRows([Object.fromEntries(row)]);
}

/** The error of a text that is neither a file nor values of columns. */
function wrongText(text: string, columns: readonly ColumnEncoding[]): ConfigError {
  if (columns.length > 0) return refused(`a file that is there, or ${asValues(columns)}`, text);
  return refused(
    "none: the model has no columns that are conditions (thalweg init --condition <columns> makes one that has)",
    text,
  );
}

/** A row of a tensor from `number,…`. */
function numbersFrom(text: string, model: AnyModel): Tensor {
  const values = text.split(",").map(Number);
  if (text.trim() === "" || !values.every(Number.isFinite))
    throw refused("a file that is there, or numbers as in 0.5,1", text);
  const isLabel = values.length === 1 && Number.isInteger(values[0]);
  const row = tensor(values, { dtype: isLabel ? "i64" : "f64", shape: [1, values.length] });
  return conditionsOf(row, rowsOfModel(model));
}

/**
 * The conditions that a text means.
 *
 * @throws ConfigError where it is neither a file nor values; DataError where a file cannot be read
 */
export async function conditionFrom(text: string, model: AnyModel): Promise<Given> {
  const isFile = existsSync(text);
  if (isOfTables(model)) {
    const columns = conditionColumns(model);
    if (!isFile) return { kind: "table", table: rowFrom(text, columns), rows: 1 };
    const data = await readData(text);
    const expected = `a table with the columns ${columns.map(({ name }) => name).join(", ")}`;
    if (data.kind !== "table") throw refused(expected, text);
    const { table } = data;
    return { kind: "table", table, rows: table.rowCount };
  }
  if (!isFile) return { kind: "tensor", tensor: numbersFrom(text, model), rows: 1 };
  const data = await readData(text);
  const rows = data.kind === "table" ? await numbersOf(data.table, text) : data.x;
  return { kind: "tensor", tensor: conditionsOf(rows, rowsOfModel(model)), rows: rows.shape[0] ?? 0 };
}
