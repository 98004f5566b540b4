// Series as lines that move from noise to what a series looks like.
// A few of them: more would hide each other.
import type { SeriesView } from "../../src/report/payload.ts";
import { html } from "../dom.ts";
import { framed, type Places } from "../frame.ts";
import { joined, type Range, rangeOf, widened } from "../scale.ts";
import { type Area, Surface } from "../surface.ts";
import { sizeOf, unpacked } from "../unpack.ts";
import { momentOf } from "./moments.ts";
import type { Comparison, Kind, Moving } from "./view.ts";

function lines({ context }: Area, places: Places, values: Float32Array, length: number): void {
  context.lineWidth = 1.2;
  for (let start = 0; start < values.length; start += length) {
    context.beginPath();
    for (let i = 0; i < length; i++) {
      context[i === 0 ? "moveTo" : "lineTo"](places.x(i), places.y(values[start + i] as number));
    }
    context.stroke();
  }
}

function known(view: SeriesView) {
  const length = sizeOf(view.y, 2);
  const width = sizeOf(view.y, 1) * length;
  const frames = unpacked(view.y);
  const data = view.data ? unpacked(view.data) : new Float32Array(0);
  const final = frames.subarray(frames.length - width);
  const end = [rangeOf(data, 0.002), rangeOf(final, 0.002)].filter((range) => range !== undefined);
  const start = rangeOf(frames.subarray(0, width), 0.002) ?? [0, 1];
  const range: Range = end.reduce(joined, end[0] ?? start);
  const follows = start[1] - start[0] > 4 * (range[1] - range[0]);
  const axes = (y: Range) => ({ x: [0, length - 1] as const, y: widened(y), names: ["place", view.name] as const });
  return { length, width, frames, data, final, range, all: follows ? range : joined(range, start), axes };
}

function moving(view: SeriesView): Moving {
  const { length, width, frames, all, axes } = known(view);
  const surface = new Surface(`Series of ${view.name} on their way from noise to samples`, 0.55);
  const values = new Float32Array(width);
  return {
    element: html("figure", {}, surface.canvas),
    draw: (moment) =>
      surface.draw((area) =>
        framed(area, axes(all), (places) => {
          area.context.strokeStyle = area.colors.samples;
          area.context.globalAlpha = 0.6;
          lines(area, places, momentOf(frames, width, moment, values), length);
        }),
      ),
  };
}

function comparison(view: SeriesView): Comparison {
  const { length, data, final, range, axes } = known(view);
  const sets = [
    { name: "Data", color: "data", values: data },
    { name: "Samples", color: "samples", values: final },
  ] as const;
  const pictures = sets
    .filter(({ values }) => values.length > 0)
    .map((set) => ({ ...set, surface: new Surface(`${set.name}: series of ${view.name}`, 0.6) }));
  return {
    elements: pictures.map(({ name, values, surface }) =>
      html("figure", {}, surface.canvas, html("figcaption", {}, `${name}, ${values.length / length} series`)),
    ),
    draw() {
      for (const { surface, values, color } of pictures) {
        surface.draw((area) =>
          framed(area, axes(range), (places) => {
            area.context.strokeStyle = area.colors[color];
            area.context.globalAlpha = 0.6;
            lines(area, places, values, length);
          }),
        );
      }
    },
  };
}

/** Series. */
export const series: Kind<SeriesView> = { moving, comparison };
