//! target: x_t = (1 − (1 − σ)t) x₀ + t x₁ with standard normal x₀; Lipman et al. 2023, eq. 20 and 22.
//! Ends in N(x₁, σ²) instead of x₁ itself, so that no coefficient vanishes.

use super::{InterpolantCoefficients, StochasticInterpolant};
use crate::error::{PathError, Result};
use crate::{Custom, Expression, Path, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// a = 1 − (1 − sigma) t, b = t, c = 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Target {
    /// Factor of the source that is left at the data; at least 0 and less than 1.
    pub sigma: f64,
}

impl StochasticInterpolant for Target {
    fn validate(&self) -> Result<()> {
        PathError::require((0.0..1.0).contains(&self.sigma), "sigma", "a number ≥ 0 and < 1", self.sigma)
    }

    fn coefficients<S: Scalar>(&self, t: S) -> InterpolantCoefficients<S> {
        let [one, zero] = [1.0, 0.0].map(|c| t.constant(c));
        let left = one - t;
        InterpolantCoefficients { a: left + t * self.sigma, b: t, c: zero, d_a: t.constant(self.sigma - 1.0), d_b: one, d_c: zero }
    }

    /// s = 1 − r and σ(r) = r + sigma (1 − r) at r = 1 − t; linear if sigma is 0.
    fn as_gaussian(&self) -> Option<Path> {
        if self.sigma == 0.0 {
            return Some(Path::linear());
        }
        let scale = Expression::trace(|r| r.constant(1.0) - r).ok()?;
        let std = Expression::trace(|r| r + (r.constant(1.0) - r) * self.sigma).ok()?;
        Some(Custom { t_min: 0.0, t_max: 1.0, schedule: Schedule::Plain { scale, std } }.into())
    }
}
