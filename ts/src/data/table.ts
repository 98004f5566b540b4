// Table: named columns of numbers, dates and categories, as users have them; never changed once made.
// What a model sees of it is the business of its encoding.

import { hint } from "../config/nearest.js";
import { namesOf, optionsOf } from "../config/options.js";
import { ConfigError, DataError } from "../errors.js";
import { markOurs } from "../tensor/foreign.js";
import { type Cell, ownCell, shown } from "./cells.js";
import { type Column, gathered, isMissing, lengthOf, sliced, type Value, valueAt } from "./columns.js";
import { listed } from "./names.js";
import { permutation } from "./permutation.js";
import { refusedSetting } from "./settings.js";
import { atOnce, inTurns, type Steps } from "./slices.js";
import { type BuildSettings, checkedNames, TableBuilder } from "./table-builder.js";
import { writeTable } from "./write-table.js";

/** A row by the names of its columns; null where a value is missing. */
export type Row = Readonly<Record<string, Value>>;

/** Settings of {@link Table.split}. */
export interface SplitSettings {
  /** Share of the rows that validation gets, in (0, 1); at least one row, and at most all but one. */
  readonly validation: number;
  /** Equal seeds give equal parts; default 0. */
  readonly seed?: number;
}

const splitNames = namesOf<SplitSettings>({ validation: true, seed: true });

/** What {@link Table.split} gives. */
export interface Split {
  /** Rows to train on. */
  readonly train: Table;
  /** Rows that training does not see. */
  readonly validation: Table;
}

/** Rows that are looked at in one step. */
const ROWS = 1024;

const settings: BuildSettings = {
  source: "the table",
  unit: "row",
  columns: new Map(),
  text: false,
  missing: undefined,
  refuseMissing: false,
};

/**
 * A table: columns of one length, each of numbers, dates or categories, in which values may be missing. Made by {@link readTable}, {@link Table.fromRows} or
 * {@link Table.fromColumns}, and given by `sampleTable`.
 *
 * @example
 * ```ts
 * const table = Table.fromColumns({ height: [1.71, 1.64, null], sport: ["judo", "golf", "judo"] });
 * table.rowCount; // 3
 * table.column("sport").type; // "category"
 * table.row(2); // {"height":null,"sport":"judo"}
 * ```
 */
export class Table {
  static {
    markOurs(Table.prototype, "table");
  }

  /** The columns, in order. */
  readonly columns: readonly Column[];
  /** Number of rows. */
  readonly rowCount: number;
  /** Made when a column is asked for. */
  #byName: ReadonlyMap<string, Column> | undefined;

  /**
   * A table of columns that are typed already.
   *
   * @param columns - of one length and of different names
   * @throws DataError where they are not, or there are none
   */
  constructor(columns: readonly Column[]) {
    const lengths = [...new Set(columns.map(lengthOf))];
    if (lengths.length !== 1) {
      const [expected, got] = [
        "columns of one length",
        columns.length === 0 ? "none" : `lengths ${listed(lengths.map(String))}`,
      ];
      throw new DataError(`Table: expected ${expected}, got ${got}`, { expected, got, where: "Table" });
    }
    checkedNames(
      columns.map(({ name }) => name),
      "Table",
    );
    this.columns = Object.freeze([...columns]);
    this.rowCount = lengths[0] ?? 0;
  }

  /**
   * A table of rows; a key that a row does not have is a missing value. Numbers become columns of numbers, `Date`s and texts in the form of ISO 8601
   * dates, all else categories; null, undefined, NaN and `""` are missing values.
   *
   * @throws DataError with row (from 1) and column of a value that does not belong into its column
   *
   * @example
   * ```ts
   * Table.fromRows([{ day: "2024-05-31", rain: 0.4 }, { day: "2024-06-01" }]).column("day").type; // "date"
   * ```
   */
  static fromRows(rows: readonly Readonly<Record<string, Cell>>[]): Table {
    if (!Array.isArray(rows)) throw refusedSetting("fromRows", "an array of rows", rows);
    rows.forEach((row, i) => {
      if (typeof row === "object" && row !== null) return;
      const [expected, got, where] = ["an object of cells", shown(row), `row ${i + 1}`];
      throw new DataError(`fromRows: ${where}: expected ${expected}, got ${got}`, { expected, got, where });
    });
    const names = [...new Set(rows.flatMap(Object.keys))];
    const builder = new TableBuilder(names, settings);
    rows.forEach(
      (row, i) =>
        void builder.row(
          names.map((name) => ownCell(row, name)),
          i + 1,
        ),
    );
    return new Table(builder.finish());
  }

  /**
   * A table of columns by name, as {@link Table.fromRows} understands their values.
   *
   * @throws DataError where lengths differ, or with row (from 1) and column of a value that does not belong into its column
   */
  static fromColumns(columns: Readonly<Record<string, ArrayLike<Cell>>>): Table {
    const made = Object.entries(columns).flatMap(([name, cells]) => {
      const builder = new TableBuilder([name], settings);
      for (let i = 0; i < cells.length; i++) builder.row([cells[i]], i + 1);
      return builder.finish();
    });
    return new Table(made);
  }

  /**
   * A column by its name.
   *
   * @throws ConfigError where there is none
   */
  column(name: string): Column {
    const found = this.find(name);
    if (found !== undefined) return found;
    const names = this.columns.map((column) => column.name);
    const expected = `one of the columns ${listed(names)}`;
    throw new ConfigError(`column: expected ${expected}, got ${shown(name)}${hint(name, names)}`, {
      expected,
      got: name,
      path: name,
    });
  }

  /**
   * A column by its name, if there is one.
   *
   * @internal
   */
  find(name: string): Column | undefined {
    this.#byName ??= new Map(this.columns.map((column) => [column.name, column]));
    return this.#byName.get(name);
  }

  /** The table of these columns, in this order. */
  select(...names: readonly string[]): Table {
    return new Table(names.map((name) => this.column(name)));
  }

  /** The table without these columns. */
  drop(...names: readonly string[]): Table {
    const left = new Set(names.map((name) => this.column(name)));
    return new Table(this.columns.filter((column) => !left.has(column)));
  }

  /** The rows from `start` to before `end` (default: the last), counted from 0. */
  slice(start: number, end: number = this.rowCount): Table {
    return new Table(this.columns.map((column) => sliced(column, start, end)));
  }

  /** The rows for which a function is true. */
  filter(keeps: (row: Row) => boolean): Table {
    const rows = Uint32Array.from({ length: this.rowCount }, (_, row) => row).filter((row) => keeps(this.row(row)));
    return atOnce(this.#gathered(rows));
  }

  /** The rows of which no value is missing. */
  dropMissing(): Table {
    return atOnce(this.complete());
  }

  /**
   * {@link Table.dropMissing} in steps.
   *
   * @internal
   */
  *complete(): Steps<Table> {
    const lacks = new Uint8Array(this.rowCount);
    for (const column of this.columns) {
      for (let row = 0; row < lacks.length; row++) {
        if (isMissing(column, row)) lacks[row] = 1;
        if (row % ROWS === 0) yield;
      }
    }
    return yield* this.#gathered(Uint32Array.from(lacks, (_, row) => row).filter((row) => lacks[row] === 0));
  }

  /** The rows of these numbers. */
  *#gathered(rows: Uint32Array): Steps<Table> {
    const columns: Column[] = [];
    for (const column of this.columns) {
      columns.push(gathered(column, rows));
      yield;
    }
    return new Table(columns);
  }

  /**
   * Two tables of different rows, drawn at random, each in the order of this one.
   *
   * @throws ConfigError for a share outside of (0, 1); DataError where there are fewer than two rows
   *
   * @example
   * ```ts
   * const table = Table.fromColumns({ x: Float64Array.from({ length: 100 }, (_, i) => i) });
   * const { train, validation } = await table.split({ validation: 0.1, seed: 1 });
   * [train.rowCount, validation.rowCount]; // [90,10]
   * ```
   */
  async split(split: SplitSettings): Promise<Split> {
    const { validation, seed = 0 } = optionsOf("split", split, splitNames);
    if (!Number.isSafeInteger(seed)) throw refusedSetting("seed", "an integer", seed);
    if (!(validation > 0 && validation < 1)) {
      const [expected, got] = ["a share in (0, 1)", String(validation)];
      throw new ConfigError(`validation: expected ${expected}, got ${got}`, { expected, got, path: "validation" });
    }
    if (this.rowCount < 2) {
      const [expected, got] = ["at least two rows", String(this.rowCount)];
      throw new DataError(`split: expected ${expected}, got ${got}`, { expected, got, where: "split" });
    }
    const held = Math.min(this.rowCount - 1, Math.max(1, Math.round(validation * this.rowCount)));
    const order = await permutation(this.rowCount, seed);
    const part = (rows: Uint32Array) => inTurns(this.#gathered(rows.sort()));
    return { validation: await part(order.slice(0, held)), train: await part(order.slice(held)) };
  }

  /**
   * A row, counted from 0.
   *
   * @throws DataError where there is none
   */
  row(index: number): Row {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.rowCount) {
      const [expected, got] = [`a row in 0 … ${this.rowCount - 1}`, String(index)];
      throw new DataError(`row: expected ${expected}, got ${got}`, { expected, got, where: "row" });
    }
    return Object.fromEntries(this.columns.map((column) => [column.name, valueAt(column, index)]));
  }

  /** All rows as objects; see {@link Table.row} for one at a time. */
  toRows(): Row[] {
    return Array.from({ length: this.rowCount }, (_, row) => this.row(row));
  }

  /**
   * Writes a file, as a whole or not at all, in the format of its ending: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, `.parquet`, or `.npy` (columns of numbers alone). Reading it
   * gives an equal table, apart from categories in CSV and TSV whose texts look like numbers, dates or missing values (name their columns categories when reading),
   * and from the names of columns, which npy does not have.
   *
   * @throws ConfigError for another ending; DataError where the file cannot be written
   *
   * @example
   * ```ts
   * await Table.fromColumns({ x: [1, 2], name: ["a", "b"] }).write("table.parquet");
   * (await readTable("table.parquet")).rowCount; // 2
   * ```
   */
  async write(file: string): Promise<void> {
    await writeTable(this, file);
  }

  /** Names and types in a line, for `console.log`. */
  toString(): string {
    const columns = this.columns.map(({ name, type }) => `${name}: ${type}`);
    return `Table(${this.rowCount} rows; ${columns.join(", ")})`;
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
