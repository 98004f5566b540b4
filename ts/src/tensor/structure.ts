// Methods that change a tensor's shape, take it apart or repeat it, without looking at its elements.
// A base class of Tensor; negative axes count from the end everywhere.
import { type Axes, axesOf, axisOf, misfit, refused, requireWhole } from "./checks.js";
import { Elementary } from "./elementary.js";
import type { Tensor } from "./tensor.js";

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/** Structural methods, on concrete and traced tensors alike; what does not fit throws a `ShapeError` at once. */
export abstract class Structural extends Elementary {
  /** Sizes of the dimensions; empty for a scalar. */
  abstract get shape(): readonly number[];

  /**
   * Tensors one after the other along an axis; there is at least one.
   *
   * @internal
   */
  protected joined(parts: readonly Tensor[], axis: number): Tensor {
    return this.applied("concat", parts, { axis });
  }

  /** The same elements in another shape; one size may be −1 and follows from the others. */
  reshape(shape: readonly number[]): Tensor {
    return this.apply("reshape", [], { shape });
  }

  /** The dimensions `start` … `end` as one; by default all of them. */
  flatten(start = 0, end = -1): Tensor {
    const rank = this.shape.length;
    if (rank === 0) return this.reshape([1]);
    const [first, last] = [axisOf(start, rank, "flatten"), axisOf(end, rank, "flatten")];
    if (last < first) throw misfit("flatten", `an end from ${first} on`, String(end));
    const inner = product(this.shape.slice(first, last + 1));
    return this.reshape([...this.shape.slice(0, first), inner, ...this.shape.slice(last + 1)]);
  }

  /** One dimension as several; one of their sizes may be −1 and follows from the others. */
  unflatten(axis: number, sizes: readonly number[]): Tensor {
    const at = axisOf(axis, this.shape.length, "unflatten");
    const total = this.shape[at] ?? 0;
    const known = product(sizes.filter((size) => size !== -1));
    const filled = sizes.map((size) => (size === -1 && known > 0 ? total / known : size));
    requireWhole("unflatten", "sizes", filled, 0);
    if (product(filled) !== total) throw misfit("unflatten", `sizes with product ${total}`, `[${sizes}]`);
    return this.reshape([...this.shape.slice(0, at), ...filled, ...this.shape.slice(at + 1)]);
  }

  /** Repeated along new leading dimensions and along those of size 1; a size of −1 stays as it is. */
  broadcastTo(shape: readonly number[]): Tensor {
    const added = shape.length - this.shape.length;
    return this.apply("broadcastTo", [], {
      shape: shape.map((size, i) => (size === -1 ? (this.shape[i - added] ?? size) : size)),
    });
  }

  /** {@link Structural.broadcastTo} the shape of another tensor. */
  expandAs(other: Tensor): Tensor {
    return this.broadcastTo(other.shape);
  }

  /** Dimensions in another order: result dimension i is dimension `axes[i]`. */
  permute(axes: readonly number[]): Tensor {
    return this.apply("permute", [], { axes });
  }

  /** Two dimensions exchanged; by default the last two, `[…, m, n] → […, n, m]`. */
  transpose(first?: number, second = -1): Tensor {
    if (first === undefined) return this.apply("transpose");
    const rank = this.shape.length;
    const [a, b] = [axisOf(first, rank, "transpose"), axisOf(second, rank, "transpose")];
    return this.permute(this.shape.map((_, i) => (i === a ? b : i === b ? a : i)));
  }

  /** The dimension `from` at place `to` of the result; the others keep their order. */
  moveAxis(from: number, to: number): Tensor {
    const rank = this.shape.length;
    const [moved, place] = [axisOf(from, rank, "moveAxis"), axisOf(to, rank, "moveAxis")];
    const order = this.shape.map((_, i) => i).filter((i) => i !== moved);
    return this.permute([...order.slice(0, place), moved, ...order.slice(place)]);
  }

  /** Without a dimension of size 1, or without all of them where no axis is given. */
  squeeze(axis?: number): Tensor {
    if (axis === undefined) return this.reshape(this.shape.filter((size) => size !== 1));
    return this.apply("squeeze", [], { axis });
  }

  /** With a new dimension of size 1, at `axis` of the result. */
  unsqueeze(axis: number): Tensor {
    return this.apply("unsqueeze", [], { axis });
  }

  /** The elements `start`, …, `start + length − 1` along an axis. */
  narrow(axis: number, start: number, length: number): Tensor {
    requireWhole("narrow", "start and length", [start, length], 0);
    return this.apply("narrow", [], { axis, start, length });
  }

  /** Parts along an axis: of `size` elements each (the last may be smaller), or of the sizes given. */
  split(size: number | readonly number[], axis = 0): Tensor[] {
    const at = axisOf(axis, this.shape.length, "split");
    const total = this.shape[at] ?? 0;
    requireWhole("split", "sizes", typeof size === "number" ? [size] : size, typeof size === "number" ? 1 : 0);
    const sizes =
      typeof size === "number"
        ? Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.min(size, total - i * size))
        : size;
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== total) throw misfit("split", `sizes with sum ${total}`, `[${sizes}]`);
    let start = 0;
    return sizes.map((length) => {
      start += length;
      return this.narrow(at, start - length, length);
    });
  }

  /**
   * At most `count` parts of equal size along an axis; the last may be smaller.
   *
   * @example
   * ```ts
   * const [scale, shift] = zeros([4, 6]).chunk(2, -1); // each of shape [4, 3]
   * ```
   */
  chunk(count: number, axis = 0): Tensor[] {
    requireWhole("chunk", "the count", [count], 1);
    const at = axisOf(axis, this.shape.length, "chunk");
    return this.split(Math.max(1, Math.ceil((this.shape[at] ?? 0) / count)), at);
  }

  /** The slices along an axis, without that axis. */
  unbind(axis = 0): Tensor[] {
    const at = axisOf(axis, this.shape.length, "unbind");
    return this.split(1, at).map((part) => part.squeeze(at));
  }

  /** Reversed along an axis, or along several. */
  flip(axes: Axes): Tensor {
    return axesOf(axes, this.shape.length, "flip").reduce((x, axis) => this.applied("flip", [x], { axis }), this.self);
  }

  /**
   * Moved by `shift` places along an axis; what leaves at one end comes in at the other.
   *
   * @example
   * ```ts
   * await tensor([1, 2, 3]).roll(1, 0).toArray(); // [3, 1, 2]
   * ```
   */
  roll(shift: number, axis: number): Tensor {
    const at = axisOf(axis, this.shape.length, "roll");
    requireWhole("roll", "the shift", [Math.abs(shift)], 0);
    const size = this.shape[at] ?? 0;
    const cut = size === 0 ? 0 : ((-shift % size) + size) % size;
    return cut === 0 ? this.self : this.joined([this.narrow(at, cut, size - cut), this.narrow(at, 0, cut)], at);
  }

  /**
   * The whole tensor, `counts[i]` times along axis i; counts in front of its own dimensions add new ones.
   *
   * @example
   * ```ts
   * await tensor([1, 2]).repeat([2, 2]).toArray(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
   * ```
   */
  repeat(counts: readonly number[]): Tensor {
    if (!Array.isArray(counts)) throw refused("repeat", "counts", "an array of numbers", counts);
    requireWhole("repeat", "counts", counts, 0);
    const added = counts.length - this.shape.length;
    if (added < 0) throw misfit("repeat", `at least ${this.shape.length} counts`, `[${counts}]`);
    const sizes = counts.map((_, i) => this.shape[i - added] ?? 1);
    const apart = this.reshape(sizes.flatMap((size) => [1, size]));
    const spread = apart.broadcastTo(sizes.flatMap((size, i) => [counts[i] ?? 1, size]));
    return spread.reshape(sizes.map((size, i) => size * (counts[i] ?? 1)));
  }

  /**
   * Every slice along an axis `count` times in a row.
   *
   * @example
   * ```ts
   * await tensor([1, 2]).repeatInterleave(2, 0).toArray(); // [1, 1, 2, 2]
   * ```
   */
  repeatInterleave(count: number, axis: number): Tensor {
    requireWhole("repeatInterleave", "the count", [count], 0);
    const at = axisOf(axis, this.shape.length, "repeatInterleave");
    const [before, size, after] = [this.shape.slice(0, at), this.shape[at] ?? 0, this.shape.slice(at + 1)];
    const apart = this.unsqueeze(at + 1).broadcastTo([...before, size, count, ...after]);
    return apart.reshape([...before, size * count, ...after]);
  }
}
