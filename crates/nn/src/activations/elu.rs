//! elu, the exponential linear unit (Clevert, Unterthiner, Hochreiter 2016, eq. 15) with α = 1.
//! Continuously differentiable.

use super::Formula;
use thalweg_graph::{Scalar, ops::Comparison};

/// x above 0, eˣ − 1 below.
pub struct Elu;

impl Formula for Elu {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        let zero = x.constant(0.0);
        let negative = x.choose(Comparison::Le, zero, x, zero);
        x.choose(Comparison::Le, zero, negative.exp_m1(), x)
    }
}
