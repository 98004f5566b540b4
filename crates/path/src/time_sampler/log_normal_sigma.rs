//! log_normal_sigma: ln σ̃ ~ N(mean, std²), σ̃ = σ/s = e^{−λ}, truncated to the interval; Karras et al. 2022, table 1.
//! EDM's noise levels, on any path.

use super::TimeDensity;
use super::logit_normal::validate_normal;
use crate::error::{PathError, Result};
use crate::normal::{normal_density, normal_probability, normal_quantile};
use crate::{GaussianPath, Path, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The logarithm of the noise level σ/s is normal, truncated to the interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LogNormalSigma {
    /// Mean of ln(σ/s); finite.
    pub mean: f64,
    /// Standard deviation of ln(σ/s); positive.
    pub std: f64,
}

impl Default for LogNormalSigma {
    fn default() -> LogNormalSigma {
        LogNormalSigma { mean: -1.2, std: 1.2 }
    }
}

/// Least probability of the interval: a distribution that lies elsewhere is a mistake, and its quantiles run out of 32-bit numbers.
const LEAST_MASS: f64 = 1e-6;

/// The part of the standard normal distribution that is kept; mirrored if it lies in the upper tail, where probabilities have no digits.
struct Truncation {
    mirrored: bool,
    below: f64,
    mass: f64,
}

impl LogNormalSigma {
    fn truncation(&self, path: &Path, t_min: f64, t_max: f64) -> Truncation {
        let [a, b] = [t_min, t_max].map(|t| (-path.half_log_snr(t) - self.mean) / self.std);
        let mirrored = a + b > 0.0;
        let (a, b) = if mirrored { (-b, -a) } else { (a, b) };
        Truncation { mirrored, below: normal_probability(a), mass: normal_probability(b) - normal_probability(a) }
    }
}

impl TimeDensity for LogNormalSigma {
    fn sample<S: Scalar>(&self, path: &Path, u: S, t_min: f64, t_max: f64) -> S {
        let Truncation { mirrored, below, mass } = self.truncation(path, t_min, t_max);
        let z = if mirrored { -normal_quantile((u.constant(1.0) - u) * mass + below) } else { normal_quantile(u * mass + below) };
        let t = path.time_of_half_log_snr(z * -self.std - self.mean);
        t.maximum(u.constant(t_min)).minimum(u.constant(t_max))
    }

    fn density<S: Scalar>(&self, path: &Path, t: S, t_min: f64, t_max: f64) -> S {
        let z = (path.half_log_snr(t) + self.mean) * (-1.0 / self.std);
        let mass = self.truncation(path, t_min, t_max).mass;
        normal_density(z) * path.d_half_log_snr(t) * (-1.0 / (self.std * mass))
    }

    fn range(&self, path: &Path) -> TimeRange {
        path.regular_range()
    }

    fn validate(&self, path: &Path, range: TimeRange) -> Result<()> {
        validate_normal(self.mean, self.std)?;
        range.validate(path)?;
        let mass = self.truncation(path, range.t_min, range.t_max).mass;
        let expected = format!("a normal distribution of ln(σ/s) with at least {LEAST_MASS} of its mass in the interval");
        PathError::require(mass >= LEAST_MASS, "mean", expected, mass)
    }
}
