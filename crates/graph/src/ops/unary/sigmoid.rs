//! sigmoid: 1/(1 + e⁻ˣ), without overflow at either end.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// 1/(1 + e⁻ˣ), without overflow at either end.
pub struct Sigmoid;

impl UnaryRule for Sigmoid {
    const NAME: &'static str = "sigmoid";

    fn eval<L: Lane>(x: L) -> L {
        (L::one() + (-x).exp()).recip()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(y * (-y + 1.0))
    }
}
