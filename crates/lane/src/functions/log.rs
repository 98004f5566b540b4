//! log x = e ln 2 + log(1 + f) with x = 2ᵉ (1 + f) and √½ ≤ 1 + f < √2; log(1 + f) = 2 atanh(s), s = f / (2 + f).
//! Tang, "Table-driven implementation of the logarithm function" (ACM TOMS 16, 1990), and the order of sums of FDLIBM (Sun, 1993).

use super::exp::{LN_2_REST_32, LN_2_REST_64};
use super::polynomial::polynomial;
use super::{Body, Log};
use std::f32::consts as c32;
use std::f64::consts as c64;

/// (2 atanh(s) / s − 2) / z with z = s². Fitted by `coefficients.py`: "log".
const P32: [f32; 4] = [0.6666666, 0.40000355, 0.2853589, 0.23610511];
const P64: [f64; 7] = [
    0.6666666666666745,
    0.39999999999339314,
    0.285714287605962,
    0.22222196570251546,
    0.1818367481357683,
    0.15311072843352747,
    0.14827145920699641,
];

const SQRT_HALF_32: u32 = 0x3f35_04f3;
const SQRT_HALF_64: u64 = 0x3fe6_a09e_667f_3bcd;

/// x = 2ᵉ m with √½ ≤ m < √2.
pub(super) struct Parts<T> {
    /// e, an integer.
    pub e: T,
    /// m.
    pub m: T,
}

/// The parts of a positive normal number.
#[inline(always)]
pub(super) fn parts_32(x: f32) -> Parts<f32> {
    let bits = x.to_bits().wrapping_sub(SQRT_HALF_32);
    Parts { e: ((bits as i32) >> 23) as f32, m: f32::from_bits((bits & 0x007f_ffff) + SQRT_HALF_32) }
}

#[inline(always)]
pub(super) fn parts_64(x: f64) -> Parts<f64> {
    let bits = x.to_bits().wrapping_sub(SQRT_HALF_64);
    // e + 1024 is positive; below the leading bit of 2⁵² it is a float at once. AVX2 converts no integers of 64 bits.
    let shifted = bits.wrapping_add(1024 << 52) >> 52;
    let e = f64::from_bits(shifted | 0x4330_0000_0000_0000) - 4_503_599_627_371_520.0;
    Parts { e, m: f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + SQRT_HALF_64) }
}

/// e ln 2 + log(1 + f).
#[inline(always)]
pub(super) fn sum_32(e: f32, f: f32) -> f32 {
    let s = f / (2.0 + f);
    let z = s * s;
    let half = 0.5 * f * f;
    let rest = s.mul_add(z.mul_add(polynomial(z, &P32), half), e * LN_2_REST_32);
    e.mul_add(c32::LN_2, f - (half - rest))
}

#[inline(always)]
pub(super) fn sum_64(e: f64, f: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let half = 0.5 * f * f;
    let rest = s.mul_add(z.mul_add(polynomial(z, &P64), half), e * LN_2_REST_64);
    e.mul_add(c64::LN_2, f - (half - rest))
}

impl Body<f32> for Log {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let tiny = x < f32::MIN_POSITIVE;
        let Parts { e, m } = parts_32(if tiny { x * 16_777_216.0 } else { x });
        let y = sum_32(if tiny { e - 24.0 } else { e }, m - 1.0);
        let y = if x < f32::INFINITY { y } else { x + x };
        let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
        if x < 0.0 { f32::NAN } else { y }
    }
}

impl Body<f64> for Log {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let tiny = x < f64::MIN_POSITIVE;
        let Parts { e, m } = parts_64(if tiny { x * 18_014_398_509_481_984.0 } else { x });
        let y = sum_64(if tiny { e - 54.0 } else { e }, m - 1.0);
        let y = if x < f64::INFINITY { y } else { x + x };
        let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
        if x < 0.0 { f64::NAN } else { y }
    }
}
