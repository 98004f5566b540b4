// Trajectories as what the page moves: points, a histogram, series, images or tokens, with the data beside them.
// Each leaf of a state has a view of its own; those that are vectors share one.
import { numbersOf } from "../data/rows.js";
import type { Tensor } from "../tensor/tensor.js";
import { chosenAxes, columnNames, columnOf, columnsOf, kindOf } from "./columns.js";
import { packed, packedIntegers } from "./pack.js";
import type { Packed, View } from "./payload.js";
import type { Leaf, Subject } from "./subject.js";

/** What a view is made of. */
export interface Looked {
  readonly subject: Subject;
  /** Trajectories, leaf by leaf: `[T, N, …]`. */
  readonly flow: readonly Tensor[];
  /** Data, leaf by leaf: `[M, …]`. */
  readonly data: readonly Tensor[];
  readonly columns: readonly string[] | undefined;
  readonly axes: readonly (number | string)[] | undefined;
  /** Particles at most. */
  readonly particles: number;
  /** The numbers that are black and white. */
  readonly range: readonly [number, number];
}

/** Points of the data at most. */
const POINTS = 2000;

/** Series at most: more would hide each other. */
const LINES = 24;

/** Images or rows of tokens at most. */
export const TILES = 36;

/** Bytes of the images of an animation. */
const IMAGE_BYTES = 1.6e6;

/** The longest side of an image that is drawn as it is. */
const PIXELS = 64;

const first = (tensor: Tensor, most: number) => tensor.narrow(0, 0, Math.min(most, tensor.shape[0] ?? 0));

async function pack(tensor: Tensor, bits: 8 | 16 = 16, range?: readonly [number, number]): Promise<Packed> {
  return packed(await numbersOf(tensor), { shape: tensor.shape, bits, range });
}

async function vectorView({ subject, flow, data, columns, axes, particles }: Looked): Promise<View | undefined> {
  const all = columnsOf(subject, flow, 2);
  if (all === undefined) return undefined;
  const moving = all.narrow(1, 0, Math.min(particles, all.shape[1] ?? 0));
  const names = columnNames(subject, columns);
  const known =
    data.length > 0
      ? columnsOf(
          subject,
          data.map((each) => first(each, POINTS)),
          1,
        )
      : undefined;
  const shape = moving.shape.slice(0, 2);
  const at = async (axis: number) => packed(await columnOf(moving, axis), { shape, bits: 16 });
  const still = async (axis: number) =>
    known && packed(await columnOf(known, axis), { shape: known.shape.slice(0, 1), bits: 16 });
  const [left = 0, top] = chosenAxes(subject, names, axes);
  const [x, dataX] = [await at(left), await still(left)];
  const name = names[left] ?? "";
  if (top === undefined) return { kind: "histogram", name, x, ...(dataX && { data: dataX }) };
  const [y, dataY] = [await at(top), await still(top)];
  return {
    kind: "points",
    names: [name, names[top] ?? ""],
    x,
    y,
    ...(dataX && dataY && { data: { x: dataX, y: dataY } }),
  };
}

/** A leaf `[…, C, L]`, or of more dimensions, as series of its first channel: `[…, L]`. */
const seriesOf = (tensor: Tensor, leading: number): Tensor => {
  const channel = tensor.select(leading, 0);
  return channel.reshape([...channel.shape.slice(0, leading), -1]);
};

async function seriesView({ name, shape }: Leaf, flow: Tensor, data: Tensor | undefined): Promise<View> {
  const lines = seriesOf(flow.narrow(1, 0, Math.min(LINES, flow.shape[1] ?? 0)), 2);
  const known = data && seriesOf(first(data, LINES), 1);
  const channel = (shape[0] ?? 1) > 1 ? "first channel" : "";
  const label = [name, channel].filter((part) => part !== "").join(", ") || "value";
  return { kind: "series", name: label, y: await pack(lines), ...(known && { data: await pack(known) }) };
}

/** Images `[N, C, H, W]`, no larger than can be drawn. */
function reduced(images: Tensor): Tensor {
  const [height = 1, width = 1] = images.shape.slice(-2);
  const share = PIXELS / Math.max(height, width);
  if (share >= 1) return images;
  return images.adaptiveAvgPool([Math.max(1, Math.round(height * share)), Math.max(1, Math.round(width * share))]);
}

/** As many images as fit into the file. */
function fitting(images: Tensor): Tensor {
  const [frames = 1, count = 1, channels = 1, height = 1, width = 1] = images.shape;
  const share = Math.min(1, PIXELS / Math.max(height, width));
  const most = Math.floor(IMAGE_BYTES / (frames * channels * height * width * share ** 2));
  return images.narrow(1, 0, Math.min(count, TILES, Math.max(4, most)));
}

async function imageView(leaf: Leaf, flow: Tensor, data: Tensor | undefined, range: Looked["range"]): Promise<View> {
  // Of a video the first picture.
  const still = (tensor: Tensor, leading: number) =>
    kindOf(leaf) === "video" ? tensor.select(leading + 1, 0) : tensor;
  const images = fitting(still(flow, 2));
  const [frames = 1, count = 1, ...rest] = images.shape;
  const small = reduced(images.reshape([frames * count, ...rest]));
  const pixels = await pack(small.reshape([frames, count, ...small.shape.slice(1)]), 8, range);
  const known = data && reduced(still(first(data, TILES), 1));
  return { kind: "images", name: leaf.name, pixels, ...(known && { data: await pack(known, 8, range) }) };
}

/** A leaf of tokens as tiles of rows and columns. */
function tileOf({ shape }: Leaf): readonly [height: number, width: number] {
  const width = shape.at(-1) ?? 1;
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), width];
}

async function tokenView(leaf: Leaf, vocabulary: number, flow: Tensor, data: Tensor | undefined): Promise<View> {
  const tile = tileOf(leaf);
  const all = async (tensor: Tensor, leading: number) =>
    packedIntegers(await numbersOf(tensor), [...tensor.shape.slice(0, leading), ...tile], vocabulary);
  const tokens = await all(flow.narrow(1, 0, Math.min(TILES, flow.shape[1] ?? 0)), 2);
  const known = data && (await all(first(data, TILES), 1));
  return { kind: "tokens", name: leaf.name, vocabulary, tokens, ...(known && { data: known }) };
}

/** The views of a model's trajectories. */
export async function viewsOf(looked: Looked): Promise<View[]> {
  const { subject, flow, data, range } = looked;
  const { vocabulary } = subject;
  const views: View[] = [];
  const vectors = vocabulary === undefined ? await vectorView(looked) : undefined;
  if (vectors !== undefined) views.push(vectors);
  for (const [i, leaf] of subject.leaves.entries()) {
    const [own, known] = [flow[i] as Tensor, data[i]];
    if (vocabulary !== undefined) views.push(await tokenView(leaf, vocabulary, own, known));
    else if (kindOf(leaf) === "series") views.push(await seriesView(leaf, own, known));
    else if (kindOf(leaf) !== "vector") views.push(await imageView(leaf, own, known, range));
  }
  return views;
}
