// Several arrays by name, as NumPy saves them: states, and what goes with their rows.
// Arrays are taken by the names of a model's groups, or by those that the config tells.
import { ConfigError, DataError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Group, groups, type Kind } from "./kinds.js";
import { pixelSettings, pixelsOf } from "./pixels.js";

/** Names that data sets use for states and labels, apart from our own. */
const usual: Readonly<Partial<Record<Group, readonly string[]>>> = {
  x: ["x1", "x_train", "images", "data", "arr_0"],
  condition: ["y", "y_train", "labels", "arr_1"],
};

function named(value: unknown): Partial<Record<Group, string>> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  const wrong = isRecord ? Object.keys(value).find((name) => !groups.includes(name as Group)) : undefined;
  if (isRecord && wrong === undefined) return value;
  const [expected, got] = [`an object of array names by ${groups.join(", ")}`, wrong ?? JSON.stringify(value)];
  throw new ConfigError(`read.arrays: expected ${expected}, got ${got}`, { expected, got, path: "read.arrays" });
}

/** npz files. */
export const arrays: Kind = {
  name: "arrays",
  matches: (path, isFolder) => !isFolder && /\.npz$/i.test(path),
  known: ["arrays", ...pixelSettings],
  async read(path, { arrays: asked = {}, ...options }) {
    const { readNpz } = await import("../../data/npz.js");
    const found = await readNpz(path);
    const names = Object.keys(found);
    const own = named(asked);
    const arrayOf = (group: Group): Tensor | undefined => {
      const wanted = own[group];
      if (wanted !== undefined && !(wanted in found)) throw missing(path, JSON.stringify(wanted), names);
      const candidates = wanted === undefined ? [group, ...(usual[group] ?? [])] : [wanted];
      return found[candidates.find((name) => name in found) ?? ""];
    };
    const x = arrayOf("x") ?? (names.length === 1 ? found[names[0] ?? ""] : undefined);
    if (x === undefined)
      throw missing(path, '"x", or one named by the config: "read": { "arrays": { "x": … } }', names);
    const others = groups
      .slice(1)
      .map((group) => [group, arrayOf(group)] as const)
      .filter(([, tensor]) => tensor !== undefined);
    return { kind: "tensors", x: pixelsOf(x, options), ...Object.fromEntries(others) };
  },
};

function missing(path: string, what: string, names: readonly string[]): DataError {
  const [expected, got] = [`an array ${what}`, names.join(", ") || "none"];
  return new DataError(`${path}: expected ${expected}, got ${got}`, { expected, got, path });
}
