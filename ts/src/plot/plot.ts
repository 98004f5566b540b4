// Pictures of samples and figures: points, trajectories, images, lines with bands, grids, bars, side by side, as SVG or PNG.
// Drawn by Vega and resvg, which are loaded when a picture is made.
import type * as resvg from "@resvg/resvg-js";
import { writeWhole } from "../data/file.js";
import { toRows } from "../data/rows.js";
import { ConfigError, ShapeError } from "../errors.js";
import { lazily, packageFile } from "../native.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Bars, barPanel } from "./bars.js";
import { type ImageSettings, imagePanel } from "./images.js";
import { bandLayer, cellLayer, type Layer, lineLayer, type Point, pointLayer, type Range } from "./layer.js";
import { numberPanel, type Panel, type PanelData, specOf } from "./panel.js";

export type { Bars } from "./bars.js";
export type { ImageSettings } from "./images.js";
export type { Range } from "./layer.js";

const renderer = lazily<typeof resvg>("@resvg/resvg-js");

/** Pixels of a PNG per unit of the picture. */
const SCALE = 2;

/** Settings of all plots with two axes of numbers. */
export interface AxesSettings {
  /** Above the picture. */
  readonly title?: string;
  /** Names of the axes. */
  readonly columns?: readonly [string, string];
}

/** Settings of plots of samples. */
export interface PlotSettings extends AxesSettings {
  /** The two coordinates that are drawn; default `[0, 1]`. */
  readonly axes?: readonly [number, number];
  /** Samples whose extent the axes have, so that pictures can be compared; default: what is drawn. */
  readonly like?: Tensor;
  /** The largest number of points (or of trajectories) that is drawn of each set, the first ones; default 5000 (100). */
  readonly limit?: number;
}

/** Settings of {@link scatter}. */
export interface ScatterSettings extends PlotSettings {
  /** Other samples, drawn below in another colour. */
  readonly against?: Tensor;
  /** Names in the legend: of the samples, and of those below; default `["samples", "data"]`. */
  readonly names?: readonly [string, string];
}

/**
 * A picture that is not drawn yet: it is when it is saved, or asked for as SVG or PNG.
 *
 * @example
 * ```ts
 * const picture = plot.scatter(samples).beside(plot.scatter(samples, { title: "again" }));
 * await picture.save("both.svg");
 * const bytes = await picture.toPng(); // for a server, or a notebook
 * ```
 */
export class Plot {
  readonly #panels: readonly (() => Promise<Panel>)[];

  /** @internal */
  constructor(panels: readonly (() => Promise<Panel>)[]) {
    this.#panels = panels;
  }

  /** This picture and others in a row. */
  beside(...others: readonly Plot[]): Plot {
    return new Plot([this, ...others].flatMap((plot) => plot.#panels));
  }

  /** The picture as the text of an SVG file. */
  async toSvg(): Promise<string> {
    const { parse, View } = await import("vega");
    const spec = specOf(await Promise.all(this.#panels.map((panel) => panel())));
    const view = new View(parse(spec), { renderer: "none" });
    try {
      return await view.toSVG();
    } finally {
      view.finalize();
    }
  }

  /** The picture as the bytes of a PNG file. */
  async toPng(): Promise<Uint8Array> {
    const font = {
      loadSystemFonts: false,
      fontFiles: [
        packageFile("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
        packageFile("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
      ],
      defaultFontFamily: "DejaVu Sans",
    };
    const { Resvg } = renderer();
    // Vega asks for sharp pixels twice, and resvg knows only the first name.
    const svg = (await this.toSvg()).replaceAll("image-rendering: pixelated;", "");
    return new Resvg(svg, { font, fitTo: { mode: "zoom", value: SCALE } }).render().asPng();
  }

  /**
   * Writes the picture, as a whole or not at all.
   *
   * @param file - its ending, `.svg` or `.png`, says what is written
   * @throws ConfigError for another ending; DataError where the file cannot be written
   */
  async save(file: string): Promise<void> {
    if (file.endsWith(".svg")) return writeWhole(file, await this.toSvg());
    if (file.endsWith(".png")) return writeWhole(file, await this.toPng());
    const expected = "a file name that ends in .svg or .png";
    throw new ConfigError(`plot.save: expected ${expected}, got ${JSON.stringify(file)}`, { expected, got: file });
  }
}

/**
 * Pictures in a row, as one picture.
 *
 * @throws ConfigError where there is none
 *
 * @example
 * ```ts
 * await plot.panels([plot.scatter(samples), plot.scatter(x0)]).save("panels.png");
 * ```
 */
export function panels(plots: readonly Plot[]): Plot {
  const [first, ...others] = plots;
  if (first !== undefined) return first.beside(...others);
  throw new ConfigError("plot.panels: expected at least one plot, got none", {
    expected: "at least one plot",
    got: "none",
  });
}

function checked(tensor: Tensor, leading: string, axes: readonly [number, number]): void {
  const width = tensor.shape.at(-1) ?? 0;
  const rank = leading.split(",").length + 1;
  if (tensor.rank === rank && axes.every((axis) => axis >= 0 && axis < width)) return;
  const [expected, got] = [`[${leading}, ${Math.max(...axes) + 1} or more]`, `[${tensor.shape.join(", ")}]`];
  throw new ShapeError(`plot: expected a tensor ${expected}, got ${got}`, { expected, got, where: "plot" });
}

/** The two drawn coordinates of the first rows. */
async function pointsOf(samples: Tensor, { axes = [0, 1], limit = 5000 }: PlotSettings): Promise<[number, number][]> {
  checked(samples, "rows", axes);
  const at = (row: readonly number[], axis: number) => row[axis] ?? Number.NaN;
  return (await toRows(samples)).slice(0, limit).map((row) => [at(row, axes[0]), at(row, axes[1])]);
}

/** What all panels have: title, names of the axes, limits. */
async function frame({ title = "", columns, like, axes }: PlotSettings): Promise<Omit<PanelData, "layers">> {
  const all = { limit: Number.POSITIVE_INFINITY, ...(axes && { axes }) };
  return { title, columns, legend: "inside", limits: like === undefined ? undefined : await pointsOf(like, all) };
}

/**
 * Samples `[N, D]` as points.
 *
 * @example
 * ```ts
 * await plot.scatter(samples, { against: data }).save("swiss-roll.png");
 * ```
 */
export function scatter(samples: Tensor, settings: ScatterSettings = {}): Plot {
  const { against, names = ["samples", "data"] } = settings;
  const layer = async (name: string, set: Tensor) => pointLayer(name, await pointsOf(set, settings));
  const panel = async () => {
    const below = against === undefined ? [] : [await layer(names[1], against)];
    return numberPanel({ ...(await frame(settings)), layers: [...below, await layer(names[0], samples)] });
  };
  return new Plot([panel]);
}

/**
 * Trajectories `[T, N, D]`, as {@link DiffusionModel.sampleForwardProcess} gives them, as lines with their ends as points.
 *
 * @throws ShapeError for another rank, or too few coordinates, once the picture is drawn
 *
 * @example
 * ```ts
 * const ways = await model.sampleForwardProcess({ batchSize: 30, tSpan: [0, 0.25, 0.5, 0.75, 1], seed: 1 });
 * await plot.trajectories(ways).save("ways.svg");
 * ```
 */
export function trajectories(paths: Tensor, settings: PlotSettings = {}): Plot {
  const { axes = [0, 1], limit = 100 } = settings;
  const panel = async () => {
    checked(paths, "times, N", axes);
    const [times = 0, count = 0, width = 0] = paths.shape;
    const elements = Array.from(await paths.data(), Number);
    const at = (time: number, n: number, axis: number) => elements[(time * count + n) * width + axis] ?? Number.NaN;
    const lines = Array.from({ length: Math.min(count, limit) }, (_, n) =>
      Array.from({ length: times }, (_, time): [number, number] => [at(time, n, axes[0]), at(time, n, axes[1])]),
    );
    const ends = lines.flatMap((line) => line.slice(-1));
    const layers = [lineLayer("trajectories", lines), pointLayer("ends", ends)];
    return numberPanel({ ...(await frame(settings)), layers });
  };
  return new Plot([panel]);
}

/** What {@link lines} draws in one colour. */
export interface Series {
  /** Its name in the legend. */
  readonly name: string;
  /** Where the values lie, `[T]`. */
  readonly x: Tensor;
  /** A line `[T]`, or several `[N, T]`, which are drawn thinner. */
  readonly y?: Tensor;
  /** Pairs of lines `[T]`, such as the ends of intervals, with the area between them filled: the widest first. */
  readonly bands?: readonly (readonly [low: Tensor, high: Tensor])[];
}

/** A tensor of one or several lines along x, as points. */
async function linesOf(x: Tensor, y: Tensor): Promise<Point[][]> {
  const [count] = x.shape;
  if (x.rank !== 1 || y.rank < 1 || y.rank > 2 || y.shape.at(-1) !== count) {
    const [expected, got] = ["x [T] and y [T] or [N, T]", `[${x.shape.join(", ")}] and [${y.shape.join(", ")}]`];
    throw new ShapeError(`plot.lines: expected ${expected}, got ${got}`, { expected, got, where: "plot.lines" });
  }
  const places = Array.from(await x.data(), Number);
  const rows = await toRows(y.reshape([-1, places.length]));
  return rows.map((row) => row.map((value, i): Point => [places[i] ?? Number.NaN, value]));
}

async function layersOf({ name, x, y, bands = [] }: Series): Promise<Layer[]> {
  const layers: Layer[] = [];
  for (const [low, high] of bands) {
    const [[bottom = []], [top = []]] = [await linesOf(x, low), await linesOf(x, high)] as const;
    layers.push(bandLayer(name, bottom, top));
  }
  if (y !== undefined) layers.push(lineLayer(name, await linesOf(x, y), y.rank === 1));
  return layers;
}

/**
 * Functions of one number as lines, with bands around them: courses of a loss, forecasts with their intervals.
 *
 * @param series - what is drawn, the first at the bottom
 * @throws ShapeError where a line has another length than its x, once the picture is drawn
 *
 * @example
 * ```ts
 * const x = arange(0, 5);
 * const forecast = { name: "forecast", x, y: x.mul(2), bands: [[x, x.mul(3)]] } as const;
 * await plot.lines([forecast], { columns: ["day", "temperature"] }).save("forecast.svg");
 * ```
 */
export function lines(series: readonly Series[], settings: AxesSettings = {}): Plot {
  const panel = async () => {
    const layers = await Promise.all(series.map(layersOf));
    return numberPanel({ ...(await frame(settings)), legend: "below", layers: layers.flat() });
  };
  return new Plot([panel]);
}

/** Settings of {@link heatMap}. */
export interface HeatMapSettings extends AxesSettings {
  /** The outer ends of the first and the last column; default 0 and the number of columns. */
  readonly x?: Range;
  /** The outer ends of the first and the last row; default 0 and the number of rows. */
  readonly y?: Range;
  /** What the colours mean. */
  readonly label?: string;
}

/**
 * Values on a grid `[rows, columns]` as colours, the first row at the bottom; cells that are not finite stay empty.
 *
 * @throws ShapeError for another rank, once the picture is drawn
 *
 * @example
 * ```ts
 * const { y, x } = { y: linspace(-1, 1, 20).reshape([20, 1]), x: linspace(-1, 1, 30) };
 * const density = x.square().add(y.square()).mul(-4).exp();
 * await plot.heatMap(density, { x: [-1, 1], y: [-1, 1], label: "density" }).save("density.png");
 * ```
 */
export function heatMap(values: Tensor, settings: HeatMapSettings = {}): Plot {
  const panel = async () => {
    const [rows = 0, columns = 0] = values.shape;
    if (values.rank !== 2 || values.size === 0) {
      const [expected, got] = ["a tensor [rows, columns]", `[${values.shape.join(", ")}]`];
      throw new ShapeError(`plot.heatMap: expected ${expected}, got ${got}`, { expected, got, where: "plot.heatMap" });
    }
    const { x = [0, columns], y = [0, rows], label = "" } = settings;
    const layers = [cellLayer(await toRows(values), x, y, label)];
    return numberPanel({ ...(await frame(settings)), layers });
  };
  return new Plot([panel]);
}

/** Settings of {@link bars}. */
export interface BarSettings {
  /** What each figure is of, from top to bottom. */
  readonly labels: readonly string[];
  /** Above the picture. */
  readonly title?: string;
  /** Name of the axis of the figures. */
  readonly unit?: string;
}

/**
 * Figures as horizontal bars, those of one label beside each other: a measure beside its floor or its baseline.
 *
 * @param sets - one colour each
 * @throws ShapeError where there is not one figure for each label
 *
 * @example
 * ```ts
 * const sets = [{ name: "samples", values: [0.14, 0.78] }, { name: "half to half", values: [0.09, 0.47] }];
 * await plot.bars(sets, { labels: ["swiss roll", "airports"], unit: "distance" }).save("distances.png");
 * ```
 */
export function bars(sets: readonly Bars[], { labels, title = "", unit = "" }: BarSettings): Plot {
  const wrong = sets.find(({ values }) => values.length !== labels.length);
  if (wrong !== undefined) {
    const [expected, got] = [`${labels.length} figures, one for each label`, String(wrong.values.length)];
    const where = `plot.bars: ${JSON.stringify(wrong.name)}`;
    throw new ShapeError(`${where}: expected ${expected}, got ${got}`, { expected, got, where });
  }
  return new Plot([async () => barPanel({ title, unit, labels, sets })]);
}

/**
 * Images `[N, 1 or 3, height, width]` as a grid, row by row: grey, or red, green and blue.
 *
 * @example
 * ```ts
 * await plot.images(randn([20, 1, 8, 8]), { columns: 5, range: [-3, 3] }).save("noise.png");
 * ```
 */
export function images(tensor: Tensor, settings: ImageSettings = {}): Plot {
  return new Plot([() => imagePanel(tensor, settings)]);
}
