//! swish (Ramachandran, Zoph, Le 2017, section 3): silu with a trained slope.
//! Each use has a slope of its own; sharing one would couple layers that have nothing to do with each other.

use super::Formula;
use thalweg_graph::Scalar;

/// x · sigmoid(βx).
pub struct Swish;

impl Formula for Swish {
    const LEARNED: bool = true;

    fn eval<S: Scalar>(x: S, beta: S) -> S {
        x * (beta * x).sigmoid()
    }
}
