// The quantile transform: a column's values become normal scores, whatever their distribution.
// Van der Waerden 1952 (scores (i + ½)/m); between knots straight lines, as in scikit-learn's QuantileTransformer.
import { normalQuantile } from "./normal-quantile.js";
import type { Scale } from "./transforms.js";

/** Most knots of a column. */
const KNOTS = 1000;

/** Equally spaced quantiles of values in ascending order, the smallest and the largest among them. */
export function knotsOf(ascending: Float64Array): number[] {
  const last = ascending.length - 1;
  const count = Math.min(KNOTS, ascending.length);
  return Array.from({ length: count }, (_, i) => {
    const place = count === 1 ? 0 : (i / (count - 1)) * last;
    const below = Math.floor(place);
    const low = ascending[below] as number;
    const high = ascending[Math.min(below + 1, last)] as number;
    return low + (high - low) * (place - below);
  });
}

/** The number of leading entries for which `isBefore` holds, in a list where none does after one that does not. */
function leading(list: ArrayLike<number>, isBefore: (entry: number) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(list[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The value at x of straight lines through (xs, ys), the outer of which go on; a vertical one counts as its end. */
function along(xs: ArrayLike<number>, ys: ArrayLike<number>, x: number, after: number): number {
  if (xs.length < 2) return ys[0] as number;
  const right = Math.min(xs.length - 1, Math.max(1, after));
  const [x0, x1] = [xs[right - 1] as number, xs[right] as number];
  const [y0, y1] = [ys[right - 1] as number, ys[right] as number];
  if (x0 === x1) return x < x0 ? y0 : y1;
  return y0 + (y1 - y0) * ((x - x0) / (x1 - x0));
}

/** The slope of line i, between knots i and i + 1; of the outer ones beyond the ends. */
function slopeOf(xs: ArrayLike<number>, ys: ArrayLike<number>, line: number): number {
  const left = Math.min(xs.length - 2, Math.max(0, line));
  const [x0, x1] = [xs[left] as number, xs[left + 1] as number];
  return ((ys[left + 1] as number) - (ys[left] as number)) / (x1 - x0);
}

/** Knot i of m is worth Φ⁻¹((i + ½)/m); a value that several knots have is worth the mean of the outer two. */
export function quantileScale(knots: readonly number[]): Scale {
  const values = Float64Array.from(knots);
  const scores = values.map((_, i) => normalQuantile((i + 0.5) / values.length));
  return {
    forward(value) {
      const first = leading(values, (knot) => knot < value);
      const after = leading(values, (knot) => knot <= value);
      if (after > first) return ((scores[first] as number) + (scores[after - 1] as number)) / 2;
      return along(values, scores, value, first);
    },
    slope(value) {
      if (values.length < 2) return 0;
      const first = leading(values, (knot) => knot < value);
      const after = leading(values, (knot) => knot <= value);
      if (after - first > 1) return Number.POSITIVE_INFINITY;
      // At a knot, the mean of both sides.
      return (slopeOf(values, scores, first - 1) + slopeOf(values, scores, after - 1)) / 2;
    },
    inverse(score) {
      return along(
        scores,
        values,
        score,
        leading(scores, (knot) => knot <= score),
      );
    },
  };
}
