// The quantile function of the standard normal distribution.
// Wichura 1988, "Algorithm AS 241: The percentage points of the normal distribution", PPND16 without its far tails.

/** Numerator and denominator of a rational function, by rising powers. */
interface Rational {
  readonly over: readonly number[];
  readonly under: readonly number[];
}

/** For |p − ½| ≤ 0.425, in 0.180625 − (p − ½)². */
const centre: Rational = {
  over: [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  under: [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
    28729.085735721942674, 5226.495278852854561,
  ],
};

/** For the rest, in √(−log min(p, 1 − p)) − 1.6. */
const tail: Rational = {
  over: [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
  ],
  under: [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
  ],
};

const polynomial = (coefficients: readonly number[], x: number) =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

const value = ({ over, under }: Rational, x: number) => polynomial(over, x) / polynomial(under, x);

/**
 * z with Φ(z) = p, to 16 digits.
 *
 * @param p - in [1e-10, 1 − 1e-10]
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * value(centre, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  return Math.sign(q) * value(tail, r - 1.6);
}
