//! div: a / b.
//! One generic body for every element type; its derivatives as graphs.

use super::{BinaryRule, Number};
use crate::Var;

/// a / b.
pub struct Div;

impl BinaryRule for Div {
    const NAME: &'static str = "div";

    fn eval<L: Number>(a: L, b: L) -> L {
        a / b
    }

    fn derivatives<'g>(_a: Var<'g>, b: Var<'g>, y: Var<'g>) -> [Option<Var<'g>>; 2] {
        [
            Some(b.recip()),
            Some(-(y / b)),
        ]
    }
}
