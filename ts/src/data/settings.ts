// What the calls on tables and files check of their settings first: that they are an object, and that every name in it is known.
// A mistyped name would otherwise be a setting that silently does nothing.
import { nearest } from "../config/nearest.js";
import { ConfigError } from "../errors.js";
import { describe } from "../tensor/tree.js";

/** The error that a setting is not what it must be. */
export function refusedSetting(path: string, expected: string, value: unknown, hint = ""): ConfigError {
  const got = describe(value);
  return new ConfigError(`${path}: expected ${expected}, got ${got}${hint}`, { expected, got, path });
}

/**
 * The settings of a call.
 *
 * @throws ConfigError where they are no object, or have a name that is not known
 */
export function knownSettings<T extends object>(what: string, value: T, known: readonly string[]): T {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    throw refusedSetting(what, "an object of settings", value);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown === undefined) return value;
  const meant = nearest(unknown, known);
  const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  const expected = `settings of the names ${known.join(", ")}`;
  throw new ConfigError(`${what}: expected ${expected}, got ${JSON.stringify(unknown)}${hint}`, {
    expected,
    got: unknown,
    path: unknown,
  });
}
