// One array of numbers, as NumPy saves it.
// Its rows are what a model is fitted to.
import type { Kind } from "./kinds.js";
import { pixelSettings, pixelsOf } from "./pixels.js";

/** npy files. */
export const array: Kind = {
  name: "array",
  matches: (path, isFolder) => !isFolder && /\.npy$/i.test(path),
  known: pixelSettings,
  async read(path, options) {
    const { readNpy } = await import("../../data/npy.js");
    return { kind: "tensors", x: pixelsOf(await readNpy(path), options) };
  },
};
