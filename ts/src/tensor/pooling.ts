// Pooling of one or two spatial dimensions, those after batch and channels.
// A base class of Tensor; made of slices and sums, one dimension after the other.
import { namesOf, optionsOf } from "../config/options.js";
import { forEach, misfit, refused, requireWhole, spatialOf } from "./checks.js";
import { Convolved } from "./convolution.js";
import type { Tensor } from "./tensor.js";

/** How the windows of {@link Pooled.maxPool} lie; one number counts for every spatial dimension. */
export interface MaxPoolOptions {
  /** Distance of neighbouring windows; default the size of a window. */
  readonly stride?: number | readonly number[];
  /** Places at both ends that never win; at most half a window; default 0. */
  readonly padding?: number | readonly number[];
  /** Distance of neighbouring elements in a window; default 1. */
  readonly dilation?: number | readonly number[];
  /** Whether a last window that reaches beyond the far end counts, if it begins before it; default false. */
  readonly ceilMode?: boolean;
}

/** How the windows of {@link Pooled.avgPool} lie; one number counts for every spatial dimension. */
export interface AvgPoolOptions {
  /** Distance of neighbouring windows; default the size of a window. */
  readonly stride?: number | readonly number[];
  /** Zeros at both ends; at most half a window; default 0. */
  readonly padding?: number | readonly number[];
  /** Whether these zeros count as elements of the mean; default true. */
  readonly countIncludePad?: boolean;
  /** Whether a last window that reaches beyond the far end counts, if it begins before it: the mean of what it has; default false. */
  readonly ceilMode?: boolean;
}

const ofWindows = { stride: true, padding: true, ceilMode: true } as const;
/** The names of {@link MaxPoolOptions}. */
export const maxPoolNames = namesOf<MaxPoolOptions>({ ...ofWindows, dilation: true });
/** The names of {@link AvgPoolOptions}. */
export const avgPoolNames = namesOf<AvgPoolOptions>({ ...ofWindows, countIncludePad: true });

/** Windows along one dimension. */
interface Windows {
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly count: number;
  /** Elements that are missing at the far end for the last window to be whole. */
  readonly beyond: number;
}

/** Parts that an image of any size may be divided into. */
const PARTS = 1024;

/** The larger of two, the first of equal ones, NaN if either is: what PyTorch's gradient follows. */
const larger = (a: Tensor, b: Tensor) => b.gt(a).or(b.isNaN()).where(b, a);

/** Pooling, on concrete and traced tensors alike. */
export abstract class Pooled extends Convolved {
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
    const known = optionsOf("maxPool", options, maxPoolNames);
    return this.#windows("maxPool", size, known).reduce(
      (x, windows) => elements(surrounded(x, windows, Number.NEGATIVE_INFINITY), windows).reduce(larger),
      this.self,
    );
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
    const { countIncludePad = true, ...given } = optionsOf("avgPool", options, avgPoolNames);
    return this.#windows("avgPool", size, given).reduce((x, windows) => {
      const sum = elements(surrounded(x, windows, 0), windows).reduce((a, b) => a.add(b));
      if (windows.beyond === 0 && (countIncludePad || windows.padding === 0)) return sum.mul(1 / windows.size);
      return sum.mul(this.#along(windows.axis, shares(windows, x.shape[windows.axis] ?? 0, countIncludePad)));
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
    const sizes = forEach(size, spatialOf(this.shape, "adaptiveAvgPool"), "adaptiveAvgPool", "the size");
    requireWhole("adaptiveAvgPool", "the size", sizes, 1);
    return sizes.reduce((x, count, i) => {
      const [axis, total] = [i + 2, x.shape[i + 2] ?? 0];
      if (count === total) return x;
      // Each part of its own is an op of its own.
      if (count > Math.max(total, PARTS))
        throw misfit("adaptiveAvgPool", `a size ≤ ${Math.max(total, PARTS)}`, String(count));
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

  /** One factor for each place along an axis. */
  #along(axis: number, factors: readonly number[]): Tensor {
    return this.numbers(factors, [factors.length, ...this.shape.slice(axis + 1).map(() => 1)], this.dtype);
  }

  /** The windows along each spatial dimension, the last one first: so the first of equal elements is found row by row. */
  #windows(op: string, size: number | readonly number[], options: MaxPoolOptions): Windows[] {
    const count = spatialOf(this.shape, op);
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
        const round = options.ceilMode ? Math.ceil : Math.floor;
        const fitting = round((total - extent) / stride) + 1;
        // A window that is not whole must not begin in the padding at the far end.
        const places = options.ceilMode && (fitting - 1) * stride >= total - padding ? fitting - 1 : fitting;
        if (places < 1) throw misfit(op, `windows of at most ${total} elements`, String(extent));
        const beyond = Math.max(0, (places - 1) * stride + extent - total);
        return { axis: i + 2, size: window, stride, padding, dilation, count: places, beyond };
      })
      .reverse();
  }
}

/** With what windows reach into at both ends. */
function surrounded(x: Tensor, { axis, padding, beyond }: Windows, value: number): Tensor {
  const only = (size: number) => x.shape.map((_, i) => (i === axis ? size : 0));
  return x.pad(only(padding), only(padding + beyond), { value });
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

/** For each window, 1 over the number of its elements that count: never those beyond the padding. */
function shares({ size, stride, padding, count }: Windows, total: number, countIncludePad: boolean): number[] {
  const margin = countIncludePad ? padding : 0;
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - padding;
    return 1 / (Math.min(start + size, total + margin) - Math.max(start, -margin));
  });
}
