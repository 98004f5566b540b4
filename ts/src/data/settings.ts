// The error of calls on tables and files whose setting is not what it must be.
// That names are known is checked by config/options.ts.
import { ConfigError } from "../errors.js";
import { describe } from "../tensor/tree.js";

/** The error that a setting is not what it must be. */
export function refusedSetting(path: string, expected: string, value: unknown, hint = ""): ConfigError {
  const got = describe(value);
  return new ConfigError(`${path}: expected ${expected}, got ${got}${hint}`, { expected, got, path });
}
