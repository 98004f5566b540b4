// How often each category comes, in one set of rows or in several: the most frequent ones, and all others together.
// Counted in slices, and without an order of all of them: identifiers are categories, too, a million of them.
import type { CategoryColumn } from "../data/columns.js";
import { overRows } from "../data/slices.js";
import type { LabelDistribution } from "./distribution.js";
import { Places } from "./places.js";

/** Categories of several sets, each at the place where it first came in one. */
interface Counted {
  readonly textAt: (place: number) => string;
  /** Places of all sets. */
  readonly places: number;
  /** For each set how often each comes; 0 at places of what was there before. */
  readonly counts: readonly Uint32Array[];
  /** For each set the rows that are not missing. */
  readonly present: readonly number[];
}

/** How often each code comes, and how many rows have one. */
async function countsOf({ codes, categories }: CategoryColumn) {
  const counts = new Uint32Array(categories.length);
  let present = 0;
  await overRows(codes.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const code = codes[row] ?? -1;
      if (code < 0) continue;
      present += 1;
      counts[code] = (counts[code] ?? 0) + 1;
    }
  });
  return { counts, present };
}

async function counted(sets: readonly CategoryColumn[]): Promise<Counted> {
  const starts = sets.map((_, set) => sets.slice(0, set).reduce((sum, { categories }) => sum + categories.length, 0));
  const places = sets.reduce((sum, { categories }) => sum + categories.length, 0);
  const textAt = (place: number) => {
    const set = starts.findLastIndex((start) => start <= place);
    return sets[set]?.categories[place - (starts[set] ?? 0)] ?? "";
  };
  const known = new Places(places, textAt);
  const counts: Uint32Array[] = [];
  const present: number[] = [];
  for (const [set, column] of sets.entries()) {
    const own = await countsOf(column);
    const start = starts[set] ?? 0;
    const all = new Uint32Array(places);
    await overRows(column.categories.length, (from, to) => {
      for (let code = from; code < to; code++) {
        const count = own.counts[code] as number;
        if (count > 0) all[known.first(start + code)] = count;
      }
    });
    counts.push(all);
    present.push(own.present);
  }
  return { textAt, places, counts, present };
}

/** The places of the most frequent categories, in the order of their counts in the first set, then in the others; and how many categories there are. */
async function frequent({ counts, places }: Counted, most: number) {
  const before = (a: number, b: number) => {
    const set = counts.find((each) => each[a] !== each[b]);
    return set !== undefined && (set[a] as number) > (set[b] as number);
  };
  const found: number[] = [];
  let different = 0;
  await overRows(places, (start, end) => {
    for (let place = start; place < end; place++) {
      if (counts.every((each) => each[place] === 0)) continue;
      different += 1;
      const last = found.at(-1);
      if (found.length === most && last !== undefined && !before(place, last)) continue;
      const at = found.findIndex((other) => before(place, other));
      found.splice(at < 0 ? found.length : at, 0, place);
      if (found.length > most) found.pop();
    }
  });
  return { found, different };
}

/** Categories of several sets, in the order of their shares in the first, which the others are compared with; all but the most frequent are summed as others. */
export async function categoryDistribution(sets: readonly CategoryColumn[], most: number): Promise<LabelDistribution> {
  const all = await counted(sets);
  const { found, different } = await frequent(all, most + 1);
  // To say that there is one more takes as much room as that one.
  const shown = different <= most + 1 ? found : found.slice(0, most);
  const others = different - shown.length;
  const labels = shown.map(all.textAt);
  return {
    labels: others === 0 ? labels : [...labels, `${others} others`],
    shares: all.counts.map((counts, set) => {
      const present = all.present[set] ?? 0;
      const own = shown.map((place) => counts[place] as number);
      const rest = present - own.reduce((sum, count) => sum + count, 0);
      return (others === 0 ? own : [...own, rest]).map((count) => count / (present || 1));
    }),
  };
}
