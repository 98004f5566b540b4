//! softplus (Dugas et al. 2001).
//! Written without |x|, so that every derivative is right at 0, where a network that starts with zeros sits.

use super::Formula;
use thalweg_graph::{Scalar, ops::Comparison};

/// From here on, log(1 + eˣ) − x < 5e-18: nothing in f64.
const LINEAR_FROM: f64 = 40.0;

/// log(1 + eˣ).
pub struct Softplus;

impl Formula for Softplus {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        let top = x.constant(LINEAR_FROM);
        let bounded = x.choose(Comparison::Ge, top, top, x);
        x.choose(Comparison::Ge, top, x, bounded.exp().ln_1p())
    }
}
