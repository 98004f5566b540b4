//! 1 / (1 + e⁻ˣ), for x < 0 as eˣ / (1 + eˣ): the exponential is of −|x| and cannot overflow.
//! The rounding error of the denominator d is corrected: y − y rest/d, where 1/d is 1 − y for x < 0, and y otherwise.

use super::exp::exp_32;
use super::{Body, Exp, Sigmoid};
use crate::number::Number;

#[inline(always)]
pub(super) fn sigmoid_32<N: Number>(x: N) -> N {
    let one = N::of(1.0);
    let exp = exp_32(-x.size());
    let denominator = one + exp;
    let rest = exp - (denominator - one);
    let y = N::of(0.0).above(x, exp, one) / denominator;
    let inverse = N::of(0.0).above(x, one - y, y);
    (y * inverse).fused(-rest, y)
}

impl Body<f32> for Sigmoid {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        sigmoid_32(x)
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
