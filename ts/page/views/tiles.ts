// Grids of small pictures: images that become clear, and tokens that take the place of masks.
// A cell of a tile is one pixel of a small canvas, which the browser enlarges without smoothing.
import type { ImageView, Packed, TokenView } from "../../src/report/payload.ts";
import { html } from "../dom.ts";
import { unpacked } from "../unpack.ts";
import type { Comparison, Kind, Moving } from "./view.ts";

/** Tiles of one size: how a cell of frame and tile is coloured. */
interface Tiles {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Writes red, green and blue of a cell, counted row by row. */
  paint(frame: number, tile: number, cell: number, into: Uint8ClampedArray, at: number): void;
}

/** Pixels between two tiles. */
const GAP = 1;

/** Tiles beside each other: a square of all, or rows below each other where tiles are flat. */
function columnsOf({ count, width, height }: Tiles): number {
  return Math.max(1, Math.min(count, Math.round(Math.sqrt((count * (height + GAP)) / (width + GAP)))));
}

/** A canvas of tiles, and what draws a frame of them. */
function gridOf(tiles: Tiles, label: string) {
  const { count, width, height } = tiles;
  const columns = columnsOf(tiles);
  const [wide, tall] = [columns * (width + GAP) - GAP, Math.ceil(count / columns) * (height + GAP) - GAP];
  const canvas = html("canvas", { role: "img", "aria-label": label, class: "tiles", width: wide, height: tall });
  canvas.style.aspectRatio = `${wide} / ${tall}`;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("the browser has no canvas");
  const image = context.createImageData(wide, tall);
  const draw = (frame: number) => {
    for (let tile = 0; tile < count; tile++) {
      const [left, top] = [(tile % columns) * (width + GAP), Math.floor(tile / columns) * (height + GAP)];
      for (let cell = 0; cell < width * height; cell++) {
        const at = 4 * ((top + Math.floor(cell / width)) * wide + left + (cell % width));
        tiles.paint(frame, tile, cell, image.data, at);
        image.data[at + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  };
  return { canvas, draw };
}

/** How the tiles of a view are found: those of the flow, and those of the data. */
interface Reading<View> {
  readonly label: (view: View) => string;
  readonly flow: (view: View) => Packed;
  readonly tiles: (view: View, packed: Packed) => Tiles;
}

function kindOf<View extends { readonly data?: Packed }>({ label, flow, tiles }: Reading<View>): Kind<View> {
  const framesOf = (view: View) => flow(view).shape[0] ?? 1;
  const moving = (view: View): Moving => {
    const { canvas, draw } = gridOf(tiles(view, flow(view)), `${label(view)} on their way from noise to samples`);
    return { element: html("figure", {}, canvas), draw: (moment) => draw(Math.round(moment)) };
  };
  const comparison = (view: View): Comparison => {
    const samples = { name: "Samples", of: tiles(view, flow(view)), frame: framesOf(view) - 1 };
    const data = view.data && { name: "Data", of: tiles(view, view.data), frame: 0 };
    const pictures = [...(data ? [data] : []), samples].map((set) => ({
      ...set,
      grid: gridOf(set.of, `${set.name}: ${label(view)}`),
    }));
    return {
      elements: pictures.map(({ name, of, grid }) =>
        html("figure", {}, grid.canvas, html("figcaption", {}, `${name}, ${of.count} of them`)),
      ),
      draw() {
        for (const { grid, frame } of pictures) grid.draw(frame);
      },
    };
  };
  return { moving, comparison };
}

/** Images: levels of grey, or of red, green and blue. */
export const images: Kind<ImageView> = kindOf({
  label: ({ name }) => `images${name === "" ? "" : ` of ${name}`}`,
  flow: ({ pixels }) => pixels,
  tiles(_, packed) {
    const [channels = 1, height = 1, width = 1] = packed.shape.slice(-3);
    const { low, high } = packed;
    const levels = unpacked(packed);
    const size = height * width;
    const count = packed.shape.at(-4) ?? 1;
    const paint: Tiles["paint"] = (frame, tile, cell, into, at) => {
      const start = (frame * count + tile) * channels * size + cell;
      for (let k = 0; k < 3; k++) {
        const level = levels[start + (channels === 1 ? 0 : k * size)] as number;
        into[at + k] = (255 * (level - low)) / (high - low || 1);
      }
    };
    return { count, height, width, paint };
  },
});

/** Colours of tokens: hues that lie far from each other, one after the other; the mask is grey. */
function colorOf(token: number, vocabulary: number): readonly [number, number, number] {
  if (token >= vocabulary) return [150, 150, 150];
  const hue = (token * 137.508 + 205) % 360;
  const light = [0.5, 0.68, 0.38][Math.floor(token / 6) % 3] as number;
  const reach = 0.62 * Math.min(light, 1 - light);
  const at = (n: number) => {
    const k = (n + hue / 30) % 12;
    return 255 * (light - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [at(0), at(8), at(4)];
}

/** Tokens: one colour each. */
export const tokens: Kind<TokenView> = kindOf({
  label: ({ name }) => `tokens${name === "" ? "" : ` of ${name}`}`,
  flow: (view) => view.tokens,
  tiles({ vocabulary }, packed) {
    const [count = 1, height = 1, width = 1] = packed.shape.slice(-3);
    const values = unpacked(packed);
    const paint: Tiles["paint"] = (frame, tile, cell, into, at) => {
      const token = Math.round(values[(frame * count + tile) * height * width + cell] as number);
      colorOf(token, vocabulary).forEach((level, k) => {
        into[at + k] = level;
      });
    };
    return { count, height, width, paint };
  },
});
