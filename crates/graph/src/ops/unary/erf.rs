//! erf: 2/√π ∫₀ˣ e^{−u²} du.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// 2/√π ∫₀ˣ e^{−u²} du.
pub struct Erf;

impl UnaryRule for Erf {
    const NAME: &'static str = "erf";

    fn eval<L: Lane>(x: L) -> L {
        x.erf()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some((-(x * x)).exp() * std::f64::consts::FRAC_2_SQRT_PI)
    }
}
