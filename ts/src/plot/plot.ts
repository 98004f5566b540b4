// Pictures of samples: scatter plots, trajectories and images, side by side, as SVG or PNG.
// Drawn by Vega and resvg, which are loaded when a picture is made.
import type * as resvg from "@resvg/resvg-js";
import { writeWhole } from "../data/file.js";
import { toRows } from "../data/rows.js";
import { ConfigError, ShapeError } from "../errors.js";
import { lazily, packageFile } from "../native.js";
import type { Tensor } from "../tensor/tensor.js";
import { gridOf, type ImageSettings } from "./images.js";
import { type ImagePanelData, type LayerData, type PanelData, specOf } from "./panel.js";

export type { ImageSettings };

const renderer = lazily<typeof resvg>("@resvg/resvg-js");

/** Pixels of a PNG per unit of the picture. */
const SCALE = 2;

/** Settings that all plots have. */
export interface PlotSettings {
  /** Above the picture. */
  readonly title?: string;
  /** Names of the axes. */
  readonly columns?: readonly [string, string];
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

/** A picture that is not drawn yet. */
export class Plot {
  readonly #panels: readonly (() => Promise<PanelData | ImagePanelData>)[];

  /** @internal */
  constructor(panels: readonly (() => Promise<PanelData | ImagePanelData>)[]) {
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

/** Pictures in a row, as one picture. */
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
  return { title, columns, limits: like === undefined ? undefined : await pointsOf(like, all) };
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
  const layer = async (name: string, set: Tensor): Promise<LayerData> => {
    return { name, lines: [await pointsOf(set, settings)], joined: false };
  };
  const panel = async () => {
    const below = against === undefined ? [] : [await layer(names[1], against)];
    return { ...(await frame(settings)), layers: [...below, await layer(names[0], samples)] };
  };
  return new Plot([panel]);
}

/**
 * Trajectories `[T, N, D]`, as {@link DiffusionModel.sampleForwardProcess} gives them, as lines with their ends as points.
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
    const layers = [
      { name: "trajectories", lines, joined: true },
      { name: "ends", lines: [ends], joined: false },
    ];
    return { ...(await frame(settings)), layers };
  };
  return new Plot([panel]);
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
  return new Plot([() => gridOf(tensor, settings)]);
}
