// Resizing of one or two spatial dimensions, those after batch and channels.
// A base class of Tensor; made of products with matrices, one dimension after the other.
import { namesOf, optionsOf } from "../config/options.js";
import type { DType } from "../native/boundary.js";
import { forEach, refused, requireWhole, spatialOf } from "./checks.js";
import { type InterpolationMode, nearest, type Scale, taps } from "./interpolation.js";
import { Pooled } from "./pooling.js";
import type { Tensor } from "./tensor.js";

/** How {@link Resized.interpolate} resizes; either a size or a scale factor is given. */
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

/** The names of {@link InterpolateOptions}. */
export const interpolateNames = namesOf<InterpolateOptions>({
  size: true,
  scaleFactor: true,
  mode: true,
  alignCorners: true,
});

/** Resizing, on concrete and traced tensors alike. */
export abstract class Resized extends Pooled {
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
    const known = optionsOf("interpolate", options, interpolateNames);
    const { size, scaleFactor, mode = "nearest", alignCorners = false } = known;
    const count = spatialOf(this.shape, "interpolate");
    const isKnown = mode === "nearest" || (count === 1 ? mode === "linear" : mode === "bilinear" || mode === "bicubic");
    if (!isKnown) {
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
    const counts = sizes.map((to, i) => to / (this.shape[i + 2] ?? 0));
    const areWhole = counts.every((each, i) => Number.isInteger(each) && (size !== undefined || each === factors[i]));
    if (mode === "nearest" && areWhole) return this.#enlarged(counts);
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

  /** Every place so many times along each spatial dimension, in one go. */
  #enlarged(counts: readonly number[]): Tensor {
    const [lead, places] = [this.shape.slice(0, 2), this.shape.slice(2)];
    const apart = this.reshape([...lead, ...places.flatMap((size) => [size, 1])]);
    const spread = apart.broadcastTo([...lead, ...places.flatMap((size, i) => [size, counts[i] ?? 1])]);
    return spread.reshape([...lead, ...places.map((size, i) => size * (counts[i] ?? 1))]);
  }

  #resized(x: Tensor, axis: number, mode: InterpolationMode, scale: Scale): Tensor {
    const { from, to, numerator, denominator } = scale;
    requireWhole("interpolate", "the size of what is resized", [from], 1);
    if (from === to && numerator === denominator) return x;
    if (mode === "nearest") return x.indexSelect(axis, this.numbers(nearest(scale), [to], "i64"));
    // Sums of a few elements each, as a product with a matrix that is 0 elsewhere: many times as fast as to look them up.
    const weights = taps[mode](scale).map((tap) => {
      const column = (values: readonly number[], dtype: DType) => this.numbers(values, [to, 1], dtype);
      return this.counted(from).eq(column(tap.indices, "i64")).where(column(tap.weights, this.dtype), 0);
    });
    const matrix = weights.reduce((a, b) => a.add(b));
    if (axis === x.rank - 2) return matrix.matmul(x);
    const lead = x.shape.slice(0, axis);
    return x
      .flatten(0, axis - 1)
      .matmul(matrix.transpose())
      .reshape([...lead, to]);
  }
}
