// Folders of images as tensors, one image after the other; decoding and scaling are sharp's business.
// sharp is an optional peer dependency: who reads no images need not install it.
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import type Sharp from "sharp";
import { namesOf, optionsOf } from "../config/options.js";
import { ConfigError, DataError } from "../errors.js";
import { native } from "../native.js";
import { tensor } from "../tensor/create.js";
import { bytesOf } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { unreadable } from "./file.js";

/** Settings of {@link readImages}. */
export interface ReadImagesSettings {
  /** Height and width that all images get: scaled to cover it, the rest cut off evenly. */
  readonly size: readonly [height: number, width: number];
  /** 1 (grey), 3 (red, green, blue; the default) or 4 (with opacity). */
  readonly channels?: 1 | 3 | 4;
  /** What black and white become: −1 and 1 (`"signed"`, the default), or 0 and 1 (`"unit"`). */
  readonly range?: "signed" | "unit";
}

const names = namesOf<ReadImagesSettings>({ size: true, channels: true, range: true });

/** What {@link readImages} gives. */
export interface Images {
  /** f32 `[N, channels, height, width]`. */
  readonly images: Tensor;
  /** The index of each image's class, i64 `[N]`; of images that lie in no folder of their own, of which there are then no classes, 0. */
  readonly labels: Tensor;
  /** The names of the folders, sorted. */
  readonly classes: readonly string[];
  /** The images' paths, in the order of the rows. */
  readonly files: readonly string[];
}

const endings = new Set([".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff"]);

/** Images that are decoded at a time. */
const TOGETHER = 8;

async function library(): Promise<typeof Sharp> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    const message = "readImages needs the package sharp, which is not installed or does not load here";
    throw new DataError(`${message}. Remedy: npm install sharp`, { expected: "sharp", got: String(cause), cause });
  }
}

interface Found {
  readonly file: string;
  readonly label: string | undefined;
}

/** All images of a folder and of the folders in it, sorted by name. */
async function found(folder: string): Promise<Found[]> {
  const listed = async (path: string) => {
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (cause) {
      throw unreadable(path, cause);
    }
  };
  const images = async (path: string, label: string | undefined): Promise<Found[]> => {
    const named = (await listed(path)).filter(({ name }) => endings.has(extname(name).toLowerCase()));
    return named.filter((entry) => entry.isFile()).map(({ name }) => ({ file: join(path, name), label }));
  };
  const folders = (await listed(folder)).filter((entry) => entry.isDirectory());
  const inside = await Promise.all(folders.map(({ name }) => images(join(folder, name), name)));
  return [...(await images(folder, undefined)), ...inside.flat()];
}

/** A row of images that all lie in folders, or all in none. */
function checked(folder: string, all: readonly Found[]): string[] {
  const classes = [...new Set(all.flatMap(({ label }) => label ?? []))];
  const without = all.find(({ label }) => label === undefined);
  if (all.length > 0 && (classes.length === 0 || without === undefined)) return classes;
  const expected = "images, either all in folders that name their classes or none";
  const got = all.length === 0 ? "none" : `${without?.file} beside such folders`;
  throw new DataError(`${folder}: expected ${expected}, got ${got}`, { expected, got, path: folder });
}

/** The pixels of an image, channel by channel. */
async function pixels(
  sharp: typeof Sharp,
  file: string,
  settings: Required<ReadImagesSettings>,
): Promise<Float32Array> {
  const { size, channels, range } = settings;
  const [height, width] = size;
  let interleaved: Uint8Array;
  try {
    const image = sharp(file).rotate().resize(width, height, { fit: "cover" });
    const coloured = channels === 4 ? image.ensureAlpha() : image.flatten({ background: "#000" }).removeAlpha();
    interleaved = await coloured
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw()
      .toBuffer();
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const [scale, shift] = range === "signed" ? [2 / 255, -1] : [1 / 255, 0];
  const area = height * width;
  return Float32Array.from({ length: channels * area }, (_, i) => {
    const [channel, place] = [Math.floor(i / area), i % area];
    return (interleaved[place * channels + channel] ?? 0) * scale + shift;
  });
}

function checkedSettings(settings: ReadImagesSettings): Required<ReadImagesSettings> {
  const { size, channels = 3, range = "signed" } = optionsOf("readImages", settings, names);
  const refuse = (path: string, expected: string, value: unknown) => {
    const got = JSON.stringify(value) ?? "nothing";
    return new ConfigError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
  };
  const isSize =
    Array.isArray(size) && size.length === 2 && size.every((side) => Number.isSafeInteger(side) && side > 0);
  if (!isSize) throw refuse("size", "[height, width], integers ≥ 1", size);
  if (![1, 3, 4].includes(channels)) throw refuse("channels", "1, 3 or 4", channels);
  if (!["signed", "unit"].includes(range)) throw refuse("range", '"signed" or "unit"', range);
  return { size, channels, range };
}

/**
 * Reads the images of a folder (PNG, JPEG, WebP, GIF, AVIF, TIFF; other files are left alone), in the order of their names. Where they lie in folders of
 * their own, those are their classes. Needs the package `sharp`.
 *
 * @throws DataError where an image is damaged, there is none, or `sharp` is not installed; nothing is loaded then. ConfigError for wrong settings
 *
 * @example
 * ```ts
 * const { images, labels, classes } = await readImages("photos", { size: [32, 32] }); // images f32 [N, 3, 32, 32]
 * const condition = labels.cast("f32").unsqueeze(1); // [N, 1], for a network with numClasses: classes.length
 * const hot = labels.oneHot(classes.length).cast("f32"); // [N, classes], for one without
 * ```
 */
export async function readImages(folder: string, settings: ReadImagesSettings): Promise<Images> {
  const chosen = checkedSettings(settings);
  const sharp = await library();
  const all = await found(folder);
  const classes = checked(folder, all);
  const [height, width] = chosen.size;
  const writer = new native.NativeTensorWriter("f32", [all.length, chosen.channels, height, width]);
  for (let start = 0; start < all.length; start += TOGETHER) {
    const some = all.slice(start, start + TOGETHER).map(({ file }) => pixels(sharp, file, chosen));
    for (const image of await Promise.all(some)) writer.write(bytesOf(image));
  }
  const indices = all.map(({ label }) => (label === undefined ? 0 : classes.indexOf(label)));
  return {
    images: new Tensor({ handle: writer.finish() }),
    labels: tensor(indices, { dtype: "i64" }),
    classes,
    files: all.map(({ file }) => file),
  };
}
