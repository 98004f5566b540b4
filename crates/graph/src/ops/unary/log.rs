//! log: Natural logarithm; NaN below 0, −∞ at 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// Natural logarithm; NaN below 0, −∞ at 0.
pub struct Log;

impl UnaryRule for Log {
    const NAME: &'static str = "log";

    fn eval<L: Lane>(x: L) -> L {
        x.ln()
    }

    fn derivative<'g>(x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        Some(x.recip())
    }
}
