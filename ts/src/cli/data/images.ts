// Folders of images; those in folders of their own have these as classes.
// What they are scaled to is the size of the model's states, unless the config says it.
import { ConfigError } from "../../errors.js";
import type { Kind, ReadOptions } from "./kinds.js";

const isShape = (size: unknown): size is readonly [number, number, number] =>
  Array.isArray(size) && size.length === 3 && size.every(Number.isSafeInteger);

function settingsOf(options: ReadOptions, xSize: unknown) {
  if (options.size !== undefined) return options;
  if (isShape(xSize)) return { channels: xSize[0], size: xSize.slice(1), ...options };
  const [expected, got] = ['a size, "read": { "size": [height, width] }, or xSize [channels, height, width]', "none"];
  throw new ConfigError(`read.size: expected ${expected}, got ${got}`, { expected, got, path: "read.size" });
}

/** Folders of images. */
export const images: Kind = {
  name: "images",
  matches: (_, isFolder) => isFolder,
  known: ["size", "channels", "range"],
  async read(path, options, xSize) {
    const { readImages } = await import("../../data/images.js");
    const { images: x, labels, classes } = await readImages(path, settingsOf(options, xSize) as never);
    return { kind: "tensors", x, ...(classes.length > 0 && { condition: labels }) };
  },
};
