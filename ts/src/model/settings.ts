// What every call checks of its arguments before it looks at them: that settings are an object, a path a string, a function a function.
// Their fields are the validators' business.
import { ConfigError } from "../errors.js";
import { describe } from "../tensor/tree.js";

/** The error that an argument is not what it must be. */
export function refused(what: string, expected: string, value: unknown): ConfigError {
  const got = describe(value);
  return new ConfigError(`${what}: expected ${expected}, got ${got}`, { expected, got, path: what });
}

/**
 * The settings of a call.
 *
 * @throws ConfigError where they are no object
 */
export function settingsOf<T extends object>(what: string, value: T): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw refused(what, "an object of settings", value);
}

/**
 * The path of a file or a folder.
 *
 * @throws ConfigError where it is no string, or an empty one
 */
export function pathOf(what: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw refused(what, "a path", value);
}

/**
 * A function of the user's.
 *
 * @throws ConfigError where it is none
 */
export function functionOf<T>(what: string, value: T): T {
  if (typeof value === "function") return value;
  throw refused(what, "a function", value);
}

/**
 * Refuses options that a call does not have, although the engine knows them.
 *
 * @throws ConfigError with the name of the first
 */
export function refuseOptions(options: object, names: readonly string[]): void {
  const unknown = names.find((name) => name in options);
  if (unknown !== undefined)
    throw refused(unknown, "no option of this name in this call", Reflect.get(options, unknown));
}
