//! linear_vp_sde: the variance-preserving SDE with β(t) = β₀ + t (β₁ − β₀); Song et al. 2021, appendix C, eq. 33.
//! The path of DDPM in continuous time, and the default.

use super::{GaussianPath, PathError, Result};
use crate::time_range::{DEFAULT_T_MIN, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// Largest β₀ + β₁: s(1) = exp(−(β₀ + β₁)/4) must stay a normal 32-bit number.
const LARGEST_SUM: f64 = 320.0;

/// The variance-preserving SDE dx = −½β x dt + √β dW whose rate β rises linearly from beta0 at t = 0 to beta1 at t = 1.
///
/// σ² = 1 − s², log s = −¼t²(β₁ − β₀) − ½tβ₀. σ grows as √(β₀t) from 0, so that σ̇ and Δ are infinite at t = 0.
///
/// ```
/// use thalweg_path::{GaussianPath, LinearVpSde};
/// let path = LinearVpSde::default();
/// assert!((path.scale(1.0) - (-5.025f64).exp()).abs() < 1e-15);
/// assert!((path.time_of_half_log_snr(path.half_log_snr(0.25)) - 0.25).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LinearVpSde {
    /// Rate β at t = 0; at least 0.
    pub beta0: f64,
    /// Rate β at t = 1; more than beta0.
    pub beta1: f64,
}

impl Default for LinearVpSde {
    fn default() -> LinearVpSde {
        LinearVpSde { beta0: 0.1, beta1: 20.0 }
    }
}

impl LinearVpSde {
    /// β₁ − β₀.
    fn rise(&self) -> f64 {
        self.beta1 - self.beta0
    }

    /// β(t).
    fn beta<S: Scalar>(&self, t: S) -> S {
        t * self.rise() + self.beta0
    }

    /// The time at which −2 log s is `l`: 2L/(√(β₀² + 2(β₁ − β₀)L) + β₀), a root without cancellation.
    pub(super) fn time_of_log_scale<S: Scalar>(&self, l: S) -> S {
        l * 2.0 / ((l * (2.0 * self.rise()) + self.beta0 * self.beta0).sqrt() + self.beta0)
    }
}

impl GaussianPath for LinearVpSde {
    fn validate(&self) -> Result<()> {
        let LinearVpSde { beta0, beta1 } = *self;
        PathError::require(beta0.is_finite() && beta0 >= 0.0, "beta0", "a finite number ≥ 0", beta0)?;
        PathError::require(beta1.is_finite() && beta1 > beta0, "beta1", format!("a number > beta0 ({beta0})"), beta1)?;
        let most = format!("a number ≤ {} (beta0 + beta1 ≤ {LARGEST_SUM}, so that s(1) does not underflow)", LARGEST_SUM - beta0);
        PathError::require(beta0 + beta1 <= LARGEST_SUM, "beta1", most, beta1)
    }

    /// From 1e-5 (σ = 0 at t = 0) to 1 (s(1) > 0).
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(DEFAULT_T_MIN, self.t_max())
    }

    fn log_scale<S: Scalar>(&self, t: S) -> S {
        -(t * (t * (0.25 * self.rise()) + 0.5 * self.beta0))
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        self.log_scale(t).exp()
    }

    /// √(−expm1(2 log s)): 1 − s² has no correct digit left in 32 bits where s ≈ 1.
    fn std<S: Scalar>(&self, t: S) -> S {
        (-(self.log_scale(t) * 2.0).exp_m1()).sqrt()
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        self.drift_coefficient(t) * self.scale(t)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.beta(t) * self.scale(t).square() / self.std(t) * 0.5
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        self.beta(t) * -0.5
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        self.beta(t)
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        let log_scale = self.log_scale(t);
        log_scale - (-(log_scale * 2.0).exp_m1()).ln() * 0.5
    }

    /// From −2 log s = softplus(−2λ); Lu et al. 2022 (DPM-Solver), appendix D.4.
    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        self.time_of_log_scale((lambda * -2.0).softplus())
    }

    fn delta<S: Scalar>(&self, t: S) -> S {
        self.beta(t) * self.scale(t) / self.std(t) * 0.5
    }
}
