// Whether a config is that of a run which is to go on: a run goes on with the model that it has.
// What a config leaves out is not compared, since a checkpoint says everything.
import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../../errors.js";
import type { ConfigFile } from "../config/file.js";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first path at which a config says something else than a checkpoint. */
function difference(given: unknown, saved: unknown, path: string): string | undefined {
  if (!isObject(given) || !isObject(saved)) return isDeepStrictEqual(given, saved) ? undefined : path;
  for (const [key, value] of Object.entries(given)) {
    const found = value === undefined ? undefined : difference(value, saved[key], path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const valueAt = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

/**
 * Refuses a config of another model.
 *
 * @throws ConfigError with the first difference
 */
export function checkSame(folder: string, file: ConfigFile, className: string, saved: object): void {
  const { device: _, ...model } = file.model;
  const given = { class: file.className, ...model };
  const own = { class: className, ...saved };
  const path = difference(given, own, "");
  if (path === undefined) return;
  const [expected, got] = [JSON.stringify(valueAt(own, path)) ?? "nothing", JSON.stringify(valueAt(given, path))];
  const remedy = "A run goes on with its own model: leave the config out, or begin another run";
  throw new ConfigError(`${path}: expected ${expected}, as in ${folder}, got ${got}. ${remedy}`, {
    expected,
    got,
    path,
  });
}
