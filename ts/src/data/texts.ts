// Values of columns as text that reads back to the same value.
// A date without a time of day is written without one, if that is so of all of its column.
import type { CategoryColumn, Column, DateColumn } from "./columns.js";

const DAY = 86_400_000;

/** Whether every date of a column is a midnight. */
const isDaily = ({ values }: DateColumn) => values.every((value) => Number.isNaN(value) || value % DAY === 0);

/** A function from a row to the text of its date; null where it is missing. */
export function dateTexts(column: DateColumn): (row: number) => string | null {
  const length = isDaily(column) ? 10 : undefined;
  return (row) => {
    const value = column.values[row] ?? Number.NaN;
    return Number.isNaN(value) ? null : new Date(value).toISOString().slice(0, length);
  };
}

/** A function from a row to its category; null where it is missing. */
export function categoryTexts({ codes, categories }: CategoryColumn): (row: number) => string | null {
  return (row) => categories[codes[row] ?? -1] ?? null;
}

/** A function from a row to its text; the empty one where a value is missing. */
export function textsOf(column: Column): (row: number) => string {
  if (column.type === "number") {
    return (row) => {
      const value = column.values[row] ?? Number.NaN;
      return Number.isNaN(value) ? "" : String(value);
    };
  }
  const text = column.type === "date" ? dateTexts(column) : categoryTexts(column);
  return (row) => text(row) ?? "";
}
