//! minimum: The smaller; NaN if either is. At a tie each side gets half of the derivative.
//! One generic body for every element type; its derivatives as graphs.

use super::maximum::share;
use super::{BinaryRule, Number};
use crate::Var;

/// The smaller; NaN if either is. At a tie each side gets half of the derivative.
pub struct Minimum;

impl BinaryRule for Minimum {
    const NAME: &'static str = "minimum";

    fn eval<L: Number>(a: L, b: L) -> L {
        if a.is_nan() || a < b { a } else { b }
    }

    fn derivatives<'g>(a: Var<'g>, b: Var<'g>, _y: Var<'g>) -> [Option<Var<'g>>; 2] {
        [
            Some(share(b, a)),
            Some(share(a, b)),
        ]
    }
}
