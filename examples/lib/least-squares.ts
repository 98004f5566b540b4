// Linear least squares by the normal equations, for baselines and seasons: a few dozen coefficients at most.
// A little ridge keeps them solvable where features nearly agree.

/** What {@link leastSquares} gives: targets predicted from features. */
export type Linear = (features: readonly number[]) => number[];

/** Solves A X = B for symmetric positive A, in place. */
function solve(a: number[][], b: number[][]): number[][] {
  const n = a.length;
  for (let i = 0; i < n; i++) {
    for (let row = i + 1; row < n; row++) {
      const factor = a[row][i] / a[i][i];
      for (let k = i; k < n; k++) a[row][k] -= factor * a[i][k];
      b[row] = b[row].map((value, k) => value - factor * b[i][k]);
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    b[i] = b[i].map((value, k) => {
      let sum = value;
      for (let j = i + 1; j < n; j++) sum -= a[i][j] * b[j][k];
      return sum / a[i][i];
    });
  }
  return b;
}

/**
 * The linear function of features, with a constant, whose squared error is least.
 *
 * @param features - one list per row
 * @param targets - one list per row
 */
export function leastSquares(features: readonly number[][], targets: readonly number[][]): Linear {
  const rows = features.map((row) => [1, ...row]);
  const width = rows[0].length;
  const indices = Array.from({ length: width }, (_, i) => i);
  const gram = indices.map((i) =>
    indices.map((j) => rows.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1e-6 * rows.length : 0)),
  );
  const moments = indices.map((i) =>
    targets[0].map((_, k) => rows.reduce((sum, row, r) => sum + row[i] * targets[r][k], 0)),
  );
  const coefficients = solve(gram, moments);
  return (row) => targets[0].map((_, k) => [1, ...row].reduce((sum, value, i) => sum + value * coefficients[i][k], 0));
}
