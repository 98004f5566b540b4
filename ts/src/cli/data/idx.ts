// idx files, such as those of MNIST, compressed or not.
// Images of bytes become numbers in [−1, 1] where the config says so.
import type { Kind } from "./kinds.js";
import { pixelSettings, pixelsOf } from "./pixels.js";

/** idx files. */
export const idx: Kind = {
  name: "idx",
  matches: (path, isFolder) => !isFolder && /([-.]idx\d?[-.]?|ubyte)(\.gz)?[^/]*$/i.test(path),
  known: pixelSettings,
  async read(path, options) {
    const { readIdx } = await import("../../data/idx.js");
    return { kind: "tensors", x: pixelsOf(await readIdx(path), options) };
  },
};
