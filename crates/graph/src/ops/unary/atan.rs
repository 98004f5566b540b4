//! atan: Inverse tangent, in (−π/2, π/2).
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// Inverse tangent, in (−π/2, π/2).
pub struct Atan;

impl UnaryRule for Atan {
    const NAME: &'static str = "atan";

    fn eval<L: Lane>(x: L) -> L {
        x.atan()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some((x * x + 1.0).recip())
    }
}
