// Where something is in a file, as messages say it.
// Syntax has offsets, and people have lines.

/** Where something is in a file, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset. */
export function placeIn(text: string, at: number): Place {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
