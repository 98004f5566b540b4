// How large a value may become: a few characters of Python can say a list that no memory holds.
// Sizes are counted no further than that, since parts that are shared may make a value exponentially large.
import { Dict, type Value } from "./values.js";

/** Values and characters that one value may have. */
export const LARGEST = 100_000;

/** The values and characters of a value, counted until they are more than {@link LARGEST}. */
export function sizeOf(value: Value): number {
  const rest: Value[] = [value];
  let size = 0;
  for (let one = rest.pop(); one !== undefined && size <= LARGEST; one = rest.pop()) {
    size += typeof one === "string" ? Math.max(1, one.length) : 1;
    if (Array.isArray(one)) for (const part of one) rest.push(part);
    else if (one instanceof Dict) for (const entry of one.entries.values()) rest.push(entry.value);
  }
  return size;
}
