// Pictures of images: a tensor of images as a grid, one pixel of the picture's file per element.
// A grid is one PNG file within the picture, because a rectangle per pixel would make files of megabytes.
import { namesOf, optionsOf } from "../config/options.js";
import { numbersOf } from "../data/rows.js";
import { inSlices } from "../data/slices.js";
import { ConfigError, ShapeError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCount, checkFrame, checkRange, checkTensor } from "./arguments.js";
import type { Pixels } from "./data-sets.js";
import { type Panel, SIZE, titleOf } from "./panel.js";
import { Plot } from "./picture.js";
import { rangeOf, someOf } from "./range.js";

/** Settings of {@link images}. */
export interface ImageSettings {
  /** Above the picture. */
  readonly title?: string;
  /** Images in a row; default: as many as make the grid a square, or one more. */
  readonly columns?: number;
  /** The numbers that are black and white; default `[-1, 1]`. What lies beyond is drawn as they are. */
  readonly range?: readonly [number, number];
  /** The largest number of images that is drawn, the first ones; default 400. */
  readonly limit?: number;
}

const names = namesOf<ImageSettings>({ title: true, columns: true, range: true, limit: true });

/** The shape of images, in messages. */
const IMAGES = "[N, 1 or 3, height, width]";

/** The largest byte. */
const BYTES = 255;

const short = (value: number) => Number(value.toPrecision(3));

/** Pixels between two images. */
const GAP = 1;

/** What makes images of a tensor that has their dimensions in another order, or lacks one. */
function remedyOf(shape: readonly number[]): string {
  const isChannels = (size: number | undefined) => size === 1 || size === 3;
  if (shape.length === 4 && isChannels(shape[3])) return ". Remedy: images.permute([0, 3, 1, 2])";
  if (shape.length !== 3) return "";
  if (isChannels(shape[0])) return ". Remedy: images.unsqueeze(0)";
  return isChannels(shape[2]) ? ". Remedy: images.permute([2, 0, 1]).unsqueeze(0)" : ". Remedy: images.unsqueeze(1)";
}

/** Values go from -1 to 1 where none is larger than this, or one lies as far below 0 as this share of the largest lies above: noise does, bytes do not. */
const [BEYOND, BELOW] = [2, 0.25];

/** Refuses values of which a picture from −1 to 1 would be a white page, such as bytes. */
function checkValues(elements: ArrayLike<number>): void {
  const [low, high] = rangeOf(someOf(elements)) ?? [0, 0];
  if (high <= BEYOND || low < -BELOW * high) return;
  const [expected, got] = ["values from -1 (black) to 1 (white)", `${short(low)} to ${short(high)}`];
  const bytes = high > BYTES / 4 && high <= BYTES;
  const remedy = bytes ? "images.div(127.5).sub(1), or { range: [0, 255] }" : `{ range: [low, high] }`;
  const details = { expected, got, where: "plot.images", path: "range" };
  throw new ConfigError(`plot.images: expected ${expected}, got ${got}. Remedy: ${remedy}`, details);
}

function check({ shape, rank }: Tensor, { columns, range, limit }: ImageSettings): void {
  if (rank !== 4 || shape.includes(0) || ![1, 3].includes(shape[1] ?? 0)) {
    const [expected, got] = [IMAGES, `[${shape.join(", ")}]`];
    const message = `plot.images: expected a tensor ${expected}, got ${got}${remedyOf(shape)}`;
    throw new ShapeError(message, { expected, got, where: "plot" });
  }
  checkCount("columns", columns);
  checkCount("limit", limit);
  checkRange("range", range);
}

/** About as large as other panels, with as many whole units per pixel, at least one, so that pixels stay square. */
function panelOf(title: string | undefined, { pixels }: Pixels): Panel {
  const { width, height } = pixels;
  const scale = Math.max(1, Math.round(SIZE / Math.max(width, height)));
  const size = { width: { value: width * scale }, height: { value: height * scale } };
  const update = { ...size, url: { field: "url" }, aspect: { value: false }, smooth: { value: false } };
  return (name) => ({
    data: { [name]: { pixels } },
    mark: {
      type: "group",
      encode: { update: size },
      ...titleOf(title),
      marks: [{ type: "image", from: { data: name }, encode: { update } }],
    },
  });
}

/** The panel of a grid of images `[N, 1 or 3, height, width]`. */
async function imagePanel(images: Tensor, settings: ImageSettings): Promise<Panel> {
  check(images, settings);
  const { title, range, limit = 400 } = settings;
  const [all = 0, channels = 0, height = 0, width = 0] = images.shape;
  const count = Math.min(all, limit);
  const columns = Math.min(settings.columns ?? Math.ceil(Math.sqrt(count)), count);
  const rows = Math.ceil(count / columns);
  const wide = columns * (width + GAP) - GAP;
  const tall = rows * (height + GAP) - GAP;
  const data = new Uint8ClampedArray(wide * tall * channels).fill(255);
  const elements = await numbersOf(images.narrow(0, 0, count));
  if (range === undefined) checkValues(elements);
  const [low, high] = range ?? [-1, 1];
  // A line of one channel at a time, in slices: a grid may have millions of pixels.
  await inSlices(count * channels * height, (line) => {
    const [n, channel, y] = [
      Math.floor(line / (channels * height)),
      Math.floor(line / height) % channels,
      line % height,
    ];
    const top = Math.floor(n / columns) * (height + GAP) + y;
    const left = (n % columns) * (width + GAP);
    for (let x = 0; x < width; x++) {
      // What is no number is drawn black.
      const level = (255 * ((elements[line * width + x] as number) - low)) / (high - low) || 0;
      data[(top * wide + left + x) * channels + channel] = level;
    }
  });
  return panelOf(title, { pixels: { width: wide, height: tall, channels, data } });
}

/**
 * Images `[N, 1 or 3, height, width]` as a grid, row by row: grey, or red, green and blue.
 *
 * @throws ShapeError for another shape; ConfigError for values that are bytes, or lie otherwise beyond white, where no range is given; once the picture is drawn
 *
 * @example
 * ```ts
 * await plot.images(randn([20, 1, 8, 8]), { columns: 5, range: [-3, 3] }).save("noise.png");
 * ```
 */
export function images(tensor: Tensor, settings: ImageSettings = {}): Plot {
  const { title } = optionsOf("plot.images", settings, names);
  checkTensor("plot.images", tensor, IMAGES);
  checkFrame({ title });
  return new Plot(async () => [await imagePanel(tensor, settings)]);
}
