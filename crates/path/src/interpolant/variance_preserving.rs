//! variance_preserving: x_t = cos(πt/2) x₀ + sin(πt/2) x₁ + σ ε; Albergo and Vanden-Eijnden 2023, the trigonometric interpolant.
//! Keeps the variance of independent source and data of equal variance.

use super::{InterpolantCoefficients, StochasticInterpolant, validate_sigma};
use crate::Path;
use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::FRAC_PI_2;
use thalweg_graph::Scalar;

/// a = cos(πt/2), b = sin(πt/2), c = sigma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VariancePreserving {
    /// Standard deviation of the noise around the arc; at least 0, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
    pub sigma: f64,
}

impl StochasticInterpolant for VariancePreserving {
    fn validate(&self) -> Result<()> {
        validate_sigma(self.sigma)
    }

    /// The cosine as sin(π(1 − t)/2): in 32 bits cos(π/2) is not 0.
    fn coefficients<S: Scalar>(&self, t: S) -> InterpolantCoefficients<S> {
        let a = ((t.constant(1.0) - t) * FRAC_PI_2).sin();
        let b = (t * FRAC_PI_2).sin();
        InterpolantCoefficients { a, b, c: t.constant(self.sigma), d_a: b * -FRAC_PI_2, d_b: a * FRAC_PI_2, d_c: t.constant(0.0) }
    }

    /// gvp, if sigma is 0.
    fn as_gaussian(&self) -> Option<Path> {
        (self.sigma == 0.0).then(Path::gvp)
    }
}
