//! eˣ = 2ⁿ eʳ with n = ⌊x / ln 2⌉ and |r| ≤ ln 2 / 2.
//! Cody & Waite, "Software Manual for the Elementary Functions" (1980), chapter 6; n is read off the low bits of x / ln 2 + 1.5·2ᵖ.

use super::polynomial::polynomial;
use super::{Body, Exp};
use crate::number::{Integer, Number};
use std::f32::consts as c32;
use std::f64::consts as c64;

/// (eʳ − 1 − r) / r². Fitted by `coefficients.py`: "exp".
const P32: [f32; 5] = [0.5, 0.1666654, 0.041666277, 0.008367008, 0.0013947147];
const P64: [f64; 10] = [
    0.5000000000000006,
    0.16666666666666685,
    0.041666666666575036,
    0.008333333333314222,
    0.001388888893270722,
    0.00019841269904484113,
    2.4801503427866602e-05,
    2.755722617338187e-06,
    2.7626911691711407e-07,
    2.5115164567048052e-08,
];

/// ln 2 − its nearest float.
pub(super) const LN_2_REST_32: f32 = -1.904_654_3e-9;
pub(super) const LN_2_REST_64: f64 = 2.3190468138462996e-17;

/// 1.5·2ᵖ: adding it rounds to an integer, and leaves that integer in the low bits.
pub(super) const SHIFT_32: f32 = 12_582_912.0;
pub(super) const SHIFT_64: f64 = 6_755_399_441_055_744.0;

/// x = n ln 2 + r, and eʳ = 1 + r + p r².
pub(super) struct Reduced<T, I> {
    /// n.
    pub n: I,
    /// r.
    pub r: T,
    /// (eʳ − 1 − r) / r².
    pub p: T,
}

#[inline(always)]
pub(super) fn reduced_32<N: Number>(x: N) -> Reduced<N, N::Integer> {
    let shifted = x.fused(N::of(c32::LOG2_E), N::of(SHIFT_32));
    let n = shifted - N::of(SHIFT_32);
    let r = n.fused(N::of(-LN_2_REST_32), n.fused(N::of(-c32::LN_2), x));
    Reduced { n: shifted.bits().minus(N::of(SHIFT_32).bits()), r, p: polynomial(r, &P32.map(N::of)) }
}

#[inline(always)]
pub(super) fn reduced_64(x: f64) -> Reduced<f64, i64> {
    let shifted = x.mul_add(c64::LOG2_E, SHIFT_64);
    let n = shifted - SHIFT_64;
    let r = n.mul_add(-LN_2_REST_64, n.mul_add(-c64::LN_2, x));
    Reduced { n: shifted.to_bits().wrapping_sub(SHIFT_64.to_bits()) as i64, r, p: polynomial(r, &P64) }
}

/// 2ⁿ for the exponents of normal numbers.
#[inline(always)]
pub(super) fn power_of_two_32<N: Number>(n: N::Integer) -> N {
    N::of_bits(n.plus(Integer::of(127)).raised())
}

#[inline(always)]
pub(super) fn power_of_two_64(n: i64) -> f64 {
    f64::from_bits((n.wrapping_add(1023) as u64) << 52)
}

/// 2ⁿ y, rounded once also where the result is subnormal or infinite: by two halves of the exponent.
#[inline(always)]
pub(super) fn scaled_32<N: Number>(y: N, n: N::Integer) -> N {
    let half = n.halved();
    y * power_of_two_32(half) * power_of_two_32(n.minus(half))
}

#[inline(always)]
pub(super) fn scaled_64(y: f64, n: i64) -> f64 {
    // The halving is of a positive number: AVX2 has no arithmetic shift of 64 bits.
    let half = ((n.wrapping_add(4096) as u64) >> 1) as i64 - 2048;
    y * power_of_two_64(half) * power_of_two_64(n.wrapping_sub(half))
}

#[inline(always)]
pub(super) fn exp_32<N: Number>(x: N) -> N {
    let x = x.above(N::of(89.0), N::of(89.0), x);
    let x = N::of(-105.0).above(x, N::of(-105.0), x);
    let Reduced { n, r, p } = reduced_32(x);
    scaled_32(N::of(1.0) + (r * r).fused(p, r), n)
}

impl Body<f32> for Exp {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        exp_32(x)
    }
}

impl Body<f64> for Exp {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let x = if x > 710.0 { 710.0 } else { x };
        let x = if x < -746.0 { -746.0 } else { x };
        let Reduced { n, r, p } = reduced_64(x);
        scaled_64(1.0 + (r * r).mul_add(p, r), n)
    }
}
