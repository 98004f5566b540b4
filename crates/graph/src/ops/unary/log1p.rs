//! log1p: log(1 + x), accurate near 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// log(1 + x), accurate near 0.
pub struct Log1p;

impl UnaryRule for Log1p {
    const NAME: &'static str = "log1p";

    fn eval<L: Lane>(x: L) -> L {
        x.ln_1p()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some((x + 1.0).recip())
    }
}
