// Data as the rows that a model takes: of its shape and element type, with what goes with them.
// Tables of models with an encoding stay tables; the encoding is the model's.
import { resolve } from "node:path";
import type { NumberColumn } from "../../data/columns.js";
import type { Table } from "../../data/table.js";
import { ConfigError, DataError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Data, type ReadOptions, readData } from "./kinds.js";

/** What a model says of its rows. */
export interface RowsOf {
  /** Shape of a state; undefined where it follows from the data. */
  readonly xSize: unknown;
  readonly conditionSize: unknown;
  readonly dtype: "f32" | "f64";
  /** Whether states are tokens. */
  readonly tokens: boolean;
}

/** Where the rows come from. */
export interface Paths {
  readonly data: string;
  /** Samples of the source, of a model between two sets. */
  readonly source?: string | undefined;
  /** Conditions, row by row. */
  readonly condition?: string | undefined;
}

/** A path as it is found from elsewhere; the name of a data set as it is. */
export const absolute = (path: string) => (path.startsWith("datasets.") ? path : resolve(path));

/** The numbers of a table, `[rows, columns]`. */
export async function numbersOf(table: Table, path: string): Promise<Tensor> {
  const { fromColumns } = await import("../../data/rows.js");
  const other = table.columns.find(({ type }) => type !== "number");
  if (other === undefined)
    return fromColumns(
      (table.columns as NumberColumn[]).map(({ values }) => values),
      { dtype: "f64" },
    );
  const [expected, got] = ["columns of numbers alone", `${JSON.stringify(other.name)}, a column of type ${other.type}`];
  throw new DataError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
}

const sizeOf = (size: unknown): readonly number[] | undefined => {
  if (typeof size === "number") return [size];
  return Array.isArray(size) ? size : undefined;
};

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/** Rows in the shape of a size, where they have as many elements. */
function shaped(rows: Tensor, size: unknown): Tensor {
  const [count = 0, ...rest] = rows.shape;
  const wanted = sizeOf(size);
  if (wanted === undefined) return rows.rank === 1 ? rows.reshape([count, 1]) : rows;
  return product(wanted) === product(rest) ? rows.reshape([count, ...wanted]) : rows;
}

/** States of a model, or what goes with them. */
export function statesOf(rows: Tensor, { xSize, dtype, tokens }: RowsOf): Tensor {
  return shaped(rows, xSize).cast(tokens ? "i64" : dtype);
}

/** Conditions of a model: vectors as they are; labels as numbers, or as one of several where the model's condition has that size. */
export function conditionsOf(rows: Tensor, { conditionSize, dtype }: RowsOf): Tensor {
  const isLabel = rows.dtype === "i64" && product(rows.shape.slice(1)) === 1;
  if (isLabel && typeof conditionSize === "number" && conditionSize > 1) {
    return rows
      .reshape([rows.shape[0] ?? 0])
      .oneHot(conditionSize)
      .cast(dtype);
  }
  return shaped(rows, conditionSize).cast(dtype);
}

async function tensorOf(path: string, options: ReadOptions = {}, xSize?: unknown): Promise<Tensor> {
  const data = await readData(path, options, xSize);
  return data.kind === "table" ? numbersOf(data.table, path) : data.x;
}

/**
 * Reads what a model is fitted to or measured on.
 *
 * @param encoded - whether a table stays one
 * @throws ConfigError where a table is asked to go with other files; DataError where files cannot be read
 */
export async function readRows(paths: Paths, options: ReadOptions, model: RowsOf, encoded: boolean): Promise<Data> {
  const data = await readData(paths.data, options, model.xSize);
  const { source, condition } = paths;
  if (data.kind === "table" && encoded && source === undefined) {
    if (condition === undefined) return data;
    const expected =
      'none beside a table: the columns that are conditions are named by "encoding": { "condition": […] }';
    throw new ConfigError(`condition: expected ${expected}, got ${condition}`, { expected, got: condition });
  }
  const { kind: _, ...found } =
    data.kind === "table" ? { kind: "tensors", x: await numbersOf(data.table, paths.data) } : data;
  const given: Partial<Record<string, Tensor>> = {
    ...found,
    ...(source !== undefined && { x0: await tensorOf(source, {}, model.xSize) }),
    ...(condition !== undefined && { condition: await tensorOf(condition) }),
  };
  const {
    x,
    x0,
    condition: conditions,
    sampleWeight,
    energy,
  } = given as Partial<Record<string, Tensor>> & { x: Tensor };
  const isConditional = condition !== undefined || model.conditionSize !== undefined;
  return {
    kind: "tensors",
    // Candidates of an energy have a dimension more.
    x: energy === undefined ? statesOf(x, model) : x.cast(model.dtype),
    ...(x0 && { x0: statesOf(x0, model) }),
    // Labels that come with images are taken by models that have a condition.
    ...(conditions && isConditional && { condition: conditionsOf(conditions, model) }),
    ...(sampleWeight && { sampleWeight: sampleWeight.cast(model.dtype) }),
    ...(energy && { energy: energy.cast(model.dtype) }),
  };
}
