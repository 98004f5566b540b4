// Between tensors and tables: rows of numbers out, columns of numbers in.
// A table has one row per sample and one column per coordinate.
import { optionsOf } from "../config/options.js";
import { DataError, ShapeError } from "../errors.js";
import type { DType } from "../native/boundary.js";
import { tensor } from "../tensor/create.js";
import type { TypedArray } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Columns of equal length as a tensor `[rows, columns]`.
 *
 * @throws DataError where lengths differ, or there is nothing
 *
 * @example
 * ```ts
 * fromColumns([[1, 2, 3], [4, 5, 6]]).shape; // [3, 2]
 * ```
 */
export function fromColumns(columns: readonly ArrayLike<number>[], options: { readonly dtype?: DType } = {}): Tensor {
  const { dtype = "f32" } = optionsOf("fromColumns", options, ["dtype"]);
  const rows = columns[0]?.length ?? 0;
  const lengths = columns.map(({ length }) => length);
  if (rows === 0 || lengths.some((length) => length !== rows)) {
    const [expected, got] = ["columns of one length ≥ 1", `lengths [${lengths}]`];
    throw new DataError(`fromColumns: expected ${expected}, got ${got}`, { expected, got, where: "fromColumns" });
  }
  const elements = new Float64Array(rows * columns.length);
  columns.forEach((column, j) => {
    for (let i = 0; i < rows; i++) elements[i * columns.length + j] = column[i] ?? Number.NaN;
  });
  return tensor(elements, { dtype, shape: [rows, columns.length] });
}

/**
 * The rows of a tensor `[rows, …]` as arrays of numbers; later dimensions are written one after the other.
 *
 * @throws ShapeError for a scalar
 *
 * @example
 * ```ts
 * await toRows(tensor([[[1, 2]], [[3, 4]]])); // [[1, 2], [3, 4]]
 * ```
 */
export async function toRows(table: Tensor): Promise<number[][]> {
  const [rows, ...rest] = table.shape;
  if (rows === undefined) {
    throw new ShapeError("expected a tensor of rows, got a scalar", { expected: "[rows, …]", got: "[]" });
  }
  const width = rest.reduce((product, size) => product * size, 1);
  const elements = Array.from(await table.data(), Number);
  return Array.from({ length: rows }, (_, i) => elements.slice(i * width, (i + 1) * width));
}

/** Numbers as JavaScript has them: those of most tensors are read where they are. */
export type Numbers = Exclude<TypedArray, BigInt64Array>;

/** The elements of a tensor, row by row. */
export async function numbersOf(tensor: Tensor): Promise<Numbers> {
  const elements = await tensor.data();
  return elements instanceof BigInt64Array ? Float64Array.from(elements, Number) : elements;
}
