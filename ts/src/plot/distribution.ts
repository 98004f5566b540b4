// How the values of a column are distributed, in one set of rows or in several beside each other.
// What pictures of tables and reports show of it.
import type { Column } from "../data/columns.js";
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
