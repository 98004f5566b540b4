//! recip: 1/x.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// 1/x.
pub struct Recip;

impl UnaryRule for Recip {
    const NAME: &'static str = "recip";

    fn eval<L: Lane>(x: L) -> L {
        x.recip()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(-(y * y))
    }
}
