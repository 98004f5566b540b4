//! cos: Cosine, in radians.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// Cosine, in radians.
pub struct Cos;

impl UnaryRule for Cos {
    const NAME: &'static str = "cos";

    fn eval<L: Lane>(x: L) -> L {
        x.cos()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some(-x.sin())
    }
}
