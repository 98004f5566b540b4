// JSON as a person would write it: what fits into a line is one.
// JSON.stringify alone gives every number of a list a line of its own.

/** Columns of a line. */
const WIDTH = 100;

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

function inline(value: unknown): string {
  if (!isContainer(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${inline(inner)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** JSON of a value, indented by `indent` spaces after its first line. */
export function compact(value: unknown, indent = 0): string {
  const line = inline(value);
  // An object of several objects is easier to read over several lines.
  const isNested = isContainer(value) && Object.values(value).filter(isContainer).length > (indent === 0 ? 0 : 1);
  if (!isContainer(value) || (!isNested && line.length + indent <= WIDTH)) return line;
  const inner = " ".repeat(indent + 2);
  const isList = Array.isArray(value);
  const lines = Object.entries(value).map(
    ([key, one]) => `${inner}${isList ? "" : `${JSON.stringify(key)}: `}${compact(one, indent + 2)}`,
  );
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${lines.join(",\n")}\n${" ".repeat(indent)}${close}`;
}
