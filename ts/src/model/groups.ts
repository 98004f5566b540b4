// Named lists as one flat list and the way to cut it: how the tensors of a call cross to the native side.
// A call can then be given one more kind of tensor without a new argument.

/** The cuts as JSON, `[["x", 1], ["condition", 2]]`, and all values in that order; empty lists are left out. */
export function grouped<T>(lists: Readonly<Record<string, readonly T[]>>): [groups: string, values: T[]] {
  const given = Object.entries(lists).filter(([, values]) => values.length > 0);
  return [JSON.stringify(given.map(([name, values]) => [name, values.length])), given.flatMap(([, values]) => values)];
}
