//! add: a + b.
//! One generic body for every element type; its derivatives as graphs.

use super::{BinaryRule, Number};
use crate::Var;

/// a + b.
pub struct Add;

impl BinaryRule for Add {
    const NAME: &'static str = "add";

    fn eval<L: Number>(a: L, b: L) -> L {
        a + b
    }

    fn derivatives<'g>(a: Var<'g>, b: Var<'g>, _y: Var<'g>) -> [Option<Var<'g>>; 2] {
        [
            Some(a.constant(1.0)),
            Some(b.constant(1.0)),
        ]
    }
}
