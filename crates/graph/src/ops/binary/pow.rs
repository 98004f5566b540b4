//! pow: aᵇ for a ≥ 0 (or integer b); ∂/∂b is 0 where a ≤ 0.
//! One generic body for every element type; its derivatives as graphs.

use super::{BinaryRule, Number};
use crate::Var;

/// aᵇ for a ≥ 0 (or integer b); ∂/∂b is 0 where a ≤ 0.
pub struct Pow;

impl BinaryRule for Pow {
    const NAME: &'static str = "pow";

    fn eval<L: Number>(a: L, b: L) -> L {
        a.powf(b)
    }

    fn derivatives<'g>(a: Var<'g>, b: Var<'g>, y: Var<'g>) -> [Option<Var<'g>>; 2] {
        [
            Some(b * a.pow(b - 1.0)),
            Some(a.gt(a.constant(0.0)).select(y * a.gt(a.constant(0.0)).select(a, a.constant(1.0)).ln(), a.constant(0.0))),
        ]
    }
}
