//! Tangent, by reduction to a quadrant: tan(r), or −1 / tan(r) in every second one.
//! Arguments beyond the bound of that reduction are evaluated by libm.

use super::polynomial::polynomial;
use super::quadrant::{BOUND_32, BOUND_64, Quadrant, quadrant_32, quadrant_64};
use super::{Body, Tan};

/// (tan r − r) / r³ in z = r². Fitted by `coefficients.py`: "tan".
const P32: [f32; 7] = [0.33333355, 0.13332497, 0.054078527, 0.021187332, 0.011079234, -0.00021665484, 0.0045263954];
const P64: [f64; 14] = [
    0.33333333333332477,
    0.13333333333454753,
    0.05396825390805972,
    0.021869490042779143,
    0.008863213210530118,
    0.0035923414992705964,
    0.0014544467070646556,
    0.0005963467079895127,
    0.0002186737740406347,
    0.00014402166021732114,
    -3.677380742044048e-05,
    9.884694752380757e-05,
    -4.987124641118163e-05,
    2.2047050447933256e-05,
];

impl Body<f32> for Tan {
    const BOUND: Option<f32> = Some(BOUND_32);

    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let Quadrant { n, r, rest } = quadrant_32(x);
        let z = r * r;
        let tail = r * z * polynomial(z, &P32);
        // tan' = 1 + tan² carries the rest of r.
        let first = r + tail;
        let tan = r + rest.mul_add(first.mul_add(first, 1.0), tail);
        let y = if n & 1 == 0 { tan } else { -1.0 / tan };
        if x == 0.0 { x + x } else { y }
    }
}

impl Body<f64> for Tan {
    const BOUND: Option<f64> = Some(BOUND_64);

    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let Quadrant { n, r, rest } = quadrant_64(x);
        let z = r * r;
        let tail = r * z * polynomial(z, &P64);
        let first = r + tail;
        let tan = r + rest.mul_add(first.mul_add(first, 1.0), tail);
        let y = if n & 1 == 0 { tan } else { -1.0 / tan };
        if x == 0.0 { x + x } else { y }
    }
}
