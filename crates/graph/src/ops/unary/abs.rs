//! abs: |x|; derivative sign(x), 0 at 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// |x|; derivative sign(x), 0 at 0.
pub struct Abs;

impl UnaryRule for Abs {
    const NAME: &'static str = "abs";

    fn eval<L: Lane>(x: L) -> L {
        x.abs()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some(x.sign())
    }
}
