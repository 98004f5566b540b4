// Builds a table row by row, whichever format the rows come from: infers types, and says where what is wrong.
// The table exists once all rows are there; a failure leaves nothing behind.

import { hint } from "../config/nearest.js";
import { ConfigError, DataError } from "../errors.js";
import { type Cell, type CellKind, kindOf, type Reading, shown } from "./cells.js";
import { ColumnBuilder, expectedOf } from "./column-builder.js";
import type { Column, ColumnType } from "./columns.js";
import { listed } from "./names.js";
import { atOnce, type Steps } from "./slices.js";

/** How a source is read. */
export interface BuildSettings extends Reading {
  /** The file, or what else the rows come from. */
  readonly source: string;
  /** What rows are counted in: the lines of a text, or rows, from 1. */
  readonly unit: "line" | "row";
  /** Types that were asked for. */
  readonly columns: ReadonlyMap<string, ColumnType | "skip">;
  /** Whether a missing value is an error. */
  readonly refuseMissing: boolean;
}

/** Rows that decide the types of columns. */
export const SAMPLE = 1000;

/** Cells of one step. */
const STEP = 256;

interface Held {
  readonly cells: readonly Cell[];
  readonly at: number;
}

/** A cell that is not what it must be. */
export function wrongCell(
  { source, unit }: Pick<BuildSettings, "source" | "unit">,
  place: { readonly at: number; readonly column: string },
  expected: string,
  got: string,
  remedy = "",
): DataError {
  const where = `${unit} ${place.at}, column ${JSON.stringify(place.column)}`;
  return new DataError(`${source}: ${where}: expected ${expected}, got ${got}${remedy}`, {
    expected,
    got,
    path: source,
    where,
  });
}

/** Names of columns, each once and none of them empty: one without a name is called by its place. */
export function checkedNames(names: readonly string[], source: string): string[] {
  const all = names.map((name, i) => (name === "" ? `column${i + 1}` : name));
  const known = new Set<string>();
  const twice = all.find((name) => known.size === known.add(name).size);
  if (twice === undefined) return all;
  const [expected, got] = ["columns of different names", `two called ${JSON.stringify(twice)}`];
  throw new DataError(`${source}: expected ${expected}, got ${got}`, { expected, got, path: source });
}

/** Refuses settings for columns that are not there. */
export function checkKnown(columns: Iterable<string>, names: readonly string[], source: string): void {
  const all = new Set(names);
  const unknown = [...columns].find((name) => !all.has(name));
  if (unknown === undefined) return;
  const expected = `a column of ${source} (${listed(names)})`;
  throw new ConfigError(`columns.${unknown}: expected ${expected}${hint(unknown, names)}`, {
    expected,
    got: unknown,
    path: `columns.${unknown}`,
  });
}

/** A table that is being read. */
export class TableBuilder {
  readonly #settings: BuildSettings;
  readonly #names: readonly string[];
  readonly #kept: readonly number[];
  #head: Held[] | undefined = [];
  #builders: ColumnBuilder[] = [];

  constructor(names: readonly string[], settings: BuildSettings) {
    this.#settings = settings;
    this.#names = checkedNames(names, settings.source);
    const wanted = [...settings.columns].filter(([, type]) => type !== "skip").map(([name]) => name);
    checkKnown(wanted, this.#names, settings.source);
    this.#kept = this.#names.flatMap((name, i) => (settings.columns.get(name) === "skip" ? [] : [i]));
  }

  /** Appends a row, which is at this line (or is the row of this number). */
  row(cells: readonly Cell[], at: number): void {
    if (this.#head === undefined) this.#append(cells, at, 0, this.#builders.length);
    else atOnce(this.take(cells, at));
  }

  /** Appends a row in steps. */
  *take(cells: readonly Cell[], at: number): Steps {
    if (this.#head === undefined) {
      yield* this.#rowOf(cells, at);
      return;
    }
    this.#head.push({ cells: [...cells], at });
    if (this.#head.length === SAMPLE) yield* this.#settle(this.#head);
    else yield;
  }

  *#rowOf(cells: readonly Cell[], at: number): Steps {
    for (let k = 0; k < this.#builders.length; k += STEP) {
      this.#append(cells, at, k, Math.min(this.#builders.length, k + STEP));
      yield;
    }
  }

  /** Appends the cells of some columns. */
  #append(cells: readonly Cell[], at: number, first: number, end: number): void {
    const { refuseMissing } = this.#settings;
    for (let k = first; k < end; k++) {
      const [builder, index] = [this.#builders[k], this.#kept[k] ?? 0];
      const outcome = builder?.push(cells[index]);
      if (builder === undefined || outcome === "taken" || (outcome === "missing" && !refuseMissing)) continue;
      const place = { at, column: builder.name };
      if (outcome === "missing") throw wrongCell(this.#settings, place, "a value", "none");
      const isChosen = this.#settings.columns.has(builder.name);
      const remedy = isChosen ? "" : `; ${asked(builder.name)} makes all of them categories`;
      throw wrongCell(this.#settings, place, expectedOf[builder.type], shown(cells[index]), remedy);
    }
  }

  /** Chooses types by the first rows. */
  *#settle(head: readonly Held[]): Steps {
    const builders: ColumnBuilder[] = [];
    for (const index of this.#kept) {
      const name = this.#names[index] ?? "";
      const type = this.#settings.columns.get(name) ?? this.#inferred(name, index, head);
      builders.push(new ColumnBuilder(name, type === "skip" ? "category" : type, this.#settings));
      yield;
    }
    this.#head = undefined;
    this.#builders = builders;
    for (const { cells, at } of head) yield* this.#rowOf(cells, at);
  }

  #inferred(name: string, index: number, head: readonly Held[]): ColumnType {
    const kinds = head.map(({ cells }) => kindOf(cells[index], this.#settings));
    const present = kinds.filter((kind) => kind !== "missing").length;
    if (present === 0) return "number";
    for (const type of ["number", "date"] as const) {
      const count = kinds.filter((kind) => kind === type).length;
      if (count === present) return type;
      if (2 * count > present) throw this.#mixed(name, index, head, kinds, type, `${count} of ${present}`);
    }
    return "category";
  }

  /** The error that most rows of a column are of one type, and some are not. */
  #mixed(
    name: string,
    index: number,
    head: readonly Held[],
    kinds: readonly CellKind[],
    type: ColumnType,
    share: string,
  ): DataError {
    const first = head[kinds.findIndex((kind) => kind !== type && kind !== "missing")];
    const expected = `${expectedOf[type]}, as in ${share} rows`;
    const place = { at: first?.at ?? 0, column: name };
    const remedy = `; ${asked(name)} makes all of them categories`;
    return wrongCell(this.#settings, place, expected, shown(first?.cells[index]), remedy);
  }

  /** The columns, once all rows are there. */
  finish(): Column[] {
    return atOnce(this.finished());
  }

  /** The columns in steps, once all rows are there. */
  *finished(): Steps<Column[]> {
    if (this.#head !== undefined) yield* this.#settle(this.#head);
    const columns: Column[] = [];
    for (const builder of this.#builders) {
      columns.push(builder.finish());
      yield;
    }
    return columns;
  }
}

const asked = (name: string) => `columns: { ${JSON.stringify(name)}: "category" }`;
