//! neg: −x.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// −x.
pub struct Neg;

impl UnaryRule for Neg {
    const NAME: &'static str = "neg";

    fn eval<L: Lane>(x: L) -> L {
        -x
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some(x.constant(-1.0))
    }
}
