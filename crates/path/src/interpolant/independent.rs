//! independent: x_t = (1 − t) x₀ + t x₁ + σ ε; Tong et al. 2023 (I-CFM; OT-CFM if x₀ and x₁ are paired by optimal transport).
//! The straight line of flow matching, from any source.

use super::{InterpolantCoefficients, StochasticInterpolant, validate_sigma};
use crate::Path;
use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// a = 1 − t, b = t, c = sigma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Independent {
    /// Standard deviation of the noise around the line; at least 0, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
    pub sigma: f64,
}

impl StochasticInterpolant for Independent {
    fn validate(&self) -> Result<()> {
        validate_sigma(self.sigma)
    }

    fn coefficients<S: Scalar>(&self, t: S) -> InterpolantCoefficients<S> {
        let [one, minus, zero] = [1.0, -1.0, 0.0].map(|c| t.constant(c));
        InterpolantCoefficients { a: one - t, b: t, c: t.constant(self.sigma), d_a: minus, d_b: one, d_c: zero }
    }

    /// linear, if sigma is 0.
    fn as_gaussian(&self) -> Option<Path> {
        (self.sigma == 0.0).then(Path::linear)
    }
}
