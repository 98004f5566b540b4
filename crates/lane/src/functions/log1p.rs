//! log(1 + x) = e ln 2 + log(1 + f), where e is the exponent of the rounded 1 + x, and f = 2⁻ᵉ x + (2⁻ᵉ − 1) is rounded once.
//! Thus f = x where 1 + x is near 1, and nothing is lost in the sum 1 + x.

use super::log::{sum_32, sum_64};
use super::{Body, Log1p};

impl Body<f32> for Log1p {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let e = ((1.0 + x).to_bits().wrapping_sub(0x3f35_04f3) as i32) >> 23;
        // 4·2⁻ᵉ: also 2⁻¹²⁸, for the largest x, is then from a normal number.
        let scale = f32::from_bits((129i32.wrapping_sub(e) as u32) << 23);
        let y = sum_32(e as f32, (0.25 * x).mul_add(scale, scale.mul_add(0.25, -1.0)));
        let y = if x < f32::INFINITY { y } else { x + x };
        let y = if x == -1.0 { f32::NEG_INFINITY } else { y };
        let y = if x < -1.0 { f32::NAN } else { y };
        if x.abs() < 1e-9 { x.mul_add(-x, x) } else { y }
    }
}

impl Body<f64> for Log1p {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let bits = (1.0 + x).to_bits().wrapping_sub(0x3fe6_a09e_667f_3bcd);
        let shifted = bits.wrapping_add(1024 << 52) >> 52;
        let e = f64::from_bits(shifted | 0x4330_0000_0000_0000) - 4_503_599_627_371_520.0;
        let scale = f64::from_bits(2049u64.wrapping_sub(shifted) << 52);
        let y = sum_64(e, (0.25 * x).mul_add(scale, scale.mul_add(0.25, -1.0)));
        let y = if x < f64::INFINITY { y } else { x + x };
        let y = if x == -1.0 { f64::NEG_INFINITY } else { y };
        let y = if x < -1.0 { f64::NAN } else { y };
        if x.abs() < 1e-17 { x.mul_add(-x, x) } else { y }
    }
}
