// Methods that change a tensor's shape, pick parts of it, reduce it or multiply it by another.
// A base class of Tensor; negative axes count from the end everywhere.
import { ConfigError, ShapeError } from "../errors.js";
import { Elementwise } from "./elementwise.js";
import type { Tensor } from "./tensor.js";

/** Whether reduced dimensions stay, with size 1. */
export interface ReduceOptions {
  /** Default false: reduced dimensions are removed. */
  readonly keepDims?: boolean;
}

/** How a window moves over the input of {@link Structural.conv}; one number counts for every spatial dimension. */
export interface ConvOptions {
  /** Distance of neighbouring windows; default 1. */
  readonly stride?: number | readonly number[];
  /** Zeros at both ends; default 0. */
  readonly padding?: number | readonly number[];
  /** Distance of neighbouring elements in a window; default 1. */
  readonly dilation?: number | readonly number[];
  /** Blocks of channels that are convolved apart; default 1. */
  readonly groups?: number;
}

/** How {@link Structural.attention} weighs. */
export interface AttentionOptions {
  /** What the products of queries and keys are multiplied by; default 1/√d. */
  readonly scale?: number;
  /** Whether query i sees the keys 0 … i only; default false. */
  readonly causal?: boolean;
}

/** One axis, several, or all of them where undefined. */
export type Axes = number | readonly number[];

/** Throws a {@link ShapeError} unless all values are whole numbers from `least` on. */
function requireWhole(op: string, name: string, values: readonly number[], least: number): void {
  const wrong = values.find((value) => !Number.isSafeInteger(value) || value < least);
  if (wrong === undefined) return;
  const expected = `whole numbers from ${least} on for ${name}`;
  throw new ShapeError(`${op}: expected ${expected}, got ${wrong}`, { expected, got: String(wrong), where: op });
}

/** Structural methods, on concrete and traced tensors alike; what does not fit throws a {@link ShapeError} at once. */
export abstract class Structural extends Elementwise {
  /** Sizes of the dimensions; empty for a scalar. */
  abstract get shape(): readonly number[];

  #axis(axis: number, op: string): number {
    const rank = this.shape.length;
    if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
    const expected = rank === 0 ? "no axis, for a scalar" : `an axis in ${-rank} … ${rank - 1}`;
    throw new ShapeError(`${op}: expected ${expected}, got ${axis}`, { expected, got: String(axis), where: op });
  }

  #reduce(op: string, axes: Axes | undefined, options: ReduceOptions = {}): Tensor {
    const list = axes === undefined ? undefined : typeof axes === "number" ? [axes] : axes;
    return this.apply(op, [], { axes: list, keepDims: options.keepDims ?? false });
  }

  /** The same elements in another shape; one size may be −1 and follows from the others. */
  reshape(shape: readonly number[]): Tensor {
    return this.apply("reshape", [], { shape });
  }

  /** Dimensions from `start` on as one. */
  flatten(start = 0): Tensor {
    const kept = this.shape.slice(0, start);
    return this.reshape([...kept, this.shape.slice(start).reduce((product, size) => product * size, 1)]);
  }

  /** Repeated along new leading dimensions and along those of size 1. */
  broadcastTo(shape: readonly number[]): Tensor {
    return this.apply("broadcastTo", [], { shape });
  }

  /** Dimensions in another order: result dimension i is dimension `axes[i]`. */
  permute(axes: readonly number[]): Tensor {
    return this.apply("permute", [], { axes });
  }

  /** The last two dimensions exchanged: `[…, m, n] → […, n, m]`. */
  transpose(): Tensor {
    return this.apply("transpose");
  }

  /** Without a dimension of size 1. */
  squeeze(axis: number): Tensor {
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

  /** The element `index` along an axis, which is removed; a negative index counts from the end. */
  select(axis: number, index: number): Tensor {
    const at = this.#axis(axis, "select");
    return this.narrow(at, index < 0 ? index + (this.shape[at] ?? 0) : index, 1).squeeze(at);
  }

  /**
   * A box of the tensor: elements `starts[i]`, `starts[i] + steps[i]`, … below `stops[i]` along axis i. Negative
   * starts and stops count from the end; dimensions that are not named are taken whole.
   */
  slice(starts: readonly number[], stops: readonly number[] = [], steps: readonly number[] = []): Tensor {
    const fromEnd = (at: number, size: number) => (at < 0 ? at + size : at);
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

  /** Parts along an axis: of `size` elements each (the last may be smaller), or of the sizes given. */
  split(size: number | readonly number[], axis = 0): Tensor[] {
    const at = this.#axis(axis, "split");
    const total = this.shape[at] ?? 0;
    requireWhole("split", "sizes", typeof size === "number" ? [size] : size, typeof size === "number" ? 1 : 0);
    const sizes =
      typeof size === "number"
        ? Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.min(size, total - i * size))
        : size;
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== total) {
      const expected = `sizes with sum ${total}`;
      throw new ShapeError(`split: expected ${expected}, got [${sizes}]`, {
        expected,
        got: `[${sizes}]`,
        where: "split",
      });
    }
    let start = 0;
    return sizes.map((length) => {
      start += length;
      return this.narrow(at, start - length, length);
    });
  }

  /** Zeros around the tensor: `before[i]` and `after[i]` of them along axis i. */
  pad(before: readonly number[], after: readonly number[]): Tensor {
    requireWhole("pad", "zeros", [...before, ...after], 0);
    return this.apply("pad", [], { before, after });
  }

  /** Reversed along an axis. */
  flip(axis: number): Tensor {
    return this.apply("flip", [], { axis });
  }

  /** The slices along `axis` that i64 `indices` name; their dimensions replace that axis. */
  indexSelect(axis: number, indices: Tensor): Tensor {
    return this.apply("gather", [indices], { axis });
  }

  /** Zeros with `size` slices along `axis`, to which the slices of this tensor are added at i64 `indices`. */
  scatterAdd(axis: number, indices: Tensor, size: number): Tensor {
    return this.apply("scatterAdd", [indices], { axis, size });
  }

  /** i64 classes `[…]` as f32 rows `[…, classes]` that are 1 at the class and 0 elsewhere. */
  oneHot(classes: number): Tensor {
    return this.apply("oneHot", [], { classes });
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

  /** The mean squared distance from the mean (divided by n, not by n − 1). */
  variance(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce("variance", axes, options);
  }

  /** The Euclidean norm √Σx² over axes, or over all. */
  norm(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.square().sum(axes, options).sqrt();
  }

  /** The index of the largest element along an axis, as i64. */
  argMax(axis: number): Tensor {
    return this.apply("argMax", [], { axis });
  }

  /** Sums of all elements up to each one along an axis; from the end with `reverse`. */
  cumSum(axis: number, options: { readonly reverse?: boolean } = {}): Tensor {
    return this.apply("cumSum", [], { axis, reverse: options.reverse ?? false });
  }

  /** The matrix product `[…, m, k] × […, k, n] → […, m, n]`; leading dimensions are broadcast. */
  matmul(other: Tensor): Tensor {
    return this.apply("matmul", [other]);
  }

  /**
   * Attention of these queries `[…, n, d]` to keys `[…, m, d]` with values `[…, m, e]`: softmax(q·kᵀ·scale)·v, of shape `[…, n, e]`
   * (Vaswani et al. 2017); leading dimensions are broadcast. Long sequences are worked through in blocks of queries, forward and
   * backward, so that memory grows with n + m and not with n·m. `causal` saves no time: what is not seen is computed and left out.
   *
   * @example
   * ```ts
   * const [q, k, v] = [0, 1, 2].map((seed) => randn([2, 4, 10, 8], { seed }));
   * q.attention(k, v).shape; // [2, 4, 10, 8]
   * ```
   */
  attention(keys: Tensor, values: Tensor, options: AttentionOptions = {}): Tensor {
    const { scale, causal } = options;
    if (scale !== undefined && !Number.isFinite(scale)) {
      const expected = "a finite scale";
      throw new ConfigError(`attention: expected ${expected}, got ${scale}`, {
        expected,
        got: String(scale),
        path: "scale",
      });
    }
    return this.apply("attention", [keys, values], { scale: scale ?? null, causal: causal ?? false });
  }

  /** eˣ, scaled to sum 1 along an axis. */
  softmax(axis: number): Tensor {
    return this.apply("softmax", [], { axis });
  }

  /** The logarithm of {@link Structural.softmax}, accurate where that is 0. */
  logSoftmax(axis: number): Tensor {
    return this.apply("sub", [this.logSumExp(axis, { keepDims: true })]);
  }

  /** log Σeˣ along an axis, without overflow. */
  logSumExp(axis: number, options: ReduceOptions = {}): Tensor {
    return this.apply("logSumExp", [], { axis, keepDims: options.keepDims ?? false });
  }

  /** Scaled along the last axis to mean 0 and variance 1; `epsilon` is added to the variance. */
  layerNorm(options: { readonly epsilon?: number } = {}): Tensor {
    return this.apply("layerNorm", [], { epsilon: options.epsilon ?? 1e-5 });
  }

  /** Cross-correlation: x `[B, C, L]` with weight `[O, C/groups, K]`, or x `[B, C, H, W]` with `[O, C/groups, K, K]`. */
  conv(weight: Tensor, options: ConvOptions = {}): Tensor {
    const spatial = Math.max(1, this.shape.length - 2);
    const each = (value: number | readonly number[]) =>
      typeof value === "number" ? Array.from({ length: spatial }, () => value) : value;
    const window = {
      stride: each(options.stride ?? 1),
      padding: each(options.padding ?? 0),
      dilation: each(options.dilation ?? 1),
      groups: options.groups ?? 1,
    };
    requireWhole("conv", "stride", window.stride, 1);
    requireWhole("conv", "padding", window.padding, 0);
    requireWhole("conv", "dilation", window.dilation, 1);
    requireWhole("conv", "groups", [window.groups], 1);
    return this.apply("conv", [weight], window);
  }
}
