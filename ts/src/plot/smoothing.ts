// Courses of many points and histograms, made clear: smoothed by a normal kernel.
// Points come in the order of x; the cost grows with their number, not with its square.
import { turns } from "../data/slices.js";
import type { Point } from "./layer.js";

/** A course of points. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Places at which a smoothed course is computed. */
const PLACES = 400;

/** Standard deviations after which a normal kernel is taken for 0. */
const REACH = 4;

/** Points that are looked at before others may have their turn. */
const PIECE = 4096;

/**
 * The Nadaraya–Watson estimate of a course with a normal kernel: a mean of the points around, weighted by their distance. Where points lie apart it follows them.
 *
 * @param share - the kernel's standard deviation as a share of the whole length
 */
export async function smoothed({ x, y }: Curve, share: number): Promise<Curve> {
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 0];
  const width = (last - first) * share;
  if (width === 0) return { x, y };
  const places = Math.min(PLACES, x.length);
  const course: Point[] = [];
  const turn = turns();
  let begin = 0;
  for (let i = 0; i < places; i++) {
    const at = first + ((last - first) * i) / (places - 1);
    while ((x[begin] ?? at) < at - REACH * width) begin += 1;
    let [sum, weights] = [0, 0];
    for (let k = begin; k < x.length; k++) {
      const place = x[k] as number;
      if (place > at + REACH * width) break;
      const weight = Math.exp(-0.5 * ((place - at) / width) ** 2);
      sum += weight * (y[k] as number);
      weights += weight;
      if (k % PIECE === 0) await turn();
    }
    course.push([at, sum / weights]);
    await turn();
  }
  const shown = course.filter((point) => point.every(Number.isFinite));
  return { x: Float64Array.from(shown, (point) => point[0]), y: Float64Array.from(shown, (point) => point[1]) };
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
