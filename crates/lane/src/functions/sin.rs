//! Sine, by reduction to a quadrant.
//! Arguments beyond the bound of that reduction are evaluated by libm.

use super::quadrant::{BOUND_32, BOUND_64, quadrant_32, quadrant_64};
use super::{Body, Sin};

impl Body<f32> for Sin {
    const BOUND: Option<f32> = Some(BOUND_32);

    #[inline(always)]
    fn eval(x: f32) -> f32 {
        let y = quadrant_32(x).sine(0);
        // The reduction loses the sign of zero.
        if x == 0.0 { x + x } else { y }
    }
}

impl Body<f64> for Sin {
    const BOUND: Option<f64> = Some(BOUND_64);

    #[inline(always)]
    fn eval(x: f64) -> f64 {
        let y = quadrant_64(x).sine(0);
        if x == 0.0 { x + x } else { y }
    }
}
