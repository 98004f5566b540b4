// Functions of one number as lines, with bands around them.
// A line or a bundle of lines for each name.

import { namesOf, optionsOf } from "../config/options.js";
import { type Numbers, numbersOf } from "../data/rows.js";
import { ShapeError } from "../errors.js";
import { refused } from "../model/settings.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFrame, tensorOf, type Values } from "./arguments.js";
import { coursesOf, everyOf } from "./courses.js";
import { bandLayer, type Layer, lineLayer } from "./layer.js";
import { type AxesSettings, axesNames, numberPanel } from "./panel.js";
import { Plot } from "./picture.js";

/** What {@link lines} draws in one colour. */
export interface Series {
  /** Its name in the legend; default `series 1`, `series 2` … */
  readonly name?: string;
  /** Where the values lie, `[T]`: a tensor or an array of numbers, as all of these. */
  readonly x: Values;
  /** A line `[T]`, or several `[N, T]`, which are drawn thinner. */
  readonly y?: Values;
  /** Pairs of lines `[T]`, such as the ends of intervals, with the area between them filled: the widest first. */
  readonly bands?: readonly (readonly [low: Values, high: Values])[];
}

/** A series as tensors. */
interface Given {
  readonly name: string;
  readonly x: Tensor;
  readonly y: Tensor | undefined;
  readonly bands: readonly (readonly [low: Tensor, high: Tensor])[];
}

const names = {
  series: namesOf<Series>({ name: true, x: true, y: true, bands: true }),
  settings: namesOf<AxesSettings>(axesNames),
};

/** The places of a series, and one or several lines along them. */
interface Along {
  readonly x: Float64Array;
  readonly lines: readonly Numbers[];
}

async function linesOf(x: Tensor, y: Tensor): Promise<Along> {
  const [count = 0] = x.shape;
  if (x.rank !== 1 || y.rank < 1 || y.rank > 2 || y.shape.at(-1) !== count) {
    const [expected, got] = ["x [T] and y [T] or [N, T]", `[${x.shape.join(", ")}] and [${y.shape.join(", ")}]`];
    throw new ShapeError(`plot.lines: expected ${expected}, got ${got}`, { expected, got, where: "plot.lines" });
  }
  const places = await everyOf(await numbersOf(x), 0, 1, count);
  const all = await numbersOf(y);
  const number = y.rank === 1 ? 1 : (y.shape[0] ?? 0);
  const lines = Array.from({ length: number }, (_, i) => all.subarray(i * count, (i + 1) * count));
  return { x: places, lines };
}

async function layersOf({ name, x, y, bands }: Given): Promise<Layer[]> {
  const layers: Layer[] = [];
  for (const [low, high] of bands) {
    const [bottom, top] = [await linesOf(x, low), await linesOf(x, high)];
    const values = [...bottom.lines.slice(0, 1), ...top.lines.slice(0, 1)];
    layers.push(bandLayer(name, await coursesOf(["x", "y", "top"], 1, () => ({ x: bottom.x, values }))));
  }
  if (y !== undefined) {
    const { x: places, lines } = await linesOf(x, y);
    const course = (i: number) => ({ x: places, values: lines.slice(i, i + 1) });
    const rows = await coursesOf(["x", "y", "line"], lines.length, course);
    layers.push(lineLayer(name, rows, y.rank === 1 ? "single" : "many"));
  }
  return layers;
}

/** A series, the `i`th of several. */
function given(series: Series, i: number): Given {
  const where = `plot.lines: series ${i + 1}`;
  const { name = `series ${i + 1}`, x, y, bands = [] } = optionsOf(where, series, names.series);
  if (typeof name !== "string") throw refused(`${where}: name`, "a text", name);
  const isPairs = Array.isArray(bands) && bands.every((pair) => Array.isArray(pair) && pair.length === 2);
  if (!isPairs) throw refused(`${where}: bands`, "an array of pairs [low, high]", bands);
  return {
    name,
    x: tensorOf(`${where}: x`, x, "[T]"),
    y: y === undefined ? undefined : tensorOf(`${where}: y`, y, "[T] or [N, T]"),
    bands: bands.map(([low, high], band) => {
      const place = `${where}: bands[${band}]`;
      return [tensorOf(`${place}[0]`, low, "[T]"), tensorOf(`${place}[1]`, high, "[T]")] as const;
    }),
  };
}

/**
 * Functions of one number as lines, with bands around them: forecasts with their intervals, courses of a measure. Of a line or a band of more than 5000 points the first, the last, the
 * lowest and the highest of each half pixel of a PNG file are drawn: nothing that could be seen is lost.
 *
 * @param series - what is drawn, the first at the bottom
 * @throws ShapeError for what are no numbers, and where a line has another length than its x, once the picture is drawn
 *
 * @example
 * ```ts
 * const x = arange(0, 5);
 * const forecast = { name: "forecast", x, y: x.mul(2), bands: [[x, x.mul(3)]] } as const;
 * await plot.lines([{ x: [1, 2, 4], y: [3, 1, 2] }]).save("three.svg");
 * await plot.lines([forecast], { columns: ["day", "temperature"] }).save("forecast.svg");
 * ```
 */
export function lines(series: readonly Series[], settings: AxesSettings = {}): Plot {
  optionsOf("plot.lines", settings, names.settings);
  if (!Array.isArray(series)) throw refused("plot.lines", "an array of { name, x, y }", series);
  checkFrame(settings);
  const all = series.map(given);
  const draw = async () => {
    const layers: Layer[] = [];
    for (const each of all) layers.push(...(await layersOf(each)));
    return [numberPanel({ ...settings, layers })];
  };
  return new Plot(draw);
}
