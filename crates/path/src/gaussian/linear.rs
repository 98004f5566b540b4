//! linear: the straight path of flow matching, s = 1 − t and σ = t; Lipman et al. 2023, eq. 20 with σ_min = 0, time reversed.
//! The velocity along it is constant: ε − x₀.

use super::{CUT, GaussianPath};
use crate::time_range::{DEFAULT_T_MIN, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The straight path between data and noise (conditional optimal transport, rectified flow): s = 1 − t, σ = t.
///
/// Δ = 1 everywhere, so noise and data follow from velocity without any singularity. f and g² are infinite at t = 1.
///
/// ```
/// use thalweg_path::{GaussianPath, Linear};
/// assert_eq!(Linear {}.diffusion_squared(0.5), 2.0);
/// assert_eq!(Linear {}.time_of_half_log_snr(0.0), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Linear {}

impl GaussianPath for Linear {
    /// From 1e-5 (σ = 0 at t = 0) to 0.999 (s = 0 at t = 1).
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(DEFAULT_T_MIN, self.t_max() - CUT.scale)
    }

    fn log_scale<S: Scalar>(&self, t: S) -> S {
        (-t).ln_1p()
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0) - t
    }

    fn std<S: Scalar>(&self, t: S) -> S {
        t
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        t.constant(-1.0)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0)
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        -self.scale(t).recip()
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        t * 2.0 / self.scale(t)
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        (self.scale(t) / t).ln()
    }

    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        (-lambda).sigmoid()
    }

    fn delta<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0)
    }
}
