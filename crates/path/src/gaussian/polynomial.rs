//! polynomial: s = 1 − tⁿ and σ = tⁿ, the straight path of flow matching at another speed; Lipman et al. 2024 (flow-matching guide).
//! n = 1 is linear; larger n stays near the data for longer.

use super::{CUT, GaussianPath, PathError, Result};
use crate::time_range::TimeRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Scalar, ops::Comparison};

/// The straight path with time raised to a power: s = 1 − tⁿ, σ = tⁿ.
///
/// Δ = n tⁿ⁻¹, which is 0 at t = 0 for n > 1: there noise and data cannot be had from velocity. f and g² are infinite at t = 1.
///
/// ```
/// use thalweg_path::{GaussianPath, Polynomial};
/// let path = Polynomial { exponent: 2.0 };
/// assert_eq!((path.scale(0.5), path.std(0.5), path.delta(0.5)), (0.75, 0.25, 1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Polynomial {
    /// The power n; from 1 to 64.
    pub exponent: f64,
}

impl Default for Polynomial {
    fn default() -> Polynomial {
        Polynomial { exponent: 2.0 }
    }
}

/// Largest power: beyond, s or σ changes over fewer times than 32 bits have.
pub(super) const LARGEST_EXPONENT: f64 = 64.0;

/// Checks a power.
pub(super) fn validate_exponent(exponent: f64) -> Result<()> {
    let holds = (1.0..=LARGEST_EXPONENT).contains(&exponent);
    PathError::require(holds, "exponent", format!("a number from 1 to {LARGEST_EXPONENT}"), exponent)
}

impl Polynomial {
    /// tᵖ.
    fn power<S: Scalar>(t: S, p: f64) -> S {
        t.pow(t.constant(p))
    }
}

impl GaussianPath for Polynomial {
    fn validate(&self) -> Result<()> {
        validate_exponent(self.exponent)
    }

    /// From σ = 1e-5 (σ = 0 at t = 0) to s = 1e-3 (s = 0 at t = 1).
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(CUT.std.powf(1.0 / self.exponent), (1.0 - CUT.scale).powf(1.0 / self.exponent))
    }

    /// log1p(−σ) below σ = ½, log s above. The branch not taken is evaluated at a harmless time, so that its derivative is finite.
    fn log_scale<S: Scalar>(&self, t: S) -> S {
        let half = t.constant(0.5f64.powf(1.0 / self.exponent));
        let early = t.choose(Comparison::Lt, half, t, half);
        let late = t.choose(Comparison::Lt, half, half, t);
        t.choose(Comparison::Lt, half, (-self.std(early)).ln_1p(), self.scale(late).ln())
    }

    /// |expm1(n log t)|: 1 − tⁿ has few correct digits in 32 bits where t ≈ 1, and a −0 at t = 1 would turn the sign of f.
    fn scale<S: Scalar>(&self, t: S) -> S {
        (t.ln() * self.exponent).exp_m1().abs()
    }

    fn std<S: Scalar>(&self, t: S) -> S {
        Polynomial::power(t, self.exponent)
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        -self.delta(t)
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.delta(t)
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        -(self.delta(t) / self.scale(t))
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        Polynomial::power(t, 2.0 * self.exponent - 1.0) * (2.0 * self.exponent) / self.scale(t)
    }

    /// Not as √g², which is no normal 32-bit number near t = 0.
    fn diffusion<S: Scalar>(&self, t: S) -> S {
        Polynomial::power(t, self.exponent - 0.5) * (2.0 * self.exponent).sqrt() / self.scale(t).sqrt()
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        self.log_scale(t) - t.ln() * self.exponent
    }

    /// λ̇ = −n/(ts).
    fn d_half_log_snr<S: Scalar>(&self, t: S) -> S {
        -((t * self.scale(t)).recip() * self.exponent)
    }

    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        (lambda.softplus() * (-1.0 / self.exponent)).exp()
    }

    /// n tⁿ⁻¹, since s + σ = 1.
    fn delta<S: Scalar>(&self, t: S) -> S {
        Polynomial::power(t, self.exponent - 1.0) * self.exponent
    }
}
