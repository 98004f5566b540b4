//! tanh, the hyperbolic tangent.
//! Bounded: the usual last activation where outputs lie in (−1, 1).

use super::Formula;
use thalweg_graph::Scalar;

/// tanh x.
pub struct Tanh;

impl Formula for Tanh {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        x.tanh()
    }
}
