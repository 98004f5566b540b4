//! edm: s = 1 and σ = t; Karras et al. 2022, table 1. The noise level is the time.
//! Straight trajectories towards the data wherever the denoiser is constant: dx/dt = (x − D)/t.

use super::ve::validate_levels;
use super::{GaussianPath, Result};
use crate::time_range::TimeRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The path of EDM: x_t = x₀ + t ε, t from sigmaMin to sigmaMax.
///
/// Finite everywhere. Sampling starts from N(0, sigmaMax²).
///
/// ```
/// use thalweg_path::{Edm, GaussianPath};
/// let path = Edm::default();
/// assert_eq!((path.t_min(), path.t_max(), path.prior_std()), (0.002, 80.0, 80.0));
/// assert_eq!(path.diffusion_squared(3.0), 6.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Edm {
    /// The least noise level, and time; positive.
    pub sigma_min: f64,
    /// The largest noise level, and time; more than sigmaMin.
    pub sigma_max: f64,
}

impl Default for Edm {
    fn default() -> Edm {
        Edm { sigma_min: 0.002, sigma_max: 80.0 }
    }
}

impl GaussianPath for Edm {
    fn validate(&self) -> Result<()> {
        validate_levels(self.sigma_min, self.sigma_max)
    }

    fn t_min(&self) -> f64 {
        self.sigma_min
    }

    fn t_max(&self) -> f64 {
        self.sigma_max
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
        t
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        t.constant(0.0)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0)
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        t.constant(0.0)
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        t * 2.0
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        -t.ln()
    }

    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        (-lambda).exp()
    }

    fn delta<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0)
    }
}
