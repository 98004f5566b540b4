//! sign: −1, 0 or 1; derivative 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// −1, 0 or 1; derivative 0.
pub struct Sign;

impl UnaryRule for Sign {
    const NAME: &'static str = "sign";

    fn eval<L: Lane>(x: L) -> L {
        if x > L::zero() { L::one() } else if x < L::zero() { -L::one() } else { x }
    }

    fn derivative<'g>(_x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        None
    }
}
