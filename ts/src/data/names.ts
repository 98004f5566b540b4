// Names of columns in messages: all of a few, the first of many.
// A table may have tens of thousands of columns, and an error is to be read.

/** As many are named. */
const SHOWN = 20;

/** The names, separated by commas. */
export function listed(names: readonly string[]): string {
  if (names.length <= SHOWN) return names.join(", ");
  return `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more`;
}
