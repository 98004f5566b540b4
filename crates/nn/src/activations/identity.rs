//! identity: no activation.
//! So that "none" can be said in a list of activations.

use super::Formula;
use thalweg_graph::Scalar;

/// x.
pub struct Identity;

impl Formula for Identity {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        x
    }
}
