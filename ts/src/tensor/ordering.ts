// Methods of order: sorting, the indices that sort, the largest elements, quantiles.
// A base class of Tensor; the derivative of a sorted value is that of the element that it is. NaN counts as the largest.
import { namesOf, optionsOf } from "../config/options.js";
import { axisOf, misfit, requireWhole } from "./checks.js";
import { Reduced, type ReduceOptions, reduceNames } from "./reduction.js";
import type { Tensor } from "./tensor.js";

/** Elements in order and the places that they came from. A type, not an interface, so that it is a {@link Tree}. */
export type Sorted = {
  /** The elements. */
  readonly values: Tensor;
  /** The place of each along the axis, as i64: `values` is `gather(axis, indices)`. */
  readonly indices: Tensor;
};

/** In which direction is sorted. */
export interface SortOptions {
  /** Whether the largest comes first; default false. */
  readonly descending?: boolean;
}

const sortNames = namesOf<SortOptions>({ descending: true });

/** Order, on concrete and traced tensors alike. Sorting is stable: equal elements keep their order in both directions. */
export abstract class Ordered extends Reduced {
  /**
   * The indices that sort an axis, by default the last one, as i64.
   *
   * @example
   * ```ts
   * await tensor([3, 1, 2]).argSort().cast("f32").toArray(); // [1, 2, 0]
   * ```
   */
  argSort(axis = -1, options: SortOptions = {}): Tensor {
    const { descending = false } = optionsOf("argSort", options, sortNames);
    const at = axisOf(axis, this.shape.length, "argSort");
    if (!descending) return this.apply("argSort", [], { axis: at });
    // The order of the reversed elements, read from its end, keeps equal ones in their order.
    const last = Math.max(0, (this.shape[at] ?? 0) - 1);
    const reversed = this.applied("argSort", [this.flip(at)], { axis: at }).flip(at);
    return reversed.mul(-1).add(last);
  }

  /**
   * The elements in order along an axis, by default the last one, and where they came from.
   *
   * @example
   * ```ts
   * const { values, indices } = tensor([3, 1, 2]).sort(0, { descending: true });
   * await values.toArray(); // [3, 2, 1]
   * await indices.toArray(); // [0, 2, 1]
   * ```
   */
  sort(axis = -1, options: SortOptions = {}): Sorted {
    const at = axisOf(axis, this.shape.length, "sort");
    const indices = this.argSort(at, optionsOf("sort", options, sortNames));
    return { values: this.gather(at, indices), indices };
  }

  /**
   * The slices along an axis, by default the first one, in the order of their keys: one key for each slice, or one for each element.
   *
   * @example
   * ```ts
   * await tensor([[1, 2], [3, 4]]).sortBy(tensor([9, 5])).toArray(); // [[3, 4], [1, 2]]
   * ```
   */
  sortBy(keys: Tensor, axis = 0, options: SortOptions = {}): Tensor {
    optionsOf("sortBy", options, sortNames);
    const at = axisOf(axis, this.shape.length, "sortBy");
    if (`${keys.shape}` === `${this.shape}`) return this.gather(at, keys.argSort(at, options));
    if (keys.rank === 1 && keys.shape[0] === this.shape[at]) return this.indexSelect(at, keys.argSort(0, options));
    const expected = `keys of shape [${this.shape[at]}] or [${this.shape.join(", ")}]`;
    throw misfit("sortBy", expected, `[${keys.shape.join(", ")}]`);
  }

  /**
   * The `count` largest elements along an axis, by default the last one, the largest first; or the smallest ones.
   *
   * @example
   * ```ts
   * await tensor([3, 1, 2]).topK(2).values.toArray(); // [3, 2]
   * ```
   */
  topK(count: number, axis = -1, options: { readonly largest?: boolean } = {}): Sorted {
    const { largest = true } = optionsOf("topK", options, ["largest"]);
    const at = axisOf(axis, this.shape.length, "topK");
    const size = this.shape[at] ?? 0;
    requireWhole("topK", "the count", [count], 0);
    if (count > size) throw misfit("topK", `at most ${size} elements along axis ${at}`, String(count));
    const indices = this.argSort(at, { descending: largest }).narrow(at, 0, count);
    return { values: this.gather(at, indices), indices };
  }

  /**
   * The q-quantile, 0 ≤ q ≤ 1, along an axis, or of all elements: between two elements, interpolated linearly (Hyndman and
   * Fan 1996, type 7). NaN where any element is.
   *
   * @example
   * ```ts
   * await tensor([1, 2, 3, 4]).quantile(0.5).item(); // 2.5
   * ```
   */
  quantile(q: number, axis?: number, options: ReduceOptions = {}): Tensor {
    const { keepDims = false } = optionsOf("quantile", options, reduceNames);
    if (axis === undefined) return this.whole(this.flatten().quantile(q, 0), options);
    return this.apply("quantile", [], { q, axis, keepDims });
  }

  /**
   * The element in the middle of the order along an axis, or of all elements; the smaller of the two in the middle of an even
   * number, as in PyTorch ({@link Ordered.quantile} of 0.5 is their mean). NaN where any element is.
   *
   * @example
   * ```ts
   * await tensor([4, 1, 3, 2]).median().item(); // 2
   * ```
   */
  median(axis?: number, options: ReduceOptions = {}): Tensor {
    const { keepDims = false } = optionsOf("median", options, reduceNames);
    if (axis === undefined) return this.whole(this.flatten().median(0), options);
    const at = axisOf(axis, this.shape.length, "median");
    const size = this.shape[at] ?? 0;
    if (size === 0) throw misfit("median", "at least one element", "none");
    const { values } = this.sort(at);
    const [middle, last] = [values.narrow(at, Math.floor((size - 1) / 2), 1), values.narrow(at, size - 1, 1)];
    const value = last.ne(last).where(last, middle);
    return keepDims ? value : value.squeeze(at);
  }
}
