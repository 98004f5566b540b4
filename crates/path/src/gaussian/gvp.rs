//! gvp: the generalized variance-preserving path, s = cos(πt/2) and σ = sin(πt/2); Ma et al. 2024 (SiT), after the
//! trigonometric interpolant of Albergo and Vanden-Eijnden 2023. A quarter turn: s² + σ² = 1.

use super::{CUT, GaussianPath};
use crate::time_range::{DEFAULT_T_MIN, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, PI};
use thalweg_graph::{Scalar, ops::Comparison};

/// The generalized variance-preserving path: a quarter turn from data to noise, s = cos(πt/2), σ = sin(πt/2).
///
/// Δ = π/2 everywhere, so noise and data follow from velocity without any singularity. f and g² are infinite at t = 1. The cosine is
/// computed as sin(π(1 − t)/2): in 32 bits cos(π/2) is −4.4e-8, whose logarithm is NaN.
///
/// ```
/// use thalweg_path::{GaussianPath, Gvp};
/// assert_eq!(Gvp {}.scale(1.0), 0.0);
/// assert!((Gvp {}.diffusion_squared(0.5) - std::f64::consts::PI).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gvp {}

impl GaussianPath for Gvp {
    /// From 1e-5 (σ = 0 at t = 0) to 0.999 (s = 0 at t = 1).
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(DEFAULT_T_MIN, self.t_max() - CUT.scale)
    }

    /// ½ log1p(−σ²) below t = ½, log s above. The branch not taken is evaluated at a harmless time, so that its derivative is finite.
    fn log_scale<S: Scalar>(&self, t: S) -> S {
        let half = t.constant(0.5);
        let early = t.choose(Comparison::Lt, half, t, half);
        let late = t.choose(Comparison::Lt, half, half, t);
        let near_data = (-self.std(early).square()).ln_1p() * 0.5;
        let near_noise = self.scale(late).ln();
        t.choose(Comparison::Lt, half, near_data, near_noise)
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        ((t.constant(1.0) - t) * FRAC_PI_2).sin()
    }

    fn std<S: Scalar>(&self, t: S) -> S {
        (t * FRAC_PI_2).sin()
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        self.std(t) * -FRAC_PI_2
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.scale(t) * FRAC_PI_2
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        self.std(t) / self.scale(t) * -FRAC_PI_2
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        self.std(t) / self.scale(t) * PI
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        (self.scale(t) / self.std(t)).ln()
    }

    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        (-lambda).exp().atan() * FRAC_2_PI
    }

    fn delta<S: Scalar>(&self, t: S) -> S {
        t.constant(FRAC_PI_2)
    }
}
