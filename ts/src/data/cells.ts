// Cells as files have them, and what they are: a number, a date, a category, or missing.
// The one place that knows how texts are read; the rules are documented at `readTable`.

/** A cell as a file or a program gives it. */
export type Cell = string | number | bigint | boolean | Date | null | undefined;

/** The cell of an object; what it inherits, such as `constructor`, is none. */
export const ownCell = (fields: object, name: string): Cell =>
  Object.hasOwn(fields, name) ? (Reflect.get(fields, name) as Cell) : undefined;

/** What is known of a cell by itself. */
export type CellKind = "number" | "date" | "category" | "missing";

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const leadingZero = /^[+-]?0\d/;
const integer = /^[+-]?\d+$/;
const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Texts that mean a missing value among numbers and dates; among categories only the empty one does. */
const unknown: ReadonlySet<string> = new Set([
  ...["", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "null", "NULL", "None", "?"],
]);

/** The number that a text is; undefined where it is none. */
export function numberOf(text: string): number | undefined {
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since 1970 of an ISO 8601 date; UTC where it says no zone. Undefined where it is none. */
export function dateOf(text: string): number | undefined {
  const [, day, time, zone = "Z"] = iso.exec(text) ?? [];
  if (day === undefined) return undefined;
  const midnight = Date.parse(day);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  const value = time === undefined ? midnight : Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(value) ? undefined : value;
}

/** Whether a JavaScript number holds an integer exactly. */
export const isExact = (integer: bigint): boolean => BigInt(Number(integer)) === integer;

/** How the cells of a source are understood. */
export interface Reading {
  /** Whether every cell is a text, as in CSV, so that numbers are texts as well. */
  readonly text: boolean;
  /** Texts that mean a missing value in any column, beside the empty one; where it is absent the usual ones do, among numbers and dates. */
  readonly missing: ReadonlySet<string> | undefined;
}

/** Whether a text means a missing value in a column of this type. */
export function isMissingText(text: string, type: CellKind, { missing }: Reading): boolean {
  if (text === "") return true;
  return missing === undefined ? type !== "category" && unknown.has(text) : missing.has(text);
}

/** What a cell is by itself: an integer of which a JavaScript number loses digits, or one with leading zeros, is a name rather than a number. */
export function kindOf(cell: Cell, reading: Reading): CellKind {
  if (cell === null || cell === undefined) return "missing";
  if (typeof cell === "number") return Number.isNaN(cell) ? "missing" : "number";
  if (typeof cell === "bigint") return isExact(cell) ? "number" : "category";
  if (typeof cell === "boolean") return "category";
  if (cell instanceof Date) return "date";
  if (isMissingText(cell, reading.text ? "number" : "category", reading)) return "missing";
  if (dateOf(cell) !== undefined) return "date";
  if (!reading.text || leadingZero.test(cell)) return "category";
  const value = numberOf(cell);
  if (value === undefined) return "category";
  const isName = integer.test(cell) && !Number.isSafeInteger(value) && String(value) !== cell;
  return isName ? "category" : "number";
}

/** A cell in a few words, for errors. */
export function shown(cell: unknown): string {
  if (cell === null || cell === undefined || cell === "") return "nothing";
  if (typeof cell === "bigint" || typeof cell === "number") return String(cell);
  const text = cell instanceof Date ? String(cell.getTime()) : (JSON.stringify(cell) ?? typeof cell);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
