// Methods over the elements of some dimensions: sums, norms, running sums and products, softmax, normalisation.
// A base class of Tensor; negative axes count from the end everywhere.
import { namesOf, optionsOf } from "../config/options.js";
import { type Axes, axesOf, axisOf, refused } from "./checks.js";
import { Indexed } from "./indexing.js";
import type { Tensor } from "./tensor.js";

/** Whether reduced dimensions stay, with size 1. */
export interface ReduceOptions {
  /** Default false: reduced dimensions are removed. */
  readonly keepDims?: boolean;
}

/** How {@link Reduced.variance} and {@link Reduced.std} count. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the number of elements n before dividing by it; default 0. PyTorch's default is 1. */
  readonly correction?: number;
}

/** Which norm {@link Reduced.norm} computes. */
export interface NormOptions extends ReduceOptions {
  /** p of (Σ|x|ᵖ)^(1/p); default 2. ±Infinity is the largest or smallest |x|, 0 the number of elements that are not 0. */
  readonly order?: number;
}

/** The names of {@link ReduceOptions}. */
export const reduceNames = namesOf<ReduceOptions>({ keepDims: true });
const varianceNames = namesOf<VarianceOptions>({ correction: true, keepDims: true });
const normNames = namesOf<NormOptions>({ order: true, keepDims: true });

/** Reductions, on concrete and traced tensors alike. Axes are one, several, or all of them where none is given. */
export abstract class Reduced extends Indexed {
  #reduce(op: string, axes: Axes | undefined, options: ReduceOptions = {}): Tensor {
    const { keepDims = false } = optionsOf(op, options, reduceNames);
    const list = axes === undefined ? undefined : typeof axes === "number" ? [axes] : axes;
    return this.apply(op, [], { axes: list, keepDims });
  }

  /**
   * One number that was made of all elements, with as many dimensions as they had where these are kept.
   *
   * @internal
   */
  protected whole(value: Tensor, options: ReduceOptions): Tensor {
    return options.keepDims ? value.reshape(this.shape.map(() => 1)) : value;
  }

  /** The sum over axes, or over all. */
  sum(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce("sum", axes, options);
  }

  /** The mean over axes, or over all. */
  mean(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce("mean", axes, options);
  }

  /** The largest element over axes, or over all. */
  max(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce("max", axes, options);
  }

  /** The smallest element over axes, or over all. */
  min(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce("min", axes, options);
  }

  /** The mean squared distance from the mean: divided by n, or by n − `correction`. */
  variance(axes?: Axes, options: VarianceOptions = {}): Tensor {
    const { correction = 0, ...rest } = optionsOf("variance", options, varianceNames);
    const value = this.#reduce("variance", axes, rest);
    if (correction === 0) return value;
    const count = axesOf(axes, this.shape.length, "variance").reduce((n, axis) => n * (this.shape[axis] ?? 0), 1);
    return value.mul(count / Math.max(0, count - correction));
  }

  /**
   * The standard deviation, the root of {@link Reduced.variance}.
   *
   * @example
   * ```ts
   * await tensor([1, 3, 5]).std(0, { correction: 1 }).item(); // 2
   * ```
   */
  std(axes?: Axes, options: VarianceOptions = {}): Tensor {
    return this.variance(axes, optionsOf("std", options, varianceNames)).sqrt();
  }

  /**
   * The norm (Σ|x|ᵖ)^(1/p) over axes, or over all; Euclidean where no order p is given. Its gradient at 0 is 0.
   *
   * @example
   * ```ts
   * await tensor([3, -4]).norm().item(); // 5
   * await tensor([3, -4]).norm(0, { order: 1 }).item(); // 7
   * await tensor([3, -4]).norm(0, { order: Infinity }).item(); // 4
   * ```
   */
  norm(axes?: Axes, options: NormOptions = {}): Tensor {
    const { order = 2, ...rest } = optionsOf("norm", options, normNames);
    if (order === 1) return this.abs().sum(axes, rest);
    if (order === Number.POSITIVE_INFINITY) return this.abs().max(axes, rest);
    if (order === Number.NEGATIVE_INFINITY) return this.abs().min(axes, rest);
    if (order === 0) return this.ne(0).cast(this.dtype).sum(axes, rest);
    if (Number.isNaN(order)) throw refused("norm", "order", "a number", order);
    const powers = order === 2 ? this.square() : this.abs().pow(order);
    const sum = powers.sum(axes, rest);
    // A root has no derivative at 0: there the norm is a constant.
    const isZero = sum.eq(0);
    const safe = isZero.where(1, sum);
    return isZero.where(sum, order === 2 ? safe.sqrt() : safe.pow(1 / order));
  }

  /**
   * The product over axes, or over all; of no elements it is 1. Exact, with its gradient, also where elements are 0.
   *
   * @example
   * ```ts
   * await tensor([[1, 2], [3, 4]]).prod(1).toArray(); // [2, 12]
   * ```
   */
  prod(axes?: Axes, options: ReduceOptions = {}): Tensor {
    const { keepDims = false } = optionsOf("prod", options, reduceNames);
    const list = axesOf(axes, this.shape.length, "prod");
    const value = list.reduce((x, axis) => this.#multiplied(x, axis), this.self);
    return keepDims ? value : value.reshape(this.shape.filter((_, axis) => !list.includes(axis)));
  }

  /** x with the product of all elements along an axis: halves are multiplied with each other until one slice is left. */
  #multiplied(x: Tensor, axis: number): Tensor {
    const size = x.shape[axis] ?? 0;
    if (size === 0) return this.scalar(1).broadcastTo(x.shape.map((each, i) => (i === axis ? 1 : each)));
    if (size === 1) return x;
    const half = Math.floor(size / 2);
    const halves = x.narrow(axis, 0, half).mul(x.narrow(axis, half, half));
    const rest = size % 2 === 0 ? [] : [x.narrow(axis, size - 1, 1)];
    return this.#multiplied(this.joined([halves, ...rest], axis), axis);
  }

  /** Whether all elements over axes, or all there are, are true (of numbers: not 0), as bool. */
  all(axes?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#isTrue()
      .not()
      .cast("i64")
      .sum(axes, optionsOf("all", options, reduceNames))
      .eq(0);
  }

  /** Whether any element over axes, or any there is, is true (of numbers: not 0), as bool. */
  any(axes?: Axes, options: ReduceOptions = {}): Tensor {
    return this.#isTrue()
      .cast("i64")
      .sum(axes, optionsOf("any", options, reduceNames))
      .ne(0);
  }

  #isTrue(): Tensor {
    return this.dtype === "bool" ? this.self : this.ne(0);
  }

  /** The index of the largest element along an axis, or among all elements in a row, as i64; the first of equal ones. */
  argMax(axis?: number, options: ReduceOptions = {}): Tensor {
    const { keepDims = false } = optionsOf("argMax", options, reduceNames);
    if (axis === undefined) return this.whole(this.flatten().argMax(0), options);
    const value = this.apply("argMax", [], { axis });
    return keepDims ? value.unsqueeze(axisOf(axis, this.shape.length, "argMax")) : value;
  }

  /** The index of the smallest element along an axis, or among all elements in a row, as i64; the first of equal ones. */
  argMin(axis?: number, options: ReduceOptions = {}): Tensor {
    return this.neg().argMax(axis, optionsOf("argMin", options, reduceNames));
  }

  /** Sums of all elements up to each one along an axis; from the end with `reverse`. */
  cumSum(axis: number, options: { readonly reverse?: boolean } = {}): Tensor {
    const { reverse = false } = optionsOf("cumSum", options, ["reverse"]);
    return this.apply("cumSum", [], { axis, reverse });
  }

  /**
   * Products of all elements up to each one along an axis, as in ᾱ_t = Π (1 − β_s).
   *
   * @example
   * ```ts
   * await tensor([1, 2, 3, 4]).cumProd(0).toArray(); // [1, 2, 6, 24]
   * ```
   */
  cumProd(axis: number): Tensor {
    const at = axisOf(axis, this.shape.length, "cumProd");
    const size = this.shape[at] ?? 0;
    let value = this.self;
    // Each element holds the product of `reach` elements; doubled until that is all before it (Hillis and Steele 1986).
    for (let reach = 1; reach < size; reach *= 2) {
      const later = value.narrow(at, reach, size - reach).mul(value.narrow(at, 0, size - reach));
      value = this.joined([value.narrow(at, 0, reach), later], at);
    }
    return value;
  }

  /**
   * Differences of neighbours along an axis, one less than there are elements.
   *
   * @example
   * ```ts
   * await tensor([1, 4, 9]).diff().toArray(); // [3, 5]
   * ```
   */
  diff(axis = -1): Tensor {
    const at = axisOf(axis, this.shape.length, "diff");
    const length = Math.max(0, (this.shape[at] ?? 0) - 1);
    return this.narrow(at, Math.min(1, this.shape[at] ?? 0), length).sub(this.narrow(at, 0, length));
  }

  /** eˣ, scaled to sum 1 along an axis. */
  softmax(axis: number): Tensor {
    return this.apply("softmax", [], { axis });
  }

  /** The logarithm of {@link Reduced.softmax}, accurate where that is 0. */
  logSoftmax(axis: number): Tensor {
    return this.sub(this.logSumExp(axis, { keepDims: true }));
  }

  /** log Σeˣ along an axis, without overflow. */
  logSumExp(axis: number, options: ReduceOptions = {}): Tensor {
    const { keepDims = false } = optionsOf("logSumExp", options, reduceNames);
    return this.apply("logSumExp", [], { axis, keepDims });
  }

  /** Scaled along the last axis to mean 0 and variance 1; `epsilon` is added to the variance. */
  layerNorm(options: { readonly epsilon?: number } = {}): Tensor {
    const { epsilon = 1e-5 } = optionsOf("layerNorm", options, ["epsilon"]);
    return this.apply("layerNorm", [], { epsilon });
  }

  /**
   * Scaled to norm 1 along axes, by default the last one; a norm below `epsilon` (default 1e-12) counts as that.
   *
   * @example
   * ```ts
   * await tensor([[0, 2], [0, 0]]).normalize().toArray(); // [[0, 1], [0, 0]]
   * ```
   */
  normalize(axes: Axes = -1, options: { readonly order?: number; readonly epsilon?: number } = {}): Tensor {
    const { order = 2, epsilon = 1e-12 } = optionsOf("normalize", options, ["order", "epsilon"]);
    return this.div(this.norm(axes, { order, keepDims: true }).maximum(epsilon));
  }
}
