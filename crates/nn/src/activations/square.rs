//! square.
//! The simplest activation that is not linear.

use super::Formula;
use thalweg_graph::Scalar;

/// x².
pub struct Square;

impl Formula for Square {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        x.square()
    }
}
