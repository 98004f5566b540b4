//! sqrt: √x; NaN below 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// √x; NaN below 0.
pub struct Sqrt;

impl UnaryRule for Sqrt {
    const NAME: &'static str = "sqrt";

    fn eval<L: Lane>(x: L) -> L {
        x.sqrt()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(y.recip() * 0.5)
    }
}
