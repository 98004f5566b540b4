// Minimum and median of turns.
// The minimum is what the work costs; the median says how far the machine was from that.

/** The smallest. */
export const minimum = (values: readonly number[]) => Math.min(...values);

/** The largest. */
export const maximum = (values: readonly number[]) => Math.max(...values);

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}
