// Histograms of numbers: bins that suit them, and the share of the values that lies in each.
// Several sets share their bins, so that they can be laid over each other.
import { overRows } from "../data/slices.js";
import { type Range, someOf, usualRange } from "./range.js";

/** Equal bins. */
export interface Bins {
  /** Where the first begins and the last ends. */
  readonly range: Range;
  readonly count: number;
}

/** The share of the values on either side that may lie outside of the bins. */
const CUT = 0.002;

/** How many bins suit so many values, by Rice's rule: 2∛n. */
export const binsFor = (values: number, most: number) => Math.max(1, Math.min(most, Math.ceil(2 * Math.cbrt(values))));

/** What differences between values are whole multiples of, where all have such a unit. */
function unitOf(sets: readonly Float64Array[], units: readonly number[]): number | undefined {
  return units.find((unit) => sets.every((set) => set.every((value) => !Number.isFinite(value) || value % unit === 0)));
}

/** Bins whose ends lie between whole multiples of a unit, each around as many of them. */
function wholeBins([low, high]: Range, unit: number, most: number): Bins {
  const [first, last] = [Math.round(low / unit), Math.round(high / unit)];
  const each = Math.ceil((last - first + 1) / most);
  const count = Math.ceil((last - first + 1) / each);
  return { range: [(first - 0.5) * unit, (first - 0.5 + count * each) * unit], count };
}

/**
 * Bins for sets of values, of which the first is what the others are compared with: almost all of it lies within, and so does what strays from it by no more than
 * half of its extent. Undefined where no value is finite.
 *
 * @param units - what values may be whole multiples of, the coarsest first: a bin then has as many multiples as any other
 */
export function binsOf(
  sets: readonly ArrayLike<number>[],
  most: number,
  units: readonly number[] = [],
): Bins | undefined {
  const seen = sets.map(someOf);
  const ranges = seen.map((set) => usualRange(set, CUT)).filter((range) => range !== undefined);
  const [start, end] = ranges[0] ?? [];
  if (start === undefined || end === undefined) return undefined;
  const reach = end - start || Math.abs(start) || 1;
  const low = Math.max(start - reach / 2, Math.min(...ranges.map(([least]) => least)));
  const high = Math.min(end + reach / 2, Math.max(...ranges.map(([, largest]) => largest)));
  const count = binsFor(Math.min(...sets.map(({ length }) => length || Number.POSITIVE_INFINITY)), most);
  const unit = unitOf(seen, units);
  if (unit !== undefined) return wholeBins([low, high], unit, count);
  return { range: high > low ? [low, high] : [low - 0.5, high + 0.5], count };
}

/** The bin of a value; none where it lies outside of them. */
function binOf(value: number, { range: [low, high], count }: Bins): number | undefined {
  // The largest value belongs to the last bin.
  const bin = value === high ? count - 1 : Math.floor(((value - low) / (high - low)) * count);
  return bin >= 0 && bin < count ? bin : undefined;
}

/** The share of the values that lies in each bin, of all that are not missing. */
export async function sharesIn(values: ArrayLike<number>, bins: Bins): Promise<number[]> {
  const counts = new Float64Array(bins.count);
  let present = 0;
  await overRows(values.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const value = values[row] as number;
      if (Number.isNaN(value)) continue;
      present += 1;
      const bin = binOf(value, bins);
      if (bin !== undefined) counts[bin] = (counts[bin] ?? 0) + 1;
    }
  });
  return Array.from(counts, (count) => count / (present || 1));
}
