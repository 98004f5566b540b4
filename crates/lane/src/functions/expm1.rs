//! eˣ − 1 = 2 (2ⁿ⁻¹ (eʳ − 1) + (2ⁿ⁻¹ − ½)), with n and r as in exp.rs.
//! Half of the power, because 2ⁿ itself overflows before eˣ does.

use super::exp::{Reduced, power_of_two_32, power_of_two_64, reduced_32, reduced_64};
use super::{Body, Expm1};

impl Body<f32> for Expm1 {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let near = if x > 89.0 { 89.0 } else { x };
        let near = if near < -18.0 { -18.0 } else { near };
        let Reduced { n, r, p } = reduced_32(near);
        let half = power_of_two_32::<f32>(n - 1);
        let y = 2.0 * (half.mul_add(r, half - 0.5) + half * (r * r * p));
        // Halves of subnormal numbers lose their last bit, and the sum above the sign of zero.
        if x.abs() < 1e-9 { x.mul_add(-x, x) } else { y }
    }
}

impl Body<f64> for Expm1 {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let near = if x > 710.0 { 710.0 } else { x };
        let near = if near < -38.0 { -38.0 } else { near };
        let Reduced { n, r, p } = reduced_64(near);
        let half = power_of_two_64(n - 1);
        let y = 2.0 * (half.mul_add(r, half - 0.5) + half * (r * r * p));
        if x.abs() < 1e-17 { x.mul_add(-x, x) } else { y }
    }
}
