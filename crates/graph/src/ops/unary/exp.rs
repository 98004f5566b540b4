//! exp: eˣ.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// eˣ.
pub struct Exp;

impl UnaryRule for Exp {
    const NAME: &'static str = "exp";

    fn eval<L: Lane>(x: L) -> L {
        x.exp()
    }

    fn derivative<'g>(_x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
        Some(y)
    }
}
