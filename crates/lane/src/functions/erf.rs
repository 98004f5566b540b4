//! The error function: x P(x²) up to 1, and 1 − e⁻ᵛ beyond, where v(|x|) = −log erfc(|x|) is a polynomial.
//! The size is cut where the result is 1 in its precision.

use super::exp::{Reduced, power_of_two_32, power_of_two_64, reduced_32, reduced_64};
use super::polynomial::polynomial;
use super::{Body, Erf};
use crate::number::Number;

/// erf(x) / x in z = x², on [0, 1]. Fitted by `coefficients.py`: "erf, small".
const SMALL_32: [f32; 7] =
    [std::f32::consts::FRAC_2_SQRT_PI, -0.37612626, 0.112836, -0.026854444, 0.005189535, -0.00080208393, 7.8891135e-05];
const SMALL_64: [f64; 12] = [
    std::f64::consts::FRAC_2_SQRT_PI,
    -0.3761263890318355,
    0.11283791670945251,
    -0.026866170643275913,
    0.005223977607421526,
    -0.0008548325989625486,
    0.00012055295318893576,
    -1.4924744641022329e-05,
    1.644751748978055e-06,
    -1.6209175036462416e-07,
    1.372297456553698e-08,
    -7.801189044784352e-10,
];

/// −log erfc(x) in powers of x − 1 on [1, 4], or on [1, 6]. Fitted by `coefficients.py`: "erf, large".
const LARGE_32: [f32; 8] = [1.8496056, 2.6389675, 0.8431071, 0.04156348, -0.0100464495, 0.0020119634, -0.00028952654, 2.1686503e-05];
const LARGE_64: [f64; 18] = [
    1.8496055099332482,
    2.6389675142347757,
    0.8431072563594135,
    0.04156109802505827,
    -0.010033825178868938,
    0.001977901214172133,
    -0.00023731642817995528,
    -2.6296344881981237e-05,
    2.7199007159602746e-05,
    -9.671424815457357e-06,
    2.1319883360393495e-06,
    -2.0484796168846655e-07,
    -5.799209241355475e-08,
    3.338367990871687e-08,
    -8.516718556595192e-09,
    1.3187354512520497e-09,
    -1.1928693629104724e-10,
    4.8631726098105164e-12,
];

/// 2/√π − its nearest float: near 0 the leading coefficient decides the accuracy.
const REST_32: f32 = -5.8635383e-08;
const REST_64: f64 = 1.533545961316588e-17;

#[inline(always)]
pub(super) fn erf_32<N: Number>(x: N) -> N {
    let one = N::of(1.0);
    let size = x.size();
    let z = size.above(one, one, size * size);
    let [lead, rest @ ..] = SMALL_32.map(N::of);
    let small = size.fused(lead, size * z.fused(polynomial(z, &rest), N::of(REST_32)));
    let cut = size.above(N::of(4.0), N::of(4.0), size);
    let Reduced { n, r, p } = reduced_32(-polynomial(cut - one, &LARGE_32.map(N::of)));
    let large = one - (one + (r * r).fused(p, r)) * power_of_two_32(n);
    size.above(one, large, small).signed(x)
}

impl Body<f32> for Erf {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        erf_32(x)
    }
}

impl Body<f64> for Erf {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let size = x.abs();
        let z = if size > 1.0 { 1.0 } else { size * size };
        let [lead, rest @ ..] = SMALL_64;
        let small = size.mul_add(lead, size * z.mul_add(polynomial(z, &rest), REST_64));
        let cut = if size > 6.0 { 6.0 } else { size };
        let Reduced { n, r, p } = reduced_64(-polynomial(cut - 1.0, &LARGE_64));
        let large = 1.0 - (1.0 + (r * r).mul_add(p, r)) * power_of_two_64(n);
        (if size > 1.0 { large } else { small }).copysign(x)
    }
}
