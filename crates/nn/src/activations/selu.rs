//! selu, the scaled exponential linear unit (Klambauer et al. 2017, eq. 2).
//! Its constants make mean 0 and variance 1 a fixed point from layer to layer.

use super::Formula;
use thalweg_graph::{Scalar, ops::Comparison};

const ALPHA: f64 = 1.673_263_242_354_377_3;
const LAMBDA: f64 = 1.050_700_987_355_480_5;

/// λx above 0, λα(eˣ − 1) below.
pub struct Selu;

impl Formula for Selu {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        let zero = x.constant(0.0);
        let negative = x.choose(Comparison::Le, zero, x, zero);
        x.choose(Comparison::Le, zero, negative.exp_m1() * ALPHA, x) * LAMBDA
    }
}
