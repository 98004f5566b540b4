// Points that move: particles on their way from noise to samples, with short trails, over the points of the data.
// Where the noise is much wider than the data (ve, edm) the axes follow the particles.
import type { PointView } from "../../src/report/payload.ts";
import { html } from "../dom.ts";
import { framed, type Places } from "../frame.ts";
import { between, joined, type Range, rangeOf, widened } from "../scale.ts";
import { type Area, Surface } from "../surface.ts";
import { sizeOf, unpacked } from "../unpack.ts";
import { momentOf } from "./moments.ts";
import type { Comparison, Kind, Moving } from "./view.ts";

/** Frames of a trail. */
const TRAIL = 5;

/** Numbers that lie beyond the axes at either end, as a share. */
const OUTSIDE = 0.004;

/** How much wider the noise must be than the data for the axes to follow. */
const FOLLOWS = 4;

const width = ([low, high]: Range) => high - low;

/** Data and trajectories of one coordinate. */
interface Axis {
  readonly frames: Float32Array;
  readonly data: Float32Array;
  /** The range of each frame. */
  readonly ranges: readonly Range[];
}

function axisOf(frames: Float32Array, data: Float32Array, count: number): Axis {
  const ends = rangeOf(data, OUTSIDE);
  const each = Array.from({ length: frames.length / count }, (_, frame): Range => {
    const own = rangeOf(frames.subarray(frame * count, (frame + 1) * count), OUTSIDE) ?? ends ?? [0, 1];
    return widened(ends === undefined ? own : joined(own, ends));
  });
  const all = each.reduce(joined);
  const follows = width(all) > FOLLOWS * width(each.at(-1) ?? all);
  return { frames, data, ranges: follows ? each : each.map(() => all) };
}

interface Known {
  readonly x: Axis;
  readonly y: Axis;
  readonly count: number;
  readonly names: readonly [string, string];
}

function known({ x, y, data, names }: PointView): Known {
  const count = sizeOf(x, 1);
  const none = new Float32Array(0);
  return {
    x: axisOf(unpacked(x), data ? unpacked(data.x) : none, count),
    y: axisOf(unpacked(y), data ? unpacked(data.y) : none, count),
    count,
    names,
  };
}

/** The range of a moment. */
function rangeAt({ ranges }: Axis, moment: number): Range {
  const first = Math.floor(moment);
  const [start, end] = [ranges[first] as Range, ranges[Math.min(first + 1, ranges.length - 1)] as Range];
  return between(start, end, moment - first);
}

/** Dots, all in one colour. */
function dots({ context }: Area, places: Places, x: Float32Array, y: Float32Array, radius: number): void {
  context.beginPath();
  for (let i = 0; i < x.length; i++) {
    const [left, top] = [places.x(x[i] as number), places.y(y[i] as number)];
    context.moveTo(left + radius, top);
    context.arc(left, top, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

/** Smaller dots where they are many, and where the picture is small. */
const radiusOf = (count: number, { width }: Area) =>
  Math.min(3.2, Math.max(1.4, 70 / Math.sqrt(count + 1))) * Math.min(1, Math.max(0.7, width / 560));

function trails(area: Area, places: Places, { x, y, count }: Known, moment: number): void {
  const { context, colors } = area;
  context.strokeStyle = colors.samples;
  context.lineWidth = 1;
  const [start, end] = [new Float32Array(count), new Float32Array(count)];
  const [startY, endY] = [new Float32Array(count), new Float32Array(count)];
  for (let back = 1; back <= TRAIL && back <= moment + 1; back++) {
    const [from, to] = [Math.max(0, moment - back), Math.max(0, moment - back + 1)];
    momentOf(x.frames, count, from, start);
    momentOf(y.frames, count, from, startY);
    momentOf(x.frames, count, to, end);
    momentOf(y.frames, count, to, endY);
    context.globalAlpha = 0.22 * (1 - (back - 1) / TRAIL);
    context.beginPath();
    for (let i = 0; i < count; i++) {
      context.moveTo(places.x(start[i] as number), places.y(startY[i] as number));
      context.lineTo(places.x(end[i] as number), places.y(endY[i] as number));
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

function moving(view: PointView): Moving {
  const all = known(view);
  const { x, y, count, names } = all;
  const surface = new Surface(`${count} particles on their way from noise to samples: ${names.join(" and ")}`, 0.82);
  const [left, top] = [new Float32Array(count), new Float32Array(count)];
  const draw = (moment: number) =>
    surface.draw((area) =>
      framed(area, { x: rangeAt(x, moment), y: rangeAt(y, moment), names }, (places) => {
        const { context, colors } = area;
        context.fillStyle = colors.data;
        context.globalAlpha = 0.4;
        dots(area, places, x.data, y.data, radiusOf(x.data.length, area) * 0.9);
        trails(area, places, all, moment);
        context.fillStyle = colors.samples;
        context.globalAlpha = 0.85;
        momentOf(x.frames, count, moment, left);
        momentOf(y.frames, count, moment, top);
        dots(area, places, left, top, radiusOf(count, area));
      }),
    );
  return { element: html("figure", {}, surface.canvas), draw };
}

function comparison(view: PointView): Comparison {
  const { x, y, count, names } = known(view);
  const last = (frames: Float32Array) => frames.subarray(frames.length - count);
  const axes = { x: x.ranges.at(-1) as Range, y: y.ranges.at(-1) as Range, names };
  const sets = [
    { name: "Data", color: "data", left: x.data, top: y.data },
    { name: "Samples", color: "samples", left: last(x.frames), top: last(y.frames) },
  ] as const;
  const pictures = sets
    .filter(({ left }) => left.length > 0)
    .map((set) => ({ ...set, surface: new Surface(`${set.name}: ${set.left.length} points`, 0.9) }));
  return {
    elements: pictures.map(({ name, left, surface }) => {
      const caption = html("figcaption", {}, `${name}, ${left.length.toLocaleString("en-GB")} points`);
      return html("figure", {}, surface.canvas, caption);
    }),
    draw() {
      for (const { surface, color, left, top } of pictures) {
        surface.draw((area) =>
          framed(area, axes, (places) => {
            area.context.fillStyle = area.colors[color];
            area.context.globalAlpha = 0.6;
            dots(area, places, left, top, radiusOf(left.length, area));
          }),
        );
      }
    },
  };
}

/** Points. */
export const points: Kind<PointView> = { moving, comparison };
