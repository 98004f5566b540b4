//! sin: Sine, in radians.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// Sine, in radians.
pub struct Sin;

impl UnaryRule for Sin {
    const NAME: &'static str = "sin";

    fn eval<L: Lane>(x: L) -> L {
        x.sin()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some(x.cos())
    }
}
