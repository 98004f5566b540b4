//! expm1: eˣ − 1, accurate near 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// eˣ − 1, accurate near 0.
pub struct Expm1;

impl UnaryRule for Expm1 {
    const NAME: &'static str = "expm1";

    fn eval<L: Lane>(x: L) -> L {
        x.exp_m1()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(y + 1.0)
    }
}
