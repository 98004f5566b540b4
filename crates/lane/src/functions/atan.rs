//! Inverse tangent: a polynomial on [0, 1], and π/2 − atan(1/x) beyond.
//! Muller, "Elementary Functions" (2016), chapter 11 (reduction by a reciprocal).

use super::polynomial::{horner, polynomial};
use super::{Atan, Body};
use std::f32::consts as c32;
use std::f64::consts as c64;

/// (atan u − u) / u³ in z = u². Fitted by `coefficients.py`: "atan".
const P32: [f32; 9] = [-0.33333302, 0.19998638, -0.14265245, 0.10957578, -0.08419465, 0.05823467, -0.03145583, 0.011064513, -0.0018272295];
const P64: [f64; 19] = [
    -0.33333333333331994,
    0.19999999999774853,
    -0.14285714272355685,
    0.11111110705546301,
    -0.09090901657832717,
    0.0769221731667655,
    -0.06665892155610803,
    0.05877475002096529,
    -0.052398883082399,
    0.04675895953402778,
    -0.040970651168848175,
    0.03414523048738336,
    -0.025930683424118615,
    0.017084021408701165,
    -0.009265265933888144,
    0.0039003829101484063,
    -0.0011807455866838061,
    0.00022684404108933858,
    -2.0661837594364514e-05,
];

/// π/2 − its nearest float.
const REST_32: f32 = -4.371_139e-8;
const REST_64: f64 = 6.123233995736766e-17;

impl Body<f32> for Atan {
    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let size = x.abs();
        let far = size > 1.0;
        let u = if far { 1.0 / size } else { size };
        let z = u * u;
        let tail = u * z * horner(z, &P32);
        let y = if far { (c32::FRAC_PI_2 - u) - (tail - REST_32) } else { u + tail };
        y.copysign(x)
    }
}

impl Body<f64> for Atan {
    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let size = x.abs();
        let far = size > 1.0;
        let u = if far { 1.0 / size } else { size };
        let z = u * u;
        let tail = u * z * polynomial(z, &P64);
        let y = if far { (c64::FRAC_PI_2 - u) - (tail - REST_64) } else { u + tail };
        y.copysign(x)
    }
}
