//! sub_vp: the sub-variance-preserving SDE, s of linear_vp_sde and σ = 1 − s²; Song et al. 2021, appendix C.
//! Less noise than the variance-preserving SDE at every time, the same scale: better likelihoods.

use super::{CUT, GaussianPath, LinearVpSde, Result};
use crate::time_range::TimeRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The sub-variance-preserving SDE: β(t) from beta0 to beta1 as in linear_vp_sde, g² = β(1 − s⁴), so that σ = 1 − s².
///
/// σ grows like β₀t from 0: unlike on linear_vp_sde, σ̇ and Δ are finite everywhere.
///
/// ```
/// use thalweg_path::{GaussianPath, SubVp};
/// let path = SubVp::default();
/// assert!((path.std(0.5) - (1.0 - path.scale(0.5).powi(2))).abs() < 1e-15);
/// assert!((path.time_of_half_log_snr(path.half_log_snr(0.25)) - 0.25).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SubVp {
    /// Rate β at t = 0; at least 0.
    pub beta0: f64,
    /// Rate β at t = 1; more than beta0.
    pub beta1: f64,
}

impl Default for SubVp {
    fn default() -> SubVp {
        let LinearVpSde { beta0, beta1 } = LinearVpSde::default();
        SubVp { beta0, beta1 }
    }
}

/// λ below which asinh(½e^{−λ}) is −λ to all digits, and above which ½e^{−λ} has a square in 32 bits.
const SATURATED: f64 = -18.0;

impl SubVp {
    /// The variance-preserving SDE with the same s.
    fn vp(&self) -> LinearVpSde {
        LinearVpSde { beta0: self.beta0, beta1: self.beta1 }
    }
}

impl GaussianPath for SubVp {
    fn validate(&self) -> Result<()> {
        self.vp().validate()
    }

    /// From σ = 1e-5 (σ = 0 at t = 0) to 1 (s(1) > 0).
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(self.time_of_half_log_snr(-CUT.std.ln()), self.t_max())
    }

    fn log_scale<S: Scalar>(&self, t: S) -> S {
        self.vp().log_scale(t)
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        self.vp().scale(t)
    }

    /// −expm1(2 log s): 1 − s² has no correct digit left in 32 bits where s ≈ 1.
    fn std<S: Scalar>(&self, t: S) -> S {
        -(self.log_scale(t) * 2.0).exp_m1()
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        self.vp().d_scale(t)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.vp().diffusion_squared(t) * self.scale(t).square()
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        self.vp().drift_coefficient(t)
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        -(self.vp().diffusion_squared(t) * (self.log_scale(t) * 4.0).exp_m1())
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        self.log_scale(t) - self.std(t).ln()
    }

    /// As on linear_vp_sde with L = −2 log s = 2 asinh(½e^{−λ}), because 1/s − s = e^{−λ}.
    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        let bounded = lambda.maximum(lambda.constant(SATURATED));
        let y = (-bounded).exp() * 0.5;
        let asinh = (y + y.square() / ((y.square() + 1.0).sqrt() + 1.0)).ln_1p();
        self.vp().time_of_log_scale((asinh + (bounded - lambda)) * 2.0)
    }

    /// sσ̇ − ṡσ = ½βs(1 + s²).
    fn delta<S: Scalar>(&self, t: S) -> S {
        let s = self.scale(t);
        self.vp().diffusion_squared(t) * s * (s.square() + 1.0) * 0.5
    }
}
