// What every call checks of its options first: that they are an object, and that every name in it is known.
// A mistyped name would otherwise be an option that silently does nothing.
import { ConfigError } from "../errors.js";
import { hint } from "./nearest.js";

/** The names of an options type; the compiler sees to it that none is missing or too many. */
export function namesOf<T extends object>(names: { readonly [Name in keyof Required<T>]: true }): readonly string[] {
  return Object.keys(names);
}

/** What a value is, in a few words. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== "object") return typeof value === "function" ? "a function" : `${typeof value} ${String(value)}`;
  return isPlain(value) ? "an object" : `a ${value.constructor?.name}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * The options of a call whose names something else checks.
 *
 * @param where - the call, for messages
 * @param names - some of theirs, for messages
 * @throws ConfigError where they are no plain object
 */
export function plainOf<T extends object>(where: string, options: T, names: readonly string[]): T {
  if (typeof options === "object" && options !== null && !Array.isArray(options) && isPlain(options)) return options;
  const [expected, got] = [`an object of settings { ${names.join(", ")} }`, described(options)];
  throw new ConfigError(`${where}: expected ${expected}, got ${got}`, { expected, got, path: where, where });
}

/**
 * The options of a call.
 *
 * @param where - the call, for messages
 * @param known - the names that it knows; see {@link namesOf}
 * @throws ConfigError where they are no plain object, or have a name that is not known
 */
export function optionsOf<T extends object>(where: string, options: T, known: readonly string[]): T {
  plainOf(where, options, known);
  const got = Object.keys(options).find((name) => !known.includes(name));
  if (got === undefined) return options;
  const expected = `settings of the names ${known.join(", ")}`;
  const message = `${where}: expected ${expected}, got ${JSON.stringify(got)}${hint(got, known)}`;
  throw new ConfigError(message, { expected, got, path: got, where });
}
