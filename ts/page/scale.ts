// From numbers to places on the screen, and round numbers for the marks of an axis.
// Shared by what is drawn on canvases and by what is SVG.

/** The ends of an axis. */
export type Range = readonly [low: number, high: number];

/** The place of a value along a length that shows a range. */
export const place = (value: number, [low, high]: Range, length: number): number =>
  ((value - low) / (high - low || 1)) * length;

/** A range with a margin on both sides; one of no width becomes one of width 1. */
export function widened([low, high]: Range, share = 0.05): Range {
  const margin = high > low ? (high - low) * share : 0.5;
  return [low - margin, high + margin];
}

/** The smallest range that holds both. */
export const joined = (a: Range, b: Range): Range => [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

/** Between two ranges, at a share of the way. */
export const between = (a: Range, b: Range, share: number): Range => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
];

/** The range that holds all but a share of the numbers at either end; undefined where none is finite. */
export function rangeOf(values: ArrayLike<number>, outside = 0): Range | undefined {
  const sorted = Float32Array.from(values).filter(Number.isFinite).sort();
  if (sorted.length === 0) return undefined;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  return [at(outside), at(1 - outside)];
}

/** Round numbers within a range: multiples of 1, 2 or 5 times a power of ten, about `count` of them. */
export function ticks([low, high]: Range, count: number): number[] {
  const rough = (high - low) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => (first + i) * step);
}

/** A number in a few characters. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}
