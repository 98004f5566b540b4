//! tanh: Hyperbolic tangent.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// Hyperbolic tangent.
pub struct Tanh;

impl UnaryRule for Tanh {
    const NAME: &'static str = "tanh";

    fn eval<L: Lane>(x: L) -> L {
        x.tanh()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(-(y * y) + 1.0)
    }
}
