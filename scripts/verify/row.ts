// A row of npm run verify that was measured on a trained model: the same fields as the rows of crates/verify.
// Rows go to stdout as one JSON list, progress to stderr.

/** What is allowed. */
export interface Bound {
  readonly kind: "atLeast" | "atMost";
  readonly value: number;
}

/** One check. */
export interface Row {
  readonly section: string;
  readonly name: string;
  readonly measured: number;
  readonly bound: Bound;
  readonly source: string;
  readonly pass: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** A row that passes if the measured number is at most `bound`. */
export function atMost(
  section: string,
  name: string,
  measured: number,
  bound: number,
  source: string,
  labels: Readonly<Record<string, string>> = {},
): Row {
  return { section, name, measured, bound: { kind: "atMost", value: bound }, source, pass: measured <= bound, labels };
}

/** Seconds since the start, for progress. */
export function stopwatch(): () => string {
  const start = performance.now();
  return () => `${((performance.now() - start) / 1000).toFixed(0)} s`;
}

/** Whether this is the quick run, which shows that everything runs and bounds nothing tightly. */
export const quick = process.env.THALWEG_SHORT === "1";

/** Prints rows. */
export function print(rows: readonly Row[]): void {
  console.log(JSON.stringify(rows));
}
