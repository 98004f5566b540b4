// The columns of a table: numbers, dates or categories, each in one typed array.
// Missing values are NaN, and −1 among the codes of categories.

/** What a column holds. */
export type ColumnType = "number" | "date" | "category";

/** A column of numbers. */
export interface NumberColumn {
  /** What it holds. */
  readonly type: "number";
  /** Its name. */
  readonly name: string;
  /** One number per row; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of dates. */
export interface DateColumn {
  /** What it holds. */
  readonly type: "date";
  /** Its name. */
  readonly name: string;
  /** One date per row, in milliseconds since 1970, UTC; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of categories. */
export interface CategoryColumn {
  /** What it holds. */
  readonly type: "category";
  /** Its name. */
  readonly name: string;
  /** The index of each row's category; −1 where it is missing. */
  readonly codes: Int32Array;
  /** The categories, each once, in the order in which they first came. */
  readonly categories: readonly string[];
}

/** A column of a table. What it holds must not be changed. */
export type Column = NumberColumn | DateColumn | CategoryColumn;

/** A cell as JavaScript has it; null where it is missing. */
export type Value = number | string | Date | null;

/** Whether a row has no value. */
export function isMissing(column: Column, row: number): boolean {
  return column.type === "category" ? (column.codes[row] ?? -1) < 0 : Number.isNaN(column.values[row]);
}

/** The value of a row. */
export function valueAt(column: Column, row: number): Value {
  if (isMissing(column, row)) return null;
  if (column.type === "category") return column.categories[column.codes[row] ?? -1] ?? null;
  const value = column.values[row] ?? Number.NaN;
  return column.type === "date" ? new Date(value) : value;
}

/** The number of rows of a column. */
export const lengthOf = (column: Column): number =>
  column.type === "category" ? column.codes.length : column.values.length;

/** The column of these rows. */
export function gathered(column: Column, rows: Uint32Array): Column {
  if (column.type === "category") {
    const codes = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i] ?? 0] ?? -1;
    return { ...column, codes };
  }
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i] ?? 0] ?? Number.NaN;
  return { ...column, values };
}

/** The column of the rows from `start` to before `end`. */
export function sliced(column: Column, start: number, end: number): Column {
  if (column.type === "category") return { ...column, codes: column.codes.slice(start, end) };
  return { ...column, values: column.values.slice(start, end) };
}
