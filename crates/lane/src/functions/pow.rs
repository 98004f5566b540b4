//! aᵇ = e^(b log |a|), with the sign and the special cases of C's `pow` (C17, F.10.4.4).
//! f32 computes in f64; f64 carries the logarithm and its product with b as unevaluated sums of two numbers (Dekker, 1971).

use super::exp::{Reduced, SHIFT_64, power_of_two_64, reduced_64, scaled_64};
use super::log::{Parts, parts_64};
use super::polynomial::polynomial;

/// log₂(1 + f) / s in z = s², s = f / (2 + f). Fitted by `coefficients.py`: "pow f32: log2".
const LOG2: [f64; 6] =
    [2.8853900817778397, 0.9617966941338909, 0.577077935953684, 0.4122099392796987, 0.3198760964277917, 0.2833414189265057];
/// 2ᵗ on [−½, ½]. Fitted by `coefficients.py`: "pow f32: exp2".
const EXP2: [f64; 8] = [
    0.9999999999561937,
    0.6931471805328989,
    0.24022651245490567,
    0.05550410982964092,
    0.009618021393557963,
    0.0013333417080181383,
    0.00015471065393357533,
    1.5317754819987465e-05,
];
/// (2 atanh(s) / s − 2 − ⅔ z) / z². Fitted by `coefficients.py`: "pow f64: log".
const ATANH: [f64; 8] = [
    0.39999999999999974,
    0.2857142857144761,
    0.2222222221693449,
    0.18181818943549335,
    0.15384551916540926,
    0.13336506456475963,
    0.1167101250524599,
    0.12020454163834117,
];

/// ⅔ and ln 2, each as a sum of two numbers.
const TWO_THIRDS: Pair = Pair { high: 0.6666666666666666, low: 3.700743415417188e-17 };
const LN_2: Pair = Pair { high: std::f64::consts::LN_2, low: super::exp::LN_2_REST_64 };

/// high + low, |low| at most half a last place of high.
#[derive(Clone, Copy)]
struct Pair {
    high: f64,
    low: f64,
}

impl Pair {
    /// a + b for |a| ≥ |b|.
    #[inline(always)]
    fn sum(a: f64, b: f64) -> Pair {
        let high = a + b;
        Pair { high, low: b - (high - a) }
    }

    #[inline(always)]
    fn times(self, b: Pair) -> Pair {
        let high = self.high * b.high;
        let low = self.high.mul_add(b.high, -high);
        Pair::sum(high, self.high.mul_add(b.low, self.low.mul_add(b.high, low)))
    }

    /// self + b for |self| ≥ |b|.
    #[inline(always)]
    fn plus(self, b: Pair) -> Pair {
        let Pair { high, low } = Pair::sum(self.high, b.high);
        Pair::sum(high, low + (self.low + b.low))
    }
}

/// The special cases and the sign, given `y` = |a|ᵇ for finite a ≠ 0 and finite b.
#[inline(always)]
fn completed(a: f64, b: f64, y: f64) -> f64 {
    let size = a.abs();
    let end = if (size > 1.0) == (b > 0.0) { f64::INFINITY } else { 0.0 };
    let y = if size == 0.0 || size == f64::INFINITY || b.abs() == f64::INFINITY { end } else { y };
    let y = if size == 1.0 { 1.0 } else { y };
    let (half, integer) = (0.5 * b, b.floor() == b);
    let odd = integer && half.floor() != half;
    let y = if odd && a.is_sign_negative() { -y } else { y };
    let y = if a < 0.0 && size < f64::INFINITY && !integer { f64::NAN } else { y };
    let y = if a.is_nan() || b.is_nan() { f64::NAN } else { y };
    let y = if b == 2.0 { a * a } else { y };
    if b == 0.0 || a == 1.0 { 1.0 } else { y }
}

/// aᵇ.
#[inline(always)]
pub(super) fn pow_32(a: f32, b: f32) -> f32 {
    let (a, b) = (a as f64, b as f64);
    let Parts { e, m } = parts_64(a.abs());
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let exponent = b * s.mul_add(polynomial(s * s, &LOG2), e);
    let exponent = if exponent > 200.0 { 200.0 } else { exponent };
    let exponent = if exponent < -200.0 { -200.0 } else { exponent };
    let shifted = exponent + SHIFT_64;
    let n = shifted.to_bits().wrapping_sub(SHIFT_64.to_bits()) as i64;
    let y = polynomial(exponent - (shifted - SHIFT_64), &EXP2) * power_of_two_64(n);
    completed(a, b, y) as f32
}

/// aᵇ.
#[inline(always)]
pub(super) fn pow_64(a: f64, b: f64) -> f64 {
    let size = a.abs();
    let tiny = size < f64::MIN_POSITIVE;
    let Parts { e, m } = parts_64(if tiny { size * 18_014_398_509_481_984.0 } else { size });
    let e = if tiny { e - 54.0 } else { e };
    // s = f / (2 + f), with the remainder of the division.
    let f = m - 1.0;
    let Pair { high: divisor, low: divisor_low } = Pair::sum(2.0, f);
    let high = f / divisor;
    let s = Pair { high, low: high.mul_add(-divisor_low, high.mul_add(-divisor, f)) / divisor };
    // log(1 + f) = 2 s + s z (⅔ + z P(z)).
    let z = s.times(s);
    let series = TWO_THIRDS.plus(Pair { high: z.high * polynomial(z.high, &ATANH), low: 0.0 });
    let near = Pair { high: 2.0 * s.high, low: 2.0 * s.low }.plus(s.times(z).times(series));
    let log = LN_2.times(Pair { high: e, low: 0.0 }).plus(near);
    // Beyond 2⁶⁶ the power of every number but 1 is 0 or infinite.
    let limit = 73_786_976_294_838_206_464.0;
    let factor = if b > limit { limit } else { b };
    let factor = if factor < -limit { -limit } else { factor };
    let Pair { high, low } = log.times(Pair { high: factor, low: 0.0 });
    let cut = if high > 720.0 { 720.0 } else { high };
    let cut = if cut < -760.0 { -760.0 } else { cut };
    let low = if cut == high { low } else { 0.0 };
    let Reduced { n, r, p } = reduced_64(cut);
    let tail = r * r * p;
    let y = 1.0 + (r + (tail + low.mul_add(r + tail, low)));
    completed(a, b, scaled_64(y, n))
}
