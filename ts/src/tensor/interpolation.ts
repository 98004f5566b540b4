// Where the elements of a resized dimension come from: for each new place a few old ones, and their weights.
// Every way of interpolating is such a table, applied to one dimension after the other.

/** How {@link Resized.interpolate} fills in. */
export type InterpolationMode = "nearest" | "linear" | "bilinear" | "bicubic";

/** One old place for each new one, and its weight. */
export interface Tap {
  /** Old places. */
  readonly indices: readonly number[];
  /** What each is multiplied by. */
  readonly weights: readonly number[];
}

/** Which new places there are, and where they lie among the old ones. */
export interface Scale {
  /** Old places. */
  readonly from: number;
  /** New places. */
  readonly to: number;
  /** So many old places are as far apart … */
  readonly numerator: number;
  /** … as so many new ones; two numbers, because their quotient would be rounded. */
  readonly denominator: number;
  /** Whether the middles of the outermost elements lie on each other; else their edges do. */
  readonly alignCorners: boolean;
}

/** Slope of the cubic kernel at distance 1, as in PyTorch. */
const CUBIC = -0.75;

/** Keys's cubic convolution kernel (1981) at a distance of at most 2. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  return x <= 1
    ? ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    : ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC;
}

/** Places between the old ones, one for each new one; the middle of an element is at a whole number. */
const between = ({ to, numerator, denominator, alignCorners }: Scale) =>
  Array.from({ length: to }, (_, i) =>
    alignCorners ? (i * numerator) / denominator : ((i + 0.5) * numerator) / denominator - 0.5,
  );

/** A tap at a whole distance from each place rounded down; beyond the ends there are the outermost elements. */
function tap({ from }: Scale, places: readonly number[], offset: number, weight: (rest: number) => number): Tap {
  const below = places.map(Math.floor);
  return {
    indices: below.map((place) => Math.min(from - 1, Math.max(0, place + offset))),
    weights: places.map((place, i) => weight(place - (below[i] ?? 0))),
  };
}

const linear = (scale: Scale): Tap[] => {
  const places = between(scale).map((place) => Math.max(0, place));
  return [tap(scale, places, 0, (rest) => 1 - rest), tap(scale, places, 1, (rest) => rest)];
};

/** The one old place that each new one takes. */
export function nearest({ from, to, numerator, denominator }: Scale): number[] {
  return Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor((i * numerator) / denominator)));
}

/** The table of each mode. */
export const taps: Readonly<Record<Exclude<InterpolationMode, "nearest">, (scale: Scale) => Tap[]>> = {
  linear,
  bilinear: linear,
  bicubic: (scale) => [-1, 0, 1, 2].map((offset) => tap(scale, between(scale), offset, (rest) => cubic(rest - offset))),
};
