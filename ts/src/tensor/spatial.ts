// Pooling and resizing of one or two spatial dimensions, those after batch and channels.
// A base class of Tensor; made of slices, sums and looked-up elements, one dimension after the other.
import type { DType } from "../native/boundary.js";
import { forEach, misfit, refused, requireWhole } from "./checks.js";
import { Convolved } from "./convolution.js";
import { type InterpolationMode, type Scale, taps } from "./interpolation.js";
import type { Tensor } from "./tensor.js";

/** How the windows of {@link Spatial.maxPool} lie; one number counts for every spatial dimension. */
export interface MaxPoolOptions {
  /** Distance of neighbouring windows; default the size of a window. */
  readonly stride?: number | readonly number[];
  /** Places at both ends that never win; at most half a window; default 0. */
  readonly padding?: number | readonly number[];
  /** Distance of neighbouring elements in a window; default 1. */
  readonly dilation?: number | readonly number[];
}

/** How the windows of {@link Spatial.avgPool} lie; one number counts for every spatial dimension. */
export interface AvgPoolOptions {
  /** Distance of neighbouring windows; default the size of a window. */
  readonly stride?: number | readonly number[];
  /** Zeros at both ends; at most half a window; default 0. */
  readonly padding?: number | readonly number[];
  /** Whether these zeros count as elements of the mean; default true. */
  readonly countIncludePad?: boolean;
}

/** How {@link Spatial.interpolate} resizes; either a size or a scale factor is given. */
export interface InterpolateOptions {
  /** The new size of every spatial dimension. */
  readonly size?: number | readonly number[];
  /** By what the size of every spatial dimension is multiplied; rounded down. */
  readonly scaleFactor?: number | readonly number[];
  /** `"nearest"` (the default), `"linear"` (one dimension), `"bilinear"` or `"bicubic"` (two). */
  readonly mode?: InterpolationMode;
  /** Whether the middles of the outermost elements lie on each other; default false: their edges do. Not for `"nearest"`. */
  readonly alignCorners?: boolean;
}

/** Windows along one dimension. */
interface Windows {
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly count: number;
}

/** The larger of two, the first of equal ones, NaN if either is: what PyTorch's gradient follows. */
const larger = (a: Tensor, b: Tensor) => b.gt(a).or(b.isNaN()).where(b, a);

/** Pooling and resizing, on concrete and traced tensors alike. */
export abstract class Spatial extends Convolved {
  /**
   * Numbers that are constants of the graph.
   *
   * @internal
   */
  protected abstract numbers(values: readonly number[], shape: readonly number[], dtype: DType): Tensor;

  /**
   * The largest element of every window of `[B, C, L]` or `[B, C, H, W]`.
   *
   * @param size - of a window, in all spatial dimensions or in each
   *
   * @example
   * ```ts
   * await tensor([[[1, 3, 2, 0]]]).maxPool(2).toArray(); // [[[3, 2]]]
   * ```
   */
  maxPool(size: number | readonly number[], options: MaxPoolOptions = {}): Tensor {
    return this.#windows("maxPool", size, options).reduce((x, windows) => {
      const around = x.shape.map((_, i) => (i === windows.axis ? windows.padding : 0));
      const filled = x.pad(around, around, { value: Number.NEGATIVE_INFINITY });
      return elements(filled, windows).reduce(larger);
    }, this.self);
  }

  /**
   * The mean of every window of `[B, C, L]` or `[B, C, H, W]`.
   *
   * @param size - of a window, in all spatial dimensions or in each
   *
   * @example
   * ```ts
   * await tensor([[[1, 3, 2, 0]]]).avgPool(2).toArray(); // [[[2, 1]]]
   * ```
   */
  avgPool(size: number | readonly number[], options: AvgPoolOptions = {}): Tensor {
    const { countIncludePad = true, ...given } = options;
    return this.#windows("avgPool", size, given).reduce((x, windows) => {
      const around = x.shape.map((_, i) => (i === windows.axis ? windows.padding : 0));
      const sum = elements(x.pad(around, around), windows).reduce((a, b) => a.add(b));
      if (countIncludePad || windows.padding === 0) return sum.mul(1 / windows.size);
      return sum.mul(this.#along(windows.axis, shares(windows, x.shape[windows.axis] ?? 0)));
    }, this.self);
  }

  /**
   * The means of as many parts of `[B, C, L]` or `[B, C, H, W]` as the result has elements; the parts are as equal as can be. Of
   * size 1 it is the mean of each channel.
   *
   * @example
   * ```ts
   * ones([2, 3, 8, 8]).adaptiveAvgPool(1).shape; // [2, 3, 1, 1]
   * ```
   */
  adaptiveAvgPool(size: number | readonly number[]): Tensor {
    const sizes = forEach(size, this.#spatial("adaptiveAvgPool"), "adaptiveAvgPool", "the size");
    requireWhole("adaptiveAvgPool", "the size", sizes, 1);
    return sizes.reduce((x, count, i) => {
      const [axis, total] = [i + 2, x.shape[i + 2] ?? 0];
      if (count === total) return x;
      if (total % count === 0) return x.unflatten(axis, [count, total / count]).mean(axis + 1);
      const part = (k: number) => {
        const [start, stop] = [Math.floor((k * total) / count), Math.ceil(((k + 1) * total) / count)];
        return x.narrow(axis, start, stop - start).mean(axis, { keepDims: true });
      };
      return this.joined(
        Array.from({ length: count }, (_, k) => part(k)),
        axis,
      );
    }, this.self);
  }

  /**
   * `[B, C, L]` or `[B, C, H, W]` in another size.
   *
   * @throws ConfigError where not exactly one of size and scale factor is given, or the mode is not for these dimensions
   *
   * @example
   * ```ts
   * await tensor([[[1, 2]]]).interpolate({ scaleFactor: 2 }).toArray(); // [[[1, 1, 2, 2]]]
   * await tensor([[[0, 4]]]).interpolate({ size: 4, mode: "linear" }).toArray(); // [[[0, 1, 3, 4]]]
   * ```
   */
  interpolate(options: InterpolateOptions): Tensor {
    const { size, scaleFactor, mode = "nearest", alignCorners = false } = options;
    const count = this.#spatial("interpolate");
    const known = mode === "nearest" || (count === 1 ? mode === "linear" : mode === "bilinear" || mode === "bicubic");
    if (!known) {
      const expected = `"nearest" or ${count === 1 ? '"linear"' : '"bilinear" or "bicubic"'} of ${count} dimensions`;
      throw refused("interpolate", "mode", expected, `"${mode}"`);
    }
    if ((size === undefined) === (scaleFactor === undefined)) {
      throw refused("interpolate", "size and scaleFactor", "one of them", size === undefined ? "none" : "both");
    }
    const factors = forEach(scaleFactor ?? 1, count, "interpolate", "scaleFactor");
    if (!factors.every((factor) => factor > 0 && Number.isFinite(factor))) {
      throw refused("interpolate", "scaleFactor", "numbers > 0", factors);
    }
    const scaled = factors.map((factor, i) => Math.floor((this.shape[i + 2] ?? 0) * factor));
    const sizes = size === undefined ? scaled : forEach(size, count, "interpolate", "size");
    requireWhole("interpolate", "sizes", sizes, 1);
    return sizes.reduce((x, to, i) => {
      const from = x.shape[i + 2] ?? 0;
      const corners = alignCorners && mode !== "nearest";
      const [numerator, denominator] = corners
        ? [from - 1, Math.max(1, to - 1)]
        : size === undefined
          ? [1, factors[i] ?? 1]
          : [from, to];
      return this.#resized(x, i + 2, mode, { from, to, numerator, denominator, alignCorners: corners });
    }, this.self);
  }

  #resized(x: Tensor, axis: number, mode: InterpolationMode, scale: Scale): Tensor {
    const { from, to, numerator, denominator } = scale;
    requireWhole("interpolate", "the size of what is resized", [from], 1);
    const isWhole = to % from === 0 && numerator * to === denominator * from;
    if (from === to && isWhole) return x;
    if (mode === "nearest" && isWhole) return x.repeatInterleave(to / from, axis);
    const parts = taps[mode](scale).map(({ indices, weights }) => {
      const part = x.indexSelect(axis, this.numbers(indices, [to], "i64"));
      return weights === undefined ? part : part.mul(this.#along(axis, weights));
    });
    return parts.reduce((a, b) => a.add(b));
  }

  /** One factor for each place along an axis. */
  #along(axis: number, factors: readonly number[]): Tensor {
    return this.numbers(factors, [factors.length, ...this.shape.slice(axis + 1).map(() => 1)], this.dtype);
  }

  /** Number of spatial dimensions. */
  #spatial(op: string): number {
    const count = this.shape.length - 2;
    if (count === 1 || count === 2) return count;
    throw misfit(op, "[B, C, L] or [B, C, H, W]", `[${this.shape.join(", ")}]`);
  }

  /** The windows along each spatial dimension, the last one first: so the first of equal elements is found row by row. */
  #windows(op: string, size: number | readonly number[], options: MaxPoolOptions): Windows[] {
    const count = this.#spatial(op);
    const each = (value: number | readonly number[], name: string, least: number) => {
      const values = forEach(value, count, op, name);
      requireWhole(op, name, values, least);
      return values;
    };
    const sizes = each(size, "the window's size", 1);
    const strides = each(options.stride ?? sizes, "stride", 1);
    const dilations = each(options.dilation ?? 1, "dilation", 1);
    const paddings = each(options.padding ?? 0, "padding", 0);
    return sizes
      .map((window, i) => {
        const [stride = 1, padding = 0, dilation = 1] = [strides[i], paddings[i], dilations[i]];
        const total = (this.shape[i + 2] ?? 0) + 2 * padding;
        const extent = dilation * (window - 1) + 1;
        if (2 * padding > extent) throw refused(op, "padding", `at most half a window, ${extent / 2}`, padding);
        if (extent > total) throw misfit(op, `windows of at most ${total} elements`, String(extent));
        const places = Math.floor((total - extent) / stride) + 1;
        return { axis: i + 2, size: window, stride, padding, dilation, count: places };
      })
      .reverse();
  }
}

/** For each element of a window, that element of every window. */
function elements(x: Tensor, { axis, size, stride, dilation, count }: Windows): Tensor[] {
  const only = (value: number, other: number) => x.shape.map((_, i) => (i === axis ? value : other));
  return Array.from({ length: size }, (_, k) => {
    const start = k * dilation;
    const stops = x.shape.map((length, i) => (i === axis ? start + (count - 1) * stride + 1 : length));
    return x.slice(only(start, 0), stops, only(stride, 1));
  });
}

/** For each window, 1 over the number of its elements that are no padding. */
function shares({ size, stride, padding, count }: Windows, total: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - padding;
    return 1 / (Math.min(start + size, total) - Math.max(start, 0));
  });
}
