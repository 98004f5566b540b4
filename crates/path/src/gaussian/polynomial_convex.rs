//! polynomial_convex: s = (1 − t)ⁿ and σ = 1 − (1 − t)ⁿ, the mirror of polynomial; Lipman et al. 2024 (flow-matching guide), time reversed.
//! n = 1 is linear; larger n stays near the noise for longer.

use super::polynomial::validate_exponent;
use super::{CUT, GaussianPath, Result};
use crate::time_range::TimeRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The straight path with time left raised to a power: s = (1 − t)ⁿ, σ = 1 − (1 − t)ⁿ.
///
/// Δ = n(1 − t)ⁿ⁻¹, which is 0 at t = 1 for n > 1: there noise and data cannot be had from velocity. f and g² are infinite at t = 1.
///
/// ```
/// use thalweg_path::{GaussianPath, PolynomialConvex};
/// let path = PolynomialConvex { exponent: 2.0 };
/// assert!((path.scale(0.5) - 0.25).abs() < 1e-15 && (path.std(0.5) - 0.75).abs() < 1e-15);
/// assert!((path.time_of_half_log_snr(path.half_log_snr(0.3)) - 0.3).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PolynomialConvex {
    /// The power n; from 1 to 64.
    pub exponent: f64,
}

impl Default for PolynomialConvex {
    fn default() -> PolynomialConvex {
        PolynomialConvex { exponent: 2.0 }
    }
}

impl PolynomialConvex {
    /// (1 − t)ᵖ.
    fn power_left<S: Scalar>(t: S, p: f64) -> S {
        let left = t.constant(1.0) - t;
        left.pow(t.constant(p))
    }
}

impl GaussianPath for PolynomialConvex {
    fn validate(&self) -> Result<()> {
        validate_exponent(self.exponent)
    }

    /// From σ = 1e-5 (σ = 0 at t = 0) to s = 1e-3 (s = 0 at t = 1).
    fn regular_range(&self) -> TimeRange {
        let first = -((-CUT.std).ln_1p() / self.exponent).exp_m1();
        TimeRange::new(first, 1.0 - CUT.scale.powf(1.0 / self.exponent))
    }

    fn log_scale<S: Scalar>(&self, t: S) -> S {
        (-t).ln_1p() * self.exponent
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        PolynomialConvex::power_left(t, self.exponent)
    }

    /// −expm1(n log1p(−t)): 1 − (1 − t)ⁿ has no correct digit left in 32 bits where t ≈ 0.
    fn std<S: Scalar>(&self, t: S) -> S {
        -self.log_scale(t).exp_m1()
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        -self.delta(t)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.delta(t)
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        (t.constant(1.0) - t).recip() * -self.exponent
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        self.std(t) * (2.0 * self.exponent) / (t.constant(1.0) - t)
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        self.log_scale(t) - self.std(t).ln()
    }

    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        -((-lambda).softplus() * (-1.0 / self.exponent)).exp_m1()
    }

    /// n(1 − t)ⁿ⁻¹, since s + σ = 1.
    fn delta<S: Scalar>(&self, t: S) -> S {
        PolynomialConvex::power_left(t, self.exponent - 1.0) * self.exponent
    }
}
