// One coordinate as a histogram that moves, over that of the data.
// What points are in two dimensions.
import type { HistogramView } from "../../src/report/payload.ts";
import { html } from "../dom.ts";
import { framed, type Places } from "../frame.ts";
import { joined, type Range, rangeOf, widened } from "../scale.ts";
import { type Area, Surface } from "../surface.ts";
import { sizeOf, unpacked } from "../unpack.ts";
import { momentOf } from "./moments.ts";
import type { Comparison, Kind, Moving } from "./view.ts";

/** Bins of a histogram. */
const BINS = 60;

/** The density of numbers over the bins of a range. */
export function densityOf(values: Float32Array, [low, high]: Range): number[] {
  const counts = new Array<number>(BINS).fill(0);
  const wide = (high - low) / BINS;
  for (const value of values) {
    const bin = Math.floor((value - low) / wide);
    if (bin >= 0 && bin < BINS) counts[bin] = (counts[bin] as number) + 1;
  }
  return counts.map((count) => count / (values.length * wide));
}

/** Draws densities as an area. */
function area({ context }: Area, places: Places, densities: readonly number[], [low, high]: Range): void {
  const wide = (high - low) / BINS;
  context.beginPath();
  context.moveTo(places.x(low), places.y(0));
  densities.forEach((density, bin) => {
    context.lineTo(places.x(low + bin * wide), places.y(density));
    context.lineTo(places.x(low + (bin + 1) * wide), places.y(density));
  });
  context.lineTo(places.x(high), places.y(0));
  context.fill();
}

function histogram(view: HistogramView) {
  const count = sizeOf(view.x, 1);
  const frames = unpacked(view.x);
  const data = view.data ? unpacked(view.data) : new Float32Array(0);
  const final = frames.subarray(frames.length - count);
  const own = rangeOf(frames.subarray(0, count), 0.004) ?? [0, 1];
  const end = rangeOf(data, 0.004) ?? rangeOf(final, 0.004) ?? own;
  // Noise that is much wider than the data begins outside of the picture.
  const follows = own[1] - own[0] > 4 * (end[1] - end[0]);
  const range = widened(follows ? end : joined(own, end), 0.08);
  const known = data.length > 0 ? densityOf(data, range) : [];
  const most = Math.max(...known, ...densityOf(final, range));
  const axes = { x: range, y: [0, most * 1.15], names: [view.name, "density"] } as const;
  const surface = new Surface(`The distribution of ${view.name} on its way from noise to samples`, 0.55);
  const values = new Float32Array(count);
  const draw = (moment: number) =>
    surface.draw((canvas) =>
      framed(canvas, axes, (places) => {
        const { context, colors } = canvas;
        context.fillStyle = colors.data;
        context.globalAlpha = 0.45;
        area(canvas, places, known, range);
        context.fillStyle = colors.samples;
        context.globalAlpha = 0.55;
        area(canvas, places, densityOf(momentOf(frames, count, moment, values), range), range);
      }),
    );
  return { surface, draw, last: frames.length / count - 1, count };
}

function moving(view: HistogramView): Moving {
  const { surface, draw } = histogram(view);
  return { element: html("figure", {}, surface.canvas), draw };
}

function comparison(view: HistogramView): Comparison {
  const { surface, draw, last, count } = histogram(view);
  const caption = html(
    "figcaption",
    {},
    `${count.toLocaleString("en-GB")} samples${view.data ? " over the data" : ""}`,
  );
  return { elements: [html("figure", {}, surface.canvas, caption)], draw: () => draw(last) };
}

/** A histogram. */
export const histograms: Kind<HistogramView> = { moving, comparison };
