// What a forecast by samples is worth: the continuous ranked probability score, and how often the truth lies within its intervals.
// Pure functions of plain numbers.

/** The q-quantile of values in ascending order, interpolated linearly. */
export function quantile(ascending: readonly number[], q: number): number {
  const place = q * (ascending.length - 1);
  const below = Math.floor(place);
  const [low, high] = [ascending[below], ascending[Math.min(below + 1, ascending.length - 1)]];
  return low + (high - low) * (place - below);
}

/** The interval in the middle that holds this share of values in ascending order. */
export function interval(ascending: readonly number[], share: number): [low: number, high: number] {
  return [quantile(ascending, (1 - share) / 2), quantile(ascending, (1 + share) / 2)];
}

/** E|X − y| − ½ E|X − X'| of samples in ascending order, without bias (Gneiting & Raftery 2007; Ferro 2014): in the units of y, less is better. */
export function crps(ascending: readonly number[], truth: number): number {
  const m = ascending.length;
  let [error, spread] = [0, 0];
  ascending.forEach((value, i) => {
    error += Math.abs(value - truth) / m;
    spread += ((2 * i + 1 - m) * value) / (m * (m - 1));
  });
  return error - spread;
}
