// Plot: a picture of panels in a row that is drawn when somebody wants to see it, as SVG or PNG.
// Drawn by Vega and resvg, which are loaded then.
import type * as resvg from "@resvg/resvg-js";
import { writeWhole } from "../data/file.js";
import { ConfigError } from "../errors.js";
import { lazily, packageFile } from "../native.js";
import { type Panel, specOf } from "./panel.js";

const renderer = lazily<typeof resvg>("@resvg/resvg-js");

/** Pixels of a PNG per unit of the picture. */
const SCALE = 2;

/** A picture that is not drawn yet. */
export class Plot {
  readonly #draw: () => Promise<readonly Panel[]>;

  /** @internal */
  constructor(draw: () => Promise<readonly Panel[]>) {
    this.#draw = draw;
  }

  /** This picture and others in a row. */
  beside(...others: readonly Plot[]): Plot {
    return new Plot(async () => (await Promise.all([this, ...others].map((plot) => plot.#draw()))).flat());
  }

  /** The picture as the text of an SVG file. */
  async toSvg(): Promise<string> {
    const { parse, View } = await import("vega");
    const spec = specOf(await this.#draw());
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
    // Vega asks for sharp pixels twice, and resvg knows only the first name.
    const svg = (await this.toSvg()).replaceAll("image-rendering: pixelated;", "");
    const drawn = await renderer().renderAsync(svg, { font, fitTo: { mode: "zoom", value: SCALE } });
    return drawn.asPng();
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
