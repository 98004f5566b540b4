//! mul: a · b.
//! One generic body for every element type; its derivatives as graphs.

use super::{BinaryRule, Number};
use crate::Var;

/// a · b.
pub struct Mul;

impl BinaryRule for Mul {
    const NAME: &'static str = "mul";

    fn eval<L: Number>(a: L, b: L) -> L {
        a * b
    }

    fn derivatives<'g>(a: Var<'g>, b: Var<'g>, _y: Var<'g>) -> [Option<Var<'g>>; 2] {
        [
            Some(b),
            Some(a),
        ]
    }
}
