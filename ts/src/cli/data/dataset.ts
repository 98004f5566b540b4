// The toy data sets of the library, by the names that they have in TypeScript: `datasets.swissRoll`.
// For a first try, and for tests of what is trained on them.
import { nearest } from "../../config/nearest.js";
import { ConfigError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Kind } from "./kinds.js";

const prefix = "datasets.";

const names = ["checkerboard", "eightGaussians", "moons", "pinwheel", "sCurve", "spirals", "swissRoll"] as const;

const isKnown = (name: string): name is (typeof names)[number] => (names as readonly string[]).includes(name);

/** Rows where the config does not say. */
const COUNT = 10_000;

/** Points in the plane. */
export const dataset: Kind = {
  name: "dataset",
  matches: (path) => path.startsWith(prefix),
  known: ["count", "noise", "seed"],
  async read(path, options) {
    const name = path.slice(prefix.length);
    if (!isKnown(name)) {
      const meant = nearest(name, names);
      const expected = `one of ${names.map((known) => prefix + known).join(", ")}`;
      const hint = meant === undefined ? "" : `; did you mean ${prefix}${meant}?`;
      throw new ConfigError(`data: expected ${expected}, got ${path}${hint}`, { expected, got: path, path: "data" });
    }
    const make: (settings: never) => Tensor = (await import("../../data/datasets/index.js"))[name];
    return { kind: "tensors", x: make({ count: COUNT, seed: 0, ...options } as never) };
  },
};
