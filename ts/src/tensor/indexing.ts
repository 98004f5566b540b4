// Methods that pick elements by their places, or put elements at places.
// A base class of Tensor; negative axes count from the end everywhere.
import type { DType } from "../native/boundary.js";
import { at, type Index } from "./at.js";
import { axisOf, misfit, requireWhole } from "./checks.js";
import type { Operand } from "./elementwise.js";
import { Padded } from "./padding.js";
import type { Tensor } from "./tensor.js";

/** Methods of indexing, on concrete and traced tensors alike. */
export abstract class Indexed extends Padded {
  /**
   * 0, 1, …, length − 1 as i64.
   *
   * @internal
   */
  protected abstract counted(length: number): Tensor;

  /**
   * Numbers that are constants of the graph.
   *
   * @internal
   */
  protected abstract numbers(values: readonly number[], shape: readonly number[], dtype: DType): Tensor;

  /**
   * Indexing as `x[…]` in Python: one {@link Index} for each dimension from the first on; dimensions that are not mentioned are
   * taken whole. Several index tensors are broadcast and pick elements together; their dimensions replace those that they
   * index, or come first where these do not lie together.
   *
   * @throws ShapeError where a number is out of range (a range is cut, as in Python); DTypeError where a tensor is not i64
   *
   * @example
   * ```ts
   * const grid = arange(12).reshape([3, 4]);
   * await grid.at(-1, "1:3").toArray(); // [9, 10]
   * await grid.at("::2", 0).toArray(); // [0, 8]
   * grid.at("...", null, ":2").shape; // [3, 1, 2]
   * await grid.at(tensor([2n, 0n]), tensor([1n, 3n])).toArray(); // [9, 3]
   * ```
   */
  at(...indices: readonly Index[]): Tensor {
    return at(this.self, indices);
  }

  /** The element `index` along an axis, which is removed; a negative index counts from the end. */
  select(axis: number, index: number): Tensor {
    const along = axisOf(axis, this.shape.length, "select");
    return this.narrow(along, index < 0 ? index + (this.shape[along] ?? 0) : index, 1).squeeze(along);
  }

  /**
   * A box of the tensor: elements `starts[i]`, `starts[i] + steps[i]`, … below `stops[i]` along axis i. Negative
   * starts and stops count from the end; dimensions that are not named are taken whole.
   */
  slice(starts: readonly number[], stops: readonly number[] = [], steps: readonly number[] = []): Tensor {
    const fromEnd = (place: number, size: number) => (place < 0 ? place + size : place);
    const box = {
      starts: this.shape.map((size, i) => fromEnd(starts[i] ?? 0, size)),
      stops: this.shape.map((size, i) => fromEnd(stops[i] ?? size, size)),
      steps: this.shape.map((_, i) => steps[i] ?? 1),
    };
    requireWhole("slice", "starts (counted from the first element)", box.starts, 0);
    requireWhole("slice", "stops (counted from the first element)", box.stops, 0);
    requireWhole("slice", "steps", box.steps, 1);
    return this.apply("slice", [], box);
  }

  /** The slices along `axis` that i64 `indices` name; their dimensions replace that axis. */
  indexSelect(axis: number, indices: Tensor): Tensor {
    return this.apply("gather", [indices], { axis });
  }

  /**
   * Elements along `axis`, each by an index of its own: element (…, i, …) of the result is that at (…, indices(…, i, …), …).
   * The i64 indices have as many dimensions as this tensor; along other axes they may be smaller, and the rest is left out.
   *
   * @example
   * ```ts
   * await tensor([[1, 2], [3, 4]]).gather(1, tensor([[1n], [0n]])).toArray(); // [[2], [3]]
   * ```
   */
  gather(axis: number, indices: Tensor): Tensor {
    const along = axisOf(axis, this.shape.length, "gather");
    const stops = this.shape.map((size, i) => (i === along ? size : Math.min(size, indices.shape[i] ?? size)));
    return this.applied("takeAlong", [this.slice([], stops), indices], { axis: along });
  }

  /**
   * This tensor with other elements at some places: the opposite of {@link Indexed.gather}, so that element (…, i, …) of
   * `values`, or the number, comes to (…, indices(…, i, …), …). The i64 indices have this tensor's shape except along `axis`.
   * Values that come to one place are added up.
   *
   * @example
   * ```ts
   * await zeros([2, 3]).scatter(1, tensor([[2n], [0n]]), 1).toArray(); // [[0, 0, 1], [1, 0, 0]]
   * ```
   */
  scatter(axis: number, indices: Tensor, values: Operand): Tensor {
    const along = axisOf(axis, this.shape.length, "scatter");
    const wanted = this.shape.map((size, i) => (i === along ? (indices.shape[i] ?? size) : size));
    if (`${indices.shape}` !== `${wanted}`) {
      throw misfit("scatter", `indices of shape [${wanted.join(", ")}]`, `[${indices.shape.join(", ")}]`);
    }
    const given = typeof values === "number" ? this.scalar(values) : values;
    const placed = (what: Tensor) =>
      this.applied("addAlong", [what.broadcastTo(wanted), indices], { axis: along, size: this.shape[along] });
    return placed(this.scalar(1)).gt(0).where(placed(given), this.self);
  }

  /** Zeros with `size` slices along `axis`, to which the slices of this tensor are added at i64 `indices`. */
  scatterAdd(axis: number, indices: Tensor, size: number): Tensor {
    return this.apply("scatterAdd", [indices], { axis, size });
  }

  /** i64 classes `[…]` as f32 rows `[…, classes]` that are 1 at the class and 0 elsewhere. */
  oneHot(classes: number): Tensor {
    return this.apply("oneHot", [], { classes });
  }

  /**
   * The elements (i, i + offset) of two axes, by default the last two, as a new last dimension.
   *
   * @example
   * ```ts
   * await tensor([[1, 2], [3, 4]]).diagonal().toArray(); // [1, 4]
   * ```
   */
  diagonal(offset = 0, first = -2, second = -1): Tensor {
    const rank = this.shape.length;
    const axes = [axisOf(first, rank, "diagonal"), axisOf(second, rank, "diagonal")] as const;
    requireWhole("diagonal", "the offset", [Math.abs(offset)], 0);
    if (axes[0] === axes[1]) throw misfit("diagonal", "two axes", `${first} and ${second}`);
    const rest = this.shape.map((_, i) => i).filter((i) => !axes.includes(i));
    const starts = [Math.max(0, -offset), Math.max(0, offset)];
    const length = Math.max(0, Math.min(...axes.map((axis, i) => (this.shape[axis] ?? 0) - (starts[i] ?? 0))));
    // In a square laid out row by row, one element of the diagonal follows the other at a distance of a row and one.
    const square = this.permute([...rest, ...axes])
      .narrow(-2, length === 0 ? 0 : (starts[0] ?? 0), length)
      .narrow(-1, length === 0 ? 0 : (starts[1] ?? 0), length)
      .flatten(-2);
    return square.slice([], [], [...rest.map(() => 1), length + 1]);
  }

  /** The elements of the last two dimensions at (i, j) with j ≤ i + diagonal; 0 elsewhere. */
  tril(diagonal = 0): Tensor {
    return this.#places(diagonal, "tril", (row, column) => row.ge(column));
  }

  /** The elements of the last two dimensions at (i, j) with j ≥ i + diagonal; 0 elsewhere. */
  triu(diagonal = 0): Tensor {
    return this.#places(diagonal, "triu", (row, column) => row.le(column));
  }

  #places(diagonal: number, name: string, test: (row: Tensor, column: Tensor) => Tensor): Tensor {
    requireWhole(name, "the diagonal", [Math.abs(diagonal)], 0);
    const rank = this.shape.length;
    const [rows, columns] = [-2, -1].map((axis) => this.shape[axisOf(axis, rank, name)] ?? 0);
    const row = this.counted(rows ?? 0).add(diagonal);
    return test(row.unsqueeze(1), this.counted(columns ?? 0)).where(this.self, 0);
  }
}
