//! ve: the variance-exploding SDE, s = 1 and σ = σ_min (σ_max/σ_min)^t; Song et al. 2021, appendix C.
//! Data are never scaled; noise grows by the same factor in equal times.

use super::{GaussianPath, PathError, Result};
use crate::time_range::TimeRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The variance-exploding SDE: x_t = x₀ + σ(t) ε with σ(t) = sigmaMin (sigmaMax/sigmaMin)^t.
///
/// Finite everywhere. Sampling starts from N(0, sigmaMax²): choose sigmaMax well above the extent of the data.
///
/// ```
/// use thalweg_path::{GaussianPath, Ve};
/// let path = Ve { sigma_min: 0.01, sigma_max: 100.0 };
/// assert!((path.std(0.5) - 1.0).abs() < 1e-14);
/// assert!((path.time_of_half_log_snr(0.0) - 0.5).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Ve {
    /// σ at t = 0; positive.
    pub sigma_min: f64,
    /// σ at t = 1; more than sigmaMin.
    pub sigma_max: f64,
}

impl Default for Ve {
    fn default() -> Ve {
        Ve { sigma_min: 0.01, sigma_max: 50.0 }
    }
}

impl Ve {
    /// ln(σ_max/σ_min).
    fn rate(&self) -> f64 {
        (self.sigma_max / self.sigma_min).ln()
    }
}

impl GaussianPath for Ve {
    fn validate(&self) -> Result<()> {
        validate_levels(self.sigma_min, self.sigma_max)
    }

    /// All of it.
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(self.t_min(), self.t_max())
    }

    fn log_scale<S: Scalar>(&self, t: S) -> S {
        t.constant(0.0)
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0)
    }

    fn std<S: Scalar>(&self, t: S) -> S {
        (t * self.rate()).exp() * self.sigma_min
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        t.constant(0.0)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.std(t) * self.rate()
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        t.constant(0.0)
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        self.std(t).square() * (2.0 * self.rate())
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        t * -self.rate() - self.sigma_min.ln()
    }

    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        -(lambda + self.sigma_min.ln()) / self.rate()
    }

    fn delta<S: Scalar>(&self, t: S) -> S {
        self.d_std(t)
    }
}

/// Smallest and largest σ: σ² and 1/σ² must stay normal 32-bit numbers.
const LEVELS: [f64; 2] = [1e-9, 1e9];

/// Checks two noise levels.
pub(super) fn validate_levels(sigma_min: f64, sigma_max: f64) -> Result<()> {
    let [least, most] = LEVELS;
    PathError::require(sigma_min >= least && sigma_min <= most, "sigmaMin", format!("a number from {least:e} to {most:e}"), sigma_min)?;
    let expected = format!("a number > sigmaMin ({sigma_min}) and ≤ {most:e}");
    PathError::require(sigma_max > sigma_min && sigma_max <= most, "sigmaMax", expected, sigma_max)
}
