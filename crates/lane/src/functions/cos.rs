//! Cosine, by reduction to a quadrant.
//! Arguments beyond the bound of that reduction are evaluated by libm.

use super::quadrant::{BOUND_32, BOUND_64, quadrant_32, quadrant_64};
use super::{Body, Cos};

impl Body<f32> for Cos {
    const BOUND: Option<f32> = Some(BOUND_32);

    #[inline(always)]
    fn eval(x: f32) -> f32 {
        quadrant_32(x).sine(1)
    }
}

impl Body<f64> for Cos {
    const BOUND: Option<f64> = Some(BOUND_64);

    #[inline(always)]
    fn eval(x: f64) -> f64 {
        quadrant_64(x).sine(1)
    }
}
