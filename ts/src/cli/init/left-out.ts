// Columns of a table that a model has nothing to learn from: row numbers, identifiers, texts, and such without a value.
// They would make it wide, and samples of them would be made up.

import { hint } from "../../config/nearest.js";
import { type CategoryColumn, type Column, isMissing } from "../../data/columns.js";
import { hardlyCategories } from "../../data/encoding/many-categories.js";
import { listed } from "../../data/names.js";
import type { Table } from "../../data/table.js";
import { ConfigError } from "../../errors.js";

/** Columns that a user speaks of. */
export interface Asked {
  readonly skip: readonly string[];
  readonly keep: readonly string[];
  readonly condition: readonly string[];
}

/** A column that is left out. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
  /** Whether the user said so. */
  readonly asked: boolean;
}

/** Fewer rows do not tell an identifier from a column whose values happen to differ. */
const ROWS = 20;

/** Texts that people read as numbers: with a currency, a percent sign, commas. */
const LIKE_NUMBERS = /^\s*(?:\p{Sc}|[A-Z]{3}\s)?\s*[+-]?\d[\d.,' ]*(?:\s*%|\s*\p{Sc}|\s\p{L}+)?\s*$/u;

/** Values that are looked at. */
const LOOKED = 100;

/** Names that identifiers have: id, customer_id, customerId, index, uuid. */
const NAMES = [/^(.*[_\s-])?(id|index|idx|uuid|guid)$/i, /[a-z](Id|ID)$/];

/** Whether numbers are whole and all different. */
function areDifferent(values: Float64Array): boolean {
  return values.every(Number.isInteger) && new Set(values).size === values.length;
}

/** What speaks against a column; undefined where nothing does. */
function objection(column: Column, rows: number): string | undefined {
  const isEmpty = Array.from({ length: rows }, (_, row) => row).every((row) => isMissing(column, row));
  if (isEmpty) return "which has no values";
  if (rows < ROWS || column.type === "date") return undefined;
  if (column.type === "number") {
    const { values } = column;
    if (values.every((value, row) => row === 0 || value - (values[row - 1] as number) === 1)) return "a row number";
    const isNamed = NAMES.some((name) => name.test(column.name));
    return isNamed && areDifferent(values) ? "an identifier: every row has another" : undefined;
  }
  return ofTexts(column, rows);
}

function ofTexts(column: CategoryColumn, rows: number): string | undefined {
  const looked = column.categories.slice(0, LOOKED);
  const numbers = looked.filter((text) => LIKE_NUMBERS.test(text));
  const areNumbers = numbers.length > looked.length / 2;
  const used = hardlyCategories(column, rows);
  if (used !== undefined && areNumbers) {
    const example = JSON.stringify(numbers[0]);
    return `texts that look like numbers, such as ${example}: write them as 1234.56, and it is a column of numbers`;
  }
  if (new Set(column.codes).size === rows) return "an identifier or a text: every row has another";
  return used === undefined ? undefined : `a text: ${used} different values in ${rows} rows`;
}

/** Refuses names that the table does not have, and such of which two things are said. */
function check(table: Table, asked: Asked): void {
  const names = table.columns.map(({ name }) => name);
  const first = new Map<string, string>();
  const all = Object.entries(asked).flatMap(([flag, columns]: [string, readonly string[]]) =>
    columns.map((name) => ({ name, flag: `--${flag}` })),
  );
  for (const { name, flag } of all) {
    const before = first.get(name) ?? flag;
    const isKnown = names.includes(name);
    if (isKnown && before === flag) {
      first.set(name, flag);
      continue;
    }
    const expected = isKnown ? `one of ${before} and ${flag}` : `a column of the table (${listed(names)})`;
    const rest = isKnown ? " in both" : hint(name, names);
    const message = `${flag}: expected ${expected}, got ${JSON.stringify(name)}${rest}`;
    throw new ConfigError(message, { expected, got: name, path: flag });
  }
}

/**
 * What is left out of a table.
 *
 * @throws ConfigError for columns that are not there, and where none is left
 */
export function leftOutOf(table: Table, asked: Asked): readonly LeftOut[] {
  check(table, asked);
  const kept = new Set([...asked.keep, ...asked.condition]);
  const found = table.columns.flatMap((column): LeftOut[] => {
    const { name } = column;
    if (asked.skip.includes(name)) return [{ name, why: "as asked", asked: true }];
    const why = kept.has(name) ? undefined : objection(column, table.rowCount);
    return why === undefined ? [] : [{ name, why, asked: false }];
  });
  if (found.length + asked.condition.length < table.columns.length) return found;
  const [expected, got] = [
    "columns of which a model can learn",
    listed(found.map(({ name, why }) => `${name} (${why})`)),
  ];
  const remedy = found.some(({ asked: said }) => !said) ? "; --keep <columns> keeps them" : "";
  const told = `--data: expected ${expected}, got only ${got || "conditions"}${remedy}`;
  throw new ConfigError(told, { expected, got, path: "--data" });
}
