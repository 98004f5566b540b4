// Dicts as objects with our casing: `beta_0` is `beta0`, `t_encoder` is `tEncoder`.
// What is not literal is left out, and said.
import type { Notes } from "./notes.js";
import { Dict, Unknown, type Value } from "./values.js";

/** A JSON value. */
export type Json = number | string | boolean | null | readonly Json[] | { [key: string]: Json };

/** An object of JSON. */
export type JsonObject = { [key: string]: Json };

/** A key in our casing. */
export const camel = (key: string): string => key.replaceAll(/_+([a-z0-9])/gi, (_, next: string) => next.toUpperCase());

function list(values: readonly Value[], path: string, at: number, notes: Notes): readonly Json[] | undefined {
  const items = values.map((value, i) => plain(value, `${path}[${i}]`, at, notes));
  return items.includes(undefined) ? undefined : (items as Json[]);
}

/** The value of a key; undefined where it is not literal. */
export function plain(value: Value, path: string, at: number, notes: Notes): Json | undefined {
  if (value instanceof Unknown) {
    notes.add(value.at, path, `left out, since it is not a literal: ${value.text.split("\n")[0]}`);
    return undefined;
  }
  if (value instanceof Dict) return objectOf(value, path, notes);
  if (typeof value === "object" && value !== null) return list(value, path, at, notes);
  return value;
}

/** A dict as an object. */
export function objectOf(dict: Dict, path: string, notes: Notes): JsonObject {
  const made: JsonObject = {};
  for (const [key, { value, at }] of dict.entries) {
    const name = camel(key);
    const whole = path === "" ? key : `${path}.${key}`;
    const converted = plain(value, whole, at, notes);
    if (converted === undefined) continue;
    made[name] = converted;
    notes.remember(made, name, { at, path: whole });
  }
  return made;
}
