// Where numbers lie: from the least to the largest, or where most of them are.
// What is not finite is left out.

/** The ends of an axis. */
export type Range = readonly [low: number, high: number];

/** The smallest and the largest of the values that are finite; none where none is. */
export function rangeOf(values: readonly number[] | Float64Array): Range | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? undefined : [low, high];
}

/** Values that tell where most of a set lie, at most. */
const SOME = 20_000;

/** Values from all over a set, as many as tell where most of it lies. */
export function someOf(values: ArrayLike<number>): Float64Array {
  const stride = Math.max(1, Math.ceil(values.length / SOME));
  const some = new Float64Array(Math.ceil(values.length / stride));
  for (let i = 0; i < some.length; i++) some[i] = values[i * stride] as number;
  return some;
}

/** The range of the values without the least and the largest, of which this share is left out on either side. */
export function usualRange(values: ArrayLike<number>, cut: number): Range | undefined {
  const inOrder = someOf(values).filter(Number.isFinite).sort();
  const out = Math.floor(inOrder.length * cut);
  const [low, high] = [inOrder[out], inOrder[inOrder.length - 1 - out]];
  return low === undefined || high === undefined ? undefined : [low, high];
}
