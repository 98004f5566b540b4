//! floor: The largest integer ≤ x; derivative 0.
//! One generic body for every element type; its derivative as a graph.

use super::{Lane, UnaryRule};
use crate::Var;

/// The largest integer ≤ x; derivative 0.
pub struct Floor;

impl UnaryRule for Floor {
    const NAME: &'static str = "floor";

    fn eval<L: Lane>(x: L) -> L {
        x.floor()
    }

    fn derivative<'g>(_x: Var<'g>, _y: Var<'g>) -> Option<Var<'g>> {
        None
    }
}
