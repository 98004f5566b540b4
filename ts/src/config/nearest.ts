// The nearest known word to a mistyped one, for "did you mean" hints.
// Optimal string alignment distance: insertions, deletions, replacements, exchanges of neighbours.

function distance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      const exchanged =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : replaced;
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, exchanged));
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}

/** How unlike two words are; a word that begins with the other (of three letters or more) is one slip away. */
function difference(wrong: string, known: string): number {
  const isBeginning = Math.min(wrong.length, known.length) > 2 && (known.startsWith(wrong) || wrong.startsWith(known));
  return isBeginning ? Math.min(1, distance(wrong, known)) : distance(wrong, known);
}

/** The known word with the fewest differences, if they are few enough to be a slip; case and `_`, `-` count for nothing. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  const plain = (word: string) => word.toLowerCase().replaceAll(/[_-]/g, "");
  const word = plain(wrong);
  const ranked = known
    .map((candidate) => ({ candidate, differences: difference(word, plain(candidate)) }))
    .sort((a, b) => a.differences - b.differences);
  const best = ranked[0];
  return best !== undefined && best.differences <= Math.max(1, Math.floor(word.length / 3))
    ? best.candidate
    : undefined;
}

/** A hint at the known name that a wrong one was meant to be; empty where there is none like it. */
export function hint(wrong: unknown, known: readonly string[]): string {
  const candidate = typeof wrong === "string" ? nearest(wrong, known) : undefined;
  return candidate === undefined ? "" : `; did you mean ${JSON.stringify(candidate)}?`;
}
