// Whether columns of categories are hardly such: names, identifiers and comments, of which most values differ.
// One-hot they make a model wide, and it learns nothing of them.
import { warnOnce } from "../../config/warnings.js";
import type { Column } from "../columns.js";
import { listed } from "../names.js";
import type { Table } from "../table.js";

/** So many categories are few, however many rows there are. */
const FEW = 50;

/** Share of the rows above which their different values are hardly categories. */
const SHARE = 0.5;

/** How many categories a column has in its rows, where those are too many. */
export function hardlyCategories(column: Column, rows: number): number | undefined {
  const most = Math.max(FEW, SHARE * rows);
  if (column.type !== "category" || column.categories.length <= most) return undefined;
  // Of a part of a table, not all categories are in its rows.
  const seen = new Uint8Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) seen[code] = 1;
  const used = seen.reduce((sum, one) => sum + one, 0);
  return used > most ? used : undefined;
}

/** Warns of columns that get a number for each of their values, most of which differ. */
export function watchCategories(table: Table, columns: readonly Column[]): void {
  const { rowCount } = table;
  const found = columns.flatMap((column) => {
    const count = hardlyCategories(column, rowCount);
    return count === undefined ? [] : [{ name: JSON.stringify(column.name), count }];
  });
  const [first] = found;
  if (first === undefined) return;
  const each = listed(found.map(({ name, count }) => `${name} has ${count} different values`));
  const what = `fitEncoding: of categories, ${each} in ${rowCount} rows, and each value gets a number of its own (oneHot)`;
  const out = `readTable(file, { columns: { ${first.name}: "skip" } }) or table.drop(${first.name}) where it is an identifier or a text`;
  const fewer = `fitEncoding(table, { columns: { ${first.name}: { categories: "bits" } } }), or { type: "embedding", dim } in place of "bits", where it is a category`;
  warnOnce(table, "THALWEG_MANY_CATEGORIES", `${what}. Remedy: ${out}; ${fewer}`);
}
