// Tensors of a regular pattern: equal distances, the identity, the coordinates of a grid.
// Made of arange, so that nothing is copied from JavaScript.
import { optionsOf } from "../config/options.js";
import { misfit, refused } from "./checks.js";
import { arange, checkedShape, type FillOptions, fillNames, full } from "./create.js";
import type { Tensor } from "./tensor.js";

/**
 * `count` numbers at equal distances from start to stop, both included; as f32 unless another type is given.
 *
 * @example
 * ```ts
 * await linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function linspace(start: number, stop: number, count: number, options: FillOptions = {}): Tensor {
  checkedShape([count], "linspace");
  const { dtype = "f32" } = optionsOf("linspace", options, fillNames);
  if (count === 1) return full([1], start, { dtype });
  // Both ends are exact, and every element is rounded once.
  const place = arange(count, { dtype: "f64" }).div(Math.max(1, count - 1));
  return place.rsub(1).mul(start).add(place.mul(stop)).cast(dtype);
}

/**
 * The identity matrix `[rows, columns]`, square where only rows are given.
 *
 * @example
 * ```ts
 * await eye(2).toArray(); // [[1, 0], [0, 1]]
 * ```
 */
export function eye(rows: number, columns = rows, options: FillOptions = {}): Tensor {
  checkedShape([rows, columns], "eye");
  const { dtype = "f32" } = optionsOf("eye", options, fillNames);
  const row = arange(rows, { dtype: "i64" }).unsqueeze(1);
  return row.eq(arange(columns, { dtype: "i64" })).cast(dtype);
}

/**
 * The coordinates of a grid: of n vectors, n tensors of n dimensions, the i-th of which varies with the i-th vector.
 *
 * @param axes - vectors
 * @param options - `indexing: "xy"` exchanges the first two dimensions; default `"ij"`
 * @throws ShapeError where one is no vector
 *
 * @example
 * ```ts
 * const [rows, columns] = meshgrid([arange(2), arange(3)]);
 * await rows.toArray(); // [[0, 0, 0], [1, 1, 1]]
 * await columns.toArray(); // [[0, 1, 2], [0, 1, 2]]
 * ```
 */
export function meshgrid(axes: readonly Tensor[], options: { readonly indexing?: "ij" | "xy" } = {}): Tensor[] {
  const wrong = axes.find((axis) => axis.rank !== 1);
  if (wrong !== undefined) throw misfit("meshgrid", "vectors", `[${wrong.shape.join(", ")}]`);
  const { indexing = "ij" } = optionsOf("meshgrid", options, ["indexing"]);
  if (indexing !== "ij" && indexing !== "xy") throw refused("meshgrid", "indexing", '"ij" or "xy"', indexing);
  const sizes = axes.map((axis) => axis.size);
  const grids = axes.map((axis, i) => axis.reshape(sizes.map((size, k) => (k === i ? size : 1))).broadcastTo(sizes));
  return indexing === "xy" && axes.length > 1 ? grids.map((grid) => grid.transpose(0, 1)) : grids;
}
