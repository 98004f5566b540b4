// Which dict of a file is the config of a model: one that has a path and a network.
// A file may have several; the user then says which.
import { ConfigError } from "../../errors.js";
import type { Script } from "./python.js";
import { Dict, type Value } from "./values.js";

/** A model's config in a file. */
export interface Found {
  /** Where: `config.diffusion_model`. */
  readonly name: string;
  readonly dict: Dict;
  /** The dicts around it, the innermost first. */
  readonly around: readonly Dict[];
}

const NETWORKS = ["model", "velocity_model", "score_model"];

const isModel = (dict: Dict) =>
  NETWORKS.some((key) => {
    const network = dict.get(key);
    return network instanceof Dict && network.get("args") instanceof Dict;
  });

function search(name: string, value: Value, around: readonly Dict[], into: Found[]): void {
  if (!(value instanceof Dict) || around.includes(value)) return;
  if (isModel(value)) into.push({ name, dict: value, around });
  for (const [key, entry] of value.entries)
    search(name === "" ? key : `${name}.${key}`, entry.value, [value, ...around], into);
}

function refused(file: string, expected: string, got: string): ConfigError {
  return new ConfigError(`${file}: expected ${expected}, got ${got}`, { expected, got, path: file });
}

/**
 * The config of a model in a file.
 *
 * @param at - its name, where there are several
 * @throws ConfigError where there is none, or it is not clear which
 */
export function findModel(file: string, { names }: Script, at: string | undefined): Found {
  const all: Found[] = [];
  for (const [name, value] of names) search(name, value, [], all);
  // The same dict may have several names; the longest one says where it belongs.
  const distinct = [...new Set(all.map(({ dict }) => dict))].map((dict) =>
    all.filter((found) => found.dict === dict).reduce((a, b) => (b.around.length > a.around.length ? b : a)),
  );
  const known = all.map(({ name }) => name).join(", ");
  if (at !== undefined) {
    const found = all.find(({ name }) => name === at);
    if (found !== undefined) return found;
    throw refused(file, `--at with one of ${known || "none"}`, at);
  }
  const [only, second] = distinct;
  if (only === undefined) throw refused(file, "a config of a model: a dict with a model of type and args", "none");
  if (second !== undefined) throw refused(file, "one config of a model, or --at to say which", known);
  return only;
}
