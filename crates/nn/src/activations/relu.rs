//! relu, the rectified linear unit (Nair, Hinton 2010).
//! The derivative at 0 is 0.

use super::Formula;
use thalweg_graph::{Scalar, ops::Comparison};

/// x above 0, else 0.
pub struct Relu;

impl Formula for Relu {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        x.choose(Comparison::Le, x.constant(0.0), x.constant(0.0), x)
    }
}
