// TableEncoding: a table as rows of numbers, and such rows as a table in the user's columns, categories and units.
// Plain data behind methods, so that it lives in a model's config and with it in its checkpoints.

import { nearest } from "../../config/nearest.js";
import { namesOf, optionsOf } from "../../config/options.js";
import { ConfigError, ShapeError } from "../../errors.js";
import type { ColumnEncoding, EncodingConfig } from "../../generated/config.js";
import { typedArray } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Column } from "../columns.js";
import { tensorInPieces } from "../large.js";
import { listed } from "../names.js";
import { refusedSetting } from "../settings.js";
import { inSlices, inTurns, overRows, type Steps } from "../slices.js";
import { Table } from "../table.js";
import { type Codec, checkType, codecOf, type Decoder, type Write } from "./codecs.js";

/** Where the numbers of a column lie. */
export interface ColumnPlace {
  /** Whether they are part of the condition, and not of the state. */
  readonly condition: boolean;
  /** The first of them. */
  readonly start: number;
  /** How many there are. */
  readonly width: number;
}

/** Element type of encoded rows. */
export interface EncodeSettings {
  /** Default f32, as that of models. */
  readonly dtype?: "f32" | "f64";
}

/** Rows of one step. */
const ROWS = 1024;

const encodeNames = namesOf<EncodeSettings>({ dtype: true });

const widthOf = (codecs: readonly Codec[]) => codecs.reduce((sum, { width }) => sum + width, 0);

function placesOf(codecs: readonly Codec[]): [string, ColumnPlace][] {
  let next = 0;
  return codecs.map(({ name, condition, width }) => {
    const start = next;
    next += width;
    return [name, { condition, start, width }];
  });
}

/**
 * How a table becomes rows of numbers, and such rows a table; made by {@link fitEncoding}. As `data` of a model's config it goes with the model and its
 * checkpoints: the model is then fitted to tables, and `sampleTable` gives tables.
 *
 * @example
 * ```ts
 * const table = Table.fromColumns({ age: [31, 45, 28], city: ["Bern", "Graz", "Bern"] });
 * const encoding = await fitEncoding(table);
 * encoding.width; // 3
 * const rows = await encoding.encode(table); // [3, 3]: an age, and two numbers that tell the city
 * (await encoding.decode(rows)).row(1); // {"age":45,"city":"Graz"}
 * ```
 */
export class TableEncoding implements EncodingConfig {
  /** What is known of each column, in the table's order. */
  readonly columns: readonly ColumnEncoding[];
  readonly #state: readonly Codec[];
  readonly #condition: readonly Codec[];
  /** Made when a place is asked for. */
  #places: ReadonlyMap<string, ColumnPlace> | undefined;

  /** @param config - what {@link fitEncoding} gave, or the `data` of a model's config */
  constructor(config: EncodingConfig) {
    this.columns = config.columns;
    const codecs = config.columns.map(codecOf);
    this.#state = codecs.filter(({ condition }) => !condition);
    this.#condition = codecs.filter(({ condition }) => condition);
  }

  /** Numbers of one row: the model's `xSize`. */
  get width(): number {
    return widthOf(this.#state);
  }

  /** Numbers of one row's condition: the model's `conditionSize`; 0 where no column is a condition. */
  get conditionWidth(): number {
    return widthOf(this.#condition);
  }

  /**
   * Whether all numbers of the state are in good units, and none are left in their own (`numbers: "none"`).
   *
   * @internal
   */
  get isScaled(): boolean {
    return this.columns.every(
      (column) => column.type === "category" || column.condition === true || column.transform.type !== "none",
    );
  }

  /**
   * Where the numbers of a column lie, for masks and for looking into states.
   *
   * @throws ShapeError where the encoding has no such column
   */
  place(name: string): ColumnPlace {
    this.#places ??= new Map([...placesOf(this.#state), ...placesOf(this.#condition)]);
    const place = this.#places.get(name);
    if (place !== undefined) return place;
    const expected = `one of the columns ${listed(this.columns.map((column) => column.name))}`;
    throw new ShapeError(`place: expected ${expected}, got ${JSON.stringify(name)}`, { expected, got: name });
  }

  /**
   * The rows of a table as numbers `[N, width]`, without the columns that are conditions. Columns that the encoding was not fitted to are left out, here as in
   * `fit`, `logProb` and wherever else a model takes a table; one that it was fitted to must be there.
   *
   * @throws DataError with row (from 1) and column of a missing value or an unknown category; ConfigError where the table lacks a column
   */
  encode(table: Table, settings: EncodeSettings = {}): Promise<Tensor> {
    return this.#encoded("encode", table, this.#state, settings);
  }

  /** The conditions of a table's rows as numbers `[N, conditionWidth]`; otherwise as {@link TableEncoding.encode}. */
  encodeCondition(table: Table, settings: EncodeSettings = {}): Promise<Tensor> {
    return this.#encoded("encodeCondition", table, this.#condition, settings);
  }

  /**
   * log |det| of what {@link TableEncoding.encode} does to each row, `[N]`: by how much a density of codes differs from one in the units of the table.
   *
   * @throws ConfigError where codes are not one number for each number: categories, and missing values that are kept; DataError for a value without density
   *
   * @internal
   */
  async logDeterminants(table: Table, dtype: "f32" | "f64"): Promise<Tensor> {
    if (!(table instanceof Table)) throw refusedSetting("logProb", "a table", table);
    const slopes = this.#state.map((codec) => {
      const column = this.#columnOf("logProb", table, codec);
      if (codec.logSlope !== undefined) return codec.logSlope(column);
      const what = codec.type === "category" ? "categories" : "numbers of which some are missing and kept as such";
      const [expected, got] = ["columns of numbers or dates alone", `${JSON.stringify(codec.name)} of ${what}`];
      const why = "which have no density in the units of the table";
      const remedy = "make such columns conditions, or give encoding.encode(table) for the density of the codes";
      const path = `columns.${codec.name}`;
      throw new ConfigError(`logProb: expected ${expected}, got ${got}, ${why}. Remedy: ${remedy}`, {
        expected,
        got,
        path,
      });
    });
    const sums = new Float64Array(table.rowCount);
    for (const slope of slopes) {
      await overRows(sums.length, (start, end) => {
        for (let row = start; row < end; row++) sums[row] = (sums[row] as number) + slope(row);
      });
    }
    return tensorInPieces({ shape: [sums.length], dtype }, (start, end) =>
      typedArray(sums.subarray(start, end), dtype),
    );
  }

  /**
   * The table that rows of numbers `[…, width]` mean: columns in their own units, categories by the nearest code; without the columns that are conditions.
   *
   * @throws ShapeError for another width
   */
  decode(rows: Tensor): Promise<Table> {
    return decoded(rows, this.#state);
  }

  /** The conditions that rows of numbers `[…, conditionWidth]` mean; otherwise as {@link TableEncoding.decode}. */
  decodeCondition(rows: Tensor): Promise<Table> {
    return decoded(rows, this.#condition);
  }

  /** A table's column for a codec, of the type that it must have. */
  #columnOf(call: string, table: Table, codec: Codec): Column {
    const column = table.find(codec.name);
    if (column === undefined) throw this.#lacking(call, table, codec.name);
    checkType(codec, column);
    return column;
  }

  /** The error that a table lacks a column; what is meant may be one of the table's that the encoding has no use for. */
  #lacking(call: string, table: Table, name: string): ConfigError {
    const names = table.columns.map((column) => column.name);
    const needed = new Set(this.columns.map((column) => column.name));
    const others = names.filter((each) => !needed.has(each));
    const meant = nearest(name, others);
    const hint = meant === undefined ? "" : `; is ${JSON.stringify(meant)} meant?`;
    const message = `${call}: the table has no column ${JSON.stringify(name)} (its columns: ${listed(names)})${hint}`;
    return new ConfigError(message, { expected: `a column ${JSON.stringify(name)}`, got: listed(names), path: name });
  }

  async #encoded(call: string, table: Table, codecs: readonly Codec[], settings: EncodeSettings): Promise<Tensor> {
    const { dtype = "f32" } = optionsOf(call, settings, encodeNames);
    if (!(table instanceof Table)) throw refusedSetting(call, "a table", table);
    const width = widthOf(codecs);
    const writers: { readonly write: Write; readonly width: number }[] = [];
    await inSlices(codecs.length, (i) => {
      const codec = codecs[i] as Codec;
      const column = this.#columnOf(call, table, codec);
      writers.push({ write: codec.writer(column), width: codec.width });
    });
    const Elements = dtype === "f64" ? Float64Array : Float32Array;
    return tensorInPieces({ shape: [table.rowCount, width], dtype, unit: width }, (start, end) => {
      const piece = new Elements(end - start);
      let offset = 0;
      for (const { write, width: own } of writers) {
        for (let at = 0; at < piece.length; at += width) write((start + at) / width, piece, at + offset);
        offset += own;
      }
      return piece;
    });
  }
}

async function decoded(rows: Tensor, codecs: readonly Codec[]): Promise<Table> {
  const width = widthOf(codecs);
  if (rows.shape.at(-1) !== width || width === 0) {
    const [expected, got] = [`[…, ${width}]`, `[${rows.shape.join(", ")}]`];
    throw new ShapeError(`decode: expected rows ${expected}, got ${got}`, { expected, got, where: "decode" });
  }
  const elements = (await rows.data()) as Float32Array | Float64Array;
  const count = elements.length / width;
  return new Table(await inTurns(columnsOf(codecs, elements, count)));
}

/** The columns of some rows: so many rows of a column in a step, in the order in which they lie. */
function* columnsOf(codecs: readonly Codec[], elements: ArrayLike<number>, count: number): Steps<Column[]> {
  const width = widthOf(codecs);
  const decoders: Decoder[] = [];
  for (const codec of codecs) {
    decoders.push(codec.decoder(count));
    yield;
  }
  for (let start = 0; start < count; start += ROWS) {
    let offset = 0;
    for (const [k, decoder] of decoders.entries()) {
      for (let row = start; row < Math.min(count, start + ROWS); row++)
        decoder.read(row, elements, row * width + offset);
      offset += codecs[k]?.width ?? 0;
      yield;
    }
  }
  const columns: Column[] = [];
  for (const decoder of decoders) {
    columns.push(decoder.finish());
    yield;
  }
  return columns;
}
