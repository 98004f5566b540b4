//! Hyperbolic tangent: an odd polynomial where it is at most ½, and 1 − 2 / (e²ˣ + 1) beyond.
//! Cody & Waite (1980), chapter 13. The size is cut where the result is 1 in its precision.

use super::exp::{Reduced, power_of_two_32, power_of_two_64, reduced_32, reduced_64};
use super::polynomial::polynomial;
use super::{Body, Tanh};
use crate::number::Number;

/// (tanh x − x) / x³ in z = x², on [0, artanh ½]. Fitted by `coefficients.py`: "tanh".
const P32: [f32; 5] = [-0.3333332, 0.13332607, -0.053854525, 0.021080727, -0.006286967];
const P64: [f64; 10] = [
    -0.3333333333333237,
    0.13333333333176597,
    -0.05396825387979588,
    0.021869486060580416,
    -0.008863195623029129,
    0.003591728505196992,
    -0.0014532594299534326,
    0.0005792614875192863,
    -0.0002105028554790408,
    5.115839005401196e-05,
];

/// artanh ½.
const HALF_32: f32 = 0.549_306_15;
const HALF_64: f64 = 0.549_306_144_334_054_8;

#[inline(always)]
pub(super) fn tanh_32<N: Number>(x: N) -> N {
    let (one, two) = (N::of(1.0), N::of(2.0));
    let size = x.size();
    let z = size * size;
    let near = (size * z).fused(polynomial(z, &P32.map(N::of)), size);
    let cut = size.above(N::of(10.0), N::of(10.0), size);
    let Reduced { n, r, p } = reduced_32(two * cut);
    let exp = (one + (r * r).fused(p, r)) * power_of_two_32(n);
    let far = one - two / (exp + one);
    size.above(N::of(HALF_32), far, near).signed(x)
}

impl Body<f32> for Tanh {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        tanh_32(x)
    }
}

impl Body<f64> for Tanh {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let size = x.abs();
        let z = size * size;
        let near = (size * z).mul_add(polynomial(z, &P64), size);
        let cut = if size > 22.0 { 22.0 } else { size };
        let Reduced { n, r, p } = reduced_64(2.0 * cut);
        let exp = (1.0 + (r * r).mul_add(p, r)) * power_of_two_64(n);
        let far = 1.0 - 2.0 / (exp + 1.0);
        (if size > HALF_64 { far } else { near }).copysign(x)
    }
}
