// Builds one column, cell by cell, and refuses what does not belong into it.
// Arrays grow by doubling; nothing else is kept of what was read.
import { type Cell, dateOf, isExact, isMissingText, numberOf, type Reading } from "./cells.js";
import type { Column, ColumnType } from "./columns.js";

/** What a column expects, for errors. */
export const expectedOf: Readonly<Record<ColumnType, string>> = {
  number: "a number",
  date: 'a date such as "2024-05-31" or "2024-05-31T12:00:00Z"',
  category: "a text",
};

/** Elements that a column has room for at first. */
const FIRST = 64;

/** A column that is being read. */
export class ColumnBuilder {
  readonly name: string;
  readonly type: ColumnType;
  readonly #reading: Reading;
  readonly #codes = new Map<string, number>();
  #elements: Float64Array | Int32Array;
  #length = 0;

  constructor(name: string, type: ColumnType, reading: Reading) {
    this.name = name;
    this.type = type;
    this.#reading = reading;
    this.#elements = type === "category" ? new Int32Array(FIRST) : new Float64Array(FIRST);
  }

  /** Appends a cell: `"missing"` where it has no value, `"refused"` where it is not of the column's type. */
  push(cell: Cell): "taken" | "missing" | "refused" {
    const element = this.type === "category" ? this.#code(cell) : this.#number(cell);
    if (element === undefined) return "refused";
    if (this.#length === this.#elements.length) this.#grow();
    this.#elements[this.#length++] = element;
    const isMissing = this.type === "category" ? element < 0 : Number.isNaN(element);
    return isMissing ? "missing" : "taken";
  }

  #code(cell: Cell): number | undefined {
    if (cell === null || cell === undefined) return -1;
    if (typeof cell === "number" && Number.isNaN(cell)) return -1;
    if (typeof cell === "object" && !(cell instanceof Date)) return undefined;
    const text = cell instanceof Date ? cell.toISOString() : String(cell);
    if (isMissingText(text, "category", this.#reading)) return -1;
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#codes.set(text, this.#codes.size);
    return this.#codes.size - 1;
  }

  #number(cell: Cell): number | undefined {
    if (cell === null || cell === undefined) return Number.NaN;
    if (this.type === "date") {
      if (cell instanceof Date) return cell.getTime();
      if (typeof cell !== "string") return undefined;
      return isMissingText(cell, "date", this.#reading) ? Number.NaN : dateOf(cell);
    }
    if (typeof cell === "number") return Math.abs(cell) === Number.POSITIVE_INFINITY ? undefined : cell;
    if (typeof cell === "bigint") return isExact(cell) ? Number(cell) : undefined;
    if (typeof cell !== "string" || !this.#reading.text) return undefined;
    return isMissingText(cell, "number", this.#reading) ? Number.NaN : numberOf(cell);
  }

  #grow(): void {
    const { length } = this.#elements;
    const larger = this.type === "category" ? new Int32Array(2 * length) : new Float64Array(2 * length);
    larger.set(this.#elements);
    this.#elements = larger;
  }

  /** The column. */
  finish(): Column {
    const { name, type } = this;
    const elements = this.#elements.slice(0, this.#length);
    if (type === "category") {
      return { type, name, codes: elements as Int32Array, categories: [...this.#codes.keys()] };
    }
    return { type, name, values: elements as Float64Array };
  }
}
