// How the values of a column are distributed, in one set of rows or in several beside each other.
// What pictures of tables and reports show of it.
import type { CategoryColumn, Column } from "../data/columns.js";
import { overRows } from "../data/slices.js";
import { type Bins, binsOf, sharesIn } from "./histogram.js";

/** Numbers or dates over common bins. */
export interface NumberDistribution {
  readonly bins: Bins;
  /** For each set the share of its values in each bin. */
  readonly shares: readonly (readonly number[])[];
}

/** Categories, the most frequent first, or numbers in ascending order. */
export interface LabelDistribution {
  readonly labels: readonly string[];
  /** For each set the share of its values that each label has. */
  readonly shares: readonly (readonly number[])[];
}

/** Bins at most. */
const BINS = 40;

const DAY = 86_400_000;

/** What the values of a column may be multiples of. */
const units = { number: [1], date: [DAY] } as const;

/**
 * Numbers of several sets, of which the first is what the others are compared with.
 *
 * @param type - of whole numbers, or of dates without a time of day, all bins have as many
 */
export async function numberDistribution(
  sets: readonly ArrayLike<number>[],
  type: keyof typeof units = "number",
): Promise<NumberDistribution | undefined> {
  const bins = binsOf(sets, BINS, units[type]);
  return bins && { bins, shares: await Promise.all(sets.map((values) => sharesIn(values, bins))) };
}

/** How often each whole number comes; undefined where there are others, or more than so many different ones. */
async function wholeCounts(values: ArrayLike<number>, most: number): Promise<Map<number, number> | undefined> {
  const counts = new Map<number, number>();
  let isFit = true;
  await overRows(values.length, (start, end) => {
    for (let row = start; isFit && row < end; row++) {
      const value = values[row] as number;
      if (Number.isNaN(value)) continue;
      counts.set(value, (counts.get(value) ?? 0) + 1);
      isFit = Number.isInteger(value) && counts.size <= most;
    }
  });
  return isFit ? counts : undefined;
}

/** Numbers of which all are whole and few are different, such as 0 and 1, as labels in ascending order; undefined of others. */
export async function wholeDistribution(
  sets: readonly ArrayLike<number>[],
  most: number,
): Promise<LabelDistribution | undefined> {
  const found: Map<number, number>[] = [];
  for (const values of sets) {
    const counts = await wholeCounts(values, most);
    if (counts === undefined) return undefined;
    found.push(counts);
  }
  const known = [...new Set(found.flatMap((counts) => [...counts.keys()]))].sort((a, b) => a - b);
  if (known.length === 0 || known.length > most) return undefined;
  const sums = found.map((counts) => [...counts.values()].reduce((sum, count) => sum + count, 0));
  return {
    labels: known.map(String),
    shares: found.map((counts, set) => known.map((value) => (counts.get(value) ?? 0) / (sums[set] || 1))),
  };
}

/** The share of each category, of all values that are not missing. */
async function sharesOf({ codes, categories }: CategoryColumn): Promise<Map<string, number>> {
  const counts = new Float64Array(categories.length);
  let present = 0;
  await overRows(codes.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const code = codes[row] ?? -1;
      if (code < 0) continue;
      present += 1;
      counts[code] = (counts[code] ?? 0) + 1;
    }
  });
  const shares = categories.map((category, code) => [category, (counts[code] ?? 0) / present] as const);
  return new Map(shares.filter(([, share]) => share > 0));
}

/** Categories of several sets, in the order of their shares in the first, which the others are compared with; all but the most frequent are summed as others. */
export async function categoryDistribution(sets: readonly CategoryColumn[], most: number): Promise<LabelDistribution> {
  const found = await Promise.all(sets.map(sharesOf));
  const ofAll = (label: string) => found.map((shares) => shares.get(label) ?? 0);
  const known = [...new Set(found.flatMap((shares) => [...shares.keys()]))];
  const inOrder = known
    .map((label) => ({ label, shares: ofAll(label) }))
    .sort((a, b) => (b.shares[0] ?? 0) - (a.shares[0] ?? 0) || (b.shares[1] ?? 0) - (a.shares[1] ?? 0));
  // To say that there is one more takes as much room as that one.
  const shown = inOrder.length <= most + 1 ? inOrder : inOrder.slice(0, most);
  const others = inOrder.slice(shown.length);
  const sums = found.map((_, set) => others.reduce((sum, { shares }) => sum + (shares[set] ?? 0), 0));
  const all = others.length === 0 ? shown : [...shown, { label: `${others.length} others`, shares: sums }];
  return {
    labels: all.map(({ label }) => label),
    shares: sets.map((_, set) => all.map(({ shares }) => shares[set] ?? 0)),
  };
}

/** The share of a column's rows without a value. */
export async function missingIn(column: Column): Promise<number> {
  const isCategory = column.type === "category";
  const cells: ArrayLike<number> = isCategory ? column.codes : column.values;
  let missing = 0;
  await overRows(cells.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const cell = cells[row] as number;
      if (isCategory ? cell < 0 : Number.isNaN(cell)) missing += 1;
    }
  });
  return missing / (cells.length || 1);
}
