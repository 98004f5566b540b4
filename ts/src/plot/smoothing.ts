// Courses of many points and histograms, made clear: smoothed by a normal kernel, and thinned to what a picture can show.
// Points come in the order of x; the cost grows with their number, not with its square.
import { inSlices } from "../data/slices.js";
import type { Point } from "./layer.js";

/** Places at which a smoothed course is computed. */
const PLACES = 400;

/** Standard deviations after which a normal kernel is taken for 0. */
const REACH = 4;

/**
 * The Nadaraya–Watson estimate of a course with a normal kernel: a mean of the points around, weighted by their distance. Where points lie apart it follows them.
 *
 * @param share - the kernel's standard deviation as a share of the whole length
 */
export async function smoothed(points: readonly Point[], share: number): Promise<Point[]> {
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const width = (last - first) * share;
  if (width === 0) return [...points];
  const places = Math.min(PLACES, points.length);
  const course: Point[] = [];
  let begin = 0;
  await inSlices(places, (i) => {
    const x = first + ((last - first) * i) / (places - 1);
    while ((points[begin]?.[0] ?? x) < x - REACH * width) begin += 1;
    let [sum, weights] = [0, 0];
    for (let k = begin; k < points.length; k++) {
      const [at, value] = points[k] ?? [0, 0];
      if (at > x + REACH * width) break;
      const weight = Math.exp(-0.5 * ((at - x) / width) ** 2);
      sum += weight * value;
      weights += weight;
    }
    course.push([x, sum / weights]);
  });
  return course.filter((point) => point.every(Number.isFinite));
}

/** Where a place beyond the ends lies, as a mirror at either end shows it. */
function mirrored(place: number, length: number): number {
  const around = ((place % (2 * length)) + 2 * length) % (2 * length);
  return around < length ? around : 2 * length - 1 - around;
}

/**
 * Equal bins smoothed by a normal kernel, mirrored at the ends, so that their sum stays.
 *
 * @param width - the kernel's standard deviation, in bins
 */
export function smoothedBins(values: readonly number[], width: number): number[] {
  if (width === 0) return [...values];
  const reach = Math.ceil(REACH * width);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / width) ** 2));
  const whole = kernel.reduce((sum, weight) => sum + weight, 0);
  return values.map(
    (_, bin) =>
      kernel.reduce((sum, weight, i) => sum + weight * (values[mirrored(bin + i - reach, values.length)] ?? 0), 0) /
      whole,
  );
}

/** Points that are kept at most. */
const KEPT = 2000;

/** The same course in fewer points: of each stretch the lowest and the highest, so that no peak is lost. */
export function thinned(points: readonly Point[]): Point[] {
  if (points.length <= KEPT) return [...points];
  const stretches = KEPT / 2;
  return Array.from({ length: stretches }, (_, i) => {
    const stretch = points.slice(
      Math.floor((i * points.length) / stretches),
      Math.floor(((i + 1) * points.length) / stretches),
    );
    const lowest = stretch.reduce((a, b) => (b[1] < a[1] ? b : a));
    const highest = stretch.reduce((a, b) => (b[1] > a[1] ? b : a));
    return lowest[0] < highest[0] ? [lowest, highest] : [highest, lowest];
  }).flat();
}
