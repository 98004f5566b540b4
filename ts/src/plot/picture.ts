// Plot: a picture of one or more panels that is drawn when somebody wants to see it, as SVG or PNG.
// Vega and resvg draw it, in a thread of their own.
import { namesOf, optionsOf } from "../config/options.js";
import { writeWhole } from "../data/file.js";
import { ConfigError } from "../errors.js";
import { pathOf, refused } from "../model/settings.js";
import { checkCount, checkFrame } from "./arguments.js";
import { type Grid, type GridSettings, gridPanel, pictureOf } from "./grid.js";
import { pngOf, svgBytesOf, svgOf } from "./painter.js";
import type { Panel } from "./panel.js";

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
  readonly #draw: () => Promise<readonly Panel[]>;
  readonly #grid: Grid;

  /** @internal */
  constructor(draw: () => Promise<readonly Panel[]>, grid: Grid = {}) {
    this.#draw = draw;
    this.#grid = grid;
  }

  /** This picture and others in a row; {@link panels} puts many into several. */
  beside(...others: readonly Plot[]): Plot {
    const all = [this, ...others];
    return Plot.together("plot.beside", all, { columns: all.length });
  }

  /** @internal */
  static together(where: string, plots: readonly Plot[], grid: Grid): Plot {
    const wrong = plots.findIndex((plot) => !(plot instanceof Plot));
    if (wrong >= 0) throw refused(`${where}: plot ${wrong + 1}`, "a plot", plots[wrong]);
    return new Plot(() => Promise.all(plots.map((plot) => plot.#panel())), grid);
  }

  /** All of it as one panel. */
  async #panel(): Promise<Panel> {
    const [first, ...others] = await this.#draw();
    const { title, colors = [] } = this.#grid;
    const isAlone = first !== undefined && others.length === 0 && !title && colors.length === 0;
    return isAlone ? first : gridPanel(first === undefined ? [] : [first, ...others], this.#grid);
  }

  /** The picture as the text of an SVG file. */
  async toSvg(): Promise<string> {
    return svgOf(pictureOf(await this.#panel()));
  }

  /** The picture as the bytes of a PNG file. */
  async toPng(): Promise<Uint8Array> {
    return pngOf(pictureOf(await this.#panel()));
  }

  /**
   * Writes the picture, as a whole or not at all; folders that are not there are made.
   *
   * @param file - its ending, `.svg` or `.png`, says what is written
   * @throws ConfigError for another ending; DataError where the file cannot be written
   */
  async save(file: string): Promise<void> {
    pathOf("plot.save", file);
    if (file.endsWith(".svg")) return writeWhole(file, await svgBytesOf(pictureOf(await this.#panel())));
    if (file.endsWith(".png")) return writeWhole(file, await this.toPng());
    const expected = "a file name that ends in .svg or .png";
    throw new ConfigError(`plot.save: expected ${expected}, got ${JSON.stringify(file)}`, { expected, got: file });
  }
}

const names = namesOf<GridSettings>({ columns: true, title: true });

/**
 * Pictures beside and below each other, as one picture.
 *
 * @throws ConfigError where there is none, or for wrong settings
 *
 * @example
 * ```ts
 * await plot.panels([plot.scatter(samples), plot.scatter(x0)]).save("panels.png");
 * await plot.panels([samples, x0, x1].map((set) => plot.scatter(set)), { columns: 1, title: "three sets" }).save("column.png");
 * ```
 */
export function panels(plots: readonly Plot[], settings: GridSettings = {}): Plot {
  const { columns, title } = optionsOf("plot.panels", settings, names);
  checkCount("columns", columns);
  checkFrame({ title });
  if (!Array.isArray(plots)) throw refused("plot.panels", "an array of plots", plots);
  if (plots.length > 0) return Plot.together("plot.panels", plots, settings);
  throw new ConfigError("plot.panels: expected at least one plot, got none", {
    expected: "at least one plot",
    got: "none",
  });
}
