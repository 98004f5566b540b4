//! tan: Tangent, in radians.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// Tangent, in radians.
pub struct Tan;

impl UnaryRule for Tan {
    const NAME: &'static str = "tan";

    fn eval<L: Lane>(x: L) -> L {
        x.tan()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(y * y + 1.0)
    }
}
