//! mish (Misra 2019, eq. 1).
//! Smooth, slightly negative below zero.

use super::{Formula, Softplus};
use thalweg_graph::Scalar;

/// x · tanh(log(1 + eˣ)).
pub struct Mish;

impl Formula for Mish {
    fn eval<S: Scalar>(x: S, beta: S) -> S {
        x * Softplus::eval(x, beta).tanh()
    }
}
