//! gelu, the Gaussian error linear unit (Hendrycks, Gimpel 2016, eq. 1).
//! The exact form, with the error function.

use super::Formula;
use std::f64::consts::FRAC_1_SQRT_2;
use thalweg_graph::Scalar;

/// x Φ(x), Φ the standard normal distribution function.
pub struct Gelu;

impl Formula for Gelu {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        x * ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5
    }
}
