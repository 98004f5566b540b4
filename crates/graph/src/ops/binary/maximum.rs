//! maximum: The larger; NaN if either is. At a tie each side gets half of the derivative.
//! One generic body for every element type; its derivatives as graphs.

use super::{BinaryRule, Number};
use crate::Var;

/// The larger; NaN if either is. At a tie each side gets half of the derivative.
pub struct Maximum;

impl BinaryRule for Maximum {
    const NAME: &'static str = "maximum";

    fn eval<L: Number>(a: L, b: L) -> L {
        if a.is_nan() || a > b { a } else { b }
    }

    fn derivatives<'g>(a: Var<'g>, b: Var<'g>, _y: Var<'g>) -> [Option<Var<'g>>; 2] {
        [
            Some(share(a, b)),
            Some(share(b, a)),
        ]
    }
}

/// 1 where `a > b`, ½ at a tie, 0 below.
pub(super) fn share<'g>(a: Var<'g>, b: Var<'g>) -> Var<'g> {
    (a.gt(b).cast(a.dtype()) + a.ge(b).cast(a.dtype())) * 0.5
}
