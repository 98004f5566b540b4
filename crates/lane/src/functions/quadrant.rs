//! x = n π/2 + (r + rest) with |r| ≤ π/4, for sin, cos and tan, and the polynomials of sin and cos there.
//! Cody & Waite (1980), chapter 8: π/2 in three parts; with fused multiply-adds the first difference is exact.

use super::exp::{SHIFT_32, SHIFT_64};
use super::polynomial::polynomial;
use std::f32::consts as c32;
use std::f64::consts as c64;

/// Up to here n is exact and the parts of π/2 suffice; larger arguments go to libm.
pub(super) const BOUND_32: f32 = 32_768.0;
pub(super) const BOUND_64: f64 = 268_435_456.0;

/// π/2 in three parts.
const HALF_PI_32: [f32; 3] = [c32::FRAC_PI_2, -4.371139e-08, -1.7151245e-15];
const HALF_PI_64: [f64; 3] = [c64::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];

/// (sin r − r) / r³ in z = r². Fitted by `coefficients.py`: "sin".
const SIN_32: [f32; 3] = [-0.16666654, 0.008332131, -0.00019510841];
const SIN_64: [f64; 7] = [
    -0.16666666666666666,
    0.008333333333333321,
    -0.000198412698412536,
    2.755731921341979e-06,
    -2.5052104708655985e-08,
    1.6058340523202904e-10,
    -7.577392669669697e-13,
];
/// (cos r − 1 + r²/2) / r⁴ in z = r². Fitted by `coefficients.py`: "cos".
const COS_32: [f32; 3] = [0.041666646, -0.0013887306, 2.443123e-05];
const COS_64: [f64; 6] = [
    0.04166666666666659,
    -0.0013888888888872598,
    2.4801587288491742e-05,
    -2.7557314056475533e-07,
    2.087568186605392e-09,
    -1.1357447981047446e-11,
];

/// x = n π/2 + r + rest.
pub(super) struct Quadrant<T, I> {
    /// n, modulo a power of two.
    pub n: I,
    /// The nearest float to x − n π/2.
    pub r: T,
    /// What that lacks.
    pub rest: T,
}

#[inline(always)]
pub(super) fn quadrant_32(x: f32) -> Quadrant<f32, u32> {
    let shifted = x.mul_add(c32::FRAC_2_PI, SHIFT_32);
    let n = shifted - SHIFT_32;
    let [high, middle, low] = HALF_PI_32;
    let first = n.mul_add(-high, x);
    let (product, product_rest) = (n * middle, n.mul_add(middle, -(n * middle)));
    let r = first - product;
    // What the difference lost (Knuth's sum of two), where either may be the larger.
    let back = first - r;
    let lost = (first - (r + back)) + (back - product);
    let rest = n.mul_add(-low, lost - product_rest);
    Quadrant { n: shifted.to_bits(), r, rest }
}

#[inline(always)]
pub(super) fn quadrant_64(x: f64) -> Quadrant<f64, u64> {
    let shifted = x.mul_add(c64::FRAC_2_PI, SHIFT_64);
    let n = shifted - SHIFT_64;
    let [high, middle, low] = HALF_PI_64;
    let first = n.mul_add(-high, x);
    let (product, product_rest) = (n * middle, n.mul_add(middle, -(n * middle)));
    let r = first - product;
    // What the difference lost (Knuth's sum of two), where either may be the larger.
    let back = first - r;
    let lost = (first - (r + back)) + (back - product);
    let rest = n.mul_add(-low, lost - product_rest);
    Quadrant { n: shifted.to_bits(), r, rest }
}

impl Quadrant<f32, u32> {
    /// sin(r + rest + turns π/2 + n π/2).
    #[inline(always)]
    pub(super) fn sine(self, turns: u32) -> f32 {
        let Quadrant { n, r, rest } = self;
        let n = n.wrapping_add(turns);
        let z = r * r;
        let sin = r + (r * z).mul_add(polynomial(z, &SIN_32), rest);
        let half = 0.5 * z;
        let near = 1.0 - half;
        let cos = near + (((1.0 - near) - half) + (z * z).mul_add(polynomial(z, &COS_32), -r * rest));
        let y = if n & 1 == 0 { sin } else { cos };
        f32::from_bits(y.to_bits() ^ ((n & 2) << 30))
    }
}

impl Quadrant<f64, u64> {
    /// sin(r + rest + turns π/2 + n π/2).
    #[inline(always)]
    pub(super) fn sine(self, turns: u64) -> f64 {
        let Quadrant { n, r, rest } = self;
        let n = n.wrapping_add(turns);
        let z = r * r;
        let sin = r + (r * z).mul_add(polynomial(z, &SIN_64), rest);
        let half = 0.5 * z;
        let near = 1.0 - half;
        let cos = near + (((1.0 - near) - half) + (z * z).mul_add(polynomial(z, &COS_64), -r * rest));
        let y = if n & 1 == 0 { sin } else { cos };
        f64::from_bits(y.to_bits() ^ ((n & 2) << 62))
    }
}
