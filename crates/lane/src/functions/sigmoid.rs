//! 1 / (1 + e⁻ˣ), for x < 0 as eˣ / (1 + eˣ): the exponential is of −|x| and cannot overflow.
//! The rounding error of the denominator d is corrected: y − y rest/d, where 1/d is 1 − y for x < 0, and y otherwise.

use super::{Body, Exp, Sigmoid};

impl Body<f32> for Sigmoid {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let exp = <Exp as Body<f32>>::eval(-x.abs());
        let denominator = 1.0 + exp;
        let rest = exp - (denominator - 1.0);
        let y = (if x < 0.0 { exp } else { 1.0 }) / denominator;
        let inverse = if x < 0.0 { 1.0 - y } else { y };
        (y * inverse).mul_add(-rest, y)
    }
}

impl Body<f64> for Sigmoid {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let exp = <Exp as Body<f64>>::eval(-x.abs());
        let denominator = 1.0 + exp;
        let rest = exp - (denominator - 1.0);
        let y = (if x < 0.0 { exp } else { 1.0 }) / denominator;
        let inverse = if x < 0.0 { 1.0 - y } else { y };
        (y * inverse).mul_add(-rest, y)
    }
}
