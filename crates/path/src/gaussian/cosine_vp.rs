//! cosine_vp: the variance-preserving path with s = cos a/cos b, a = π(t + .008)/(2·1.008), b = a(0); Nichol and Dhariwal 2021, section 3.2.
//! Information fades evenly instead of vanishing in the first part of the path, as it does where β rises linearly.

use super::GaussianPath;
use crate::time_range::{DEFAULT_T_MIN, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::FRAC_PI_2;
use thalweg_graph::{Scalar, ops::Comparison};

/// The variance-preserving path of the cosine schedule: s = cos a(t)/cos a(0), σ² = 1 − s², a(t) = π(t + 0.008)/2.016.
///
/// Ends at t = 0.9946, where s = 0.0085: at 1 the rate β = 2k tan a would be infinite. σ grows like √t from 0, so that σ̇ and Δ are
/// infinite at t = 0.
///
/// ```
/// use thalweg_path::{CosineVp, GaussianPath};
/// let (path, t) = (CosineVp {}, 0.3);
/// assert_eq!(path.t_max(), 0.9946);
/// assert!((path.scale(t).powi(2) + path.std(t).powi(2) - 1.0).abs() < 1e-15);
/// assert!((path.time_of_half_log_snr(path.half_log_snr(t)) - t).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CosineVp {}

/// The offset that gives the first step some noise.
const OFFSET: f64 = 0.008;
/// ȧ.
const K: f64 = FRAC_PI_2 / (1.0 + OFFSET);
/// b = a(0).
const B: f64 = K * OFFSET;

impl CosineVp {
    /// cos a, as the sine of the angle that is left: exact where the cosine would cancel.
    fn cos_a<S: Scalar>(t: S) -> S {
        ((t.constant(1.0) - t) * K).sin()
    }

    fn sin_a<S: Scalar>(t: S) -> S {
        (t * K + B).sin()
    }
}

impl GaussianPath for CosineVp {
    /// Where the largest rate of the discrete schedule (β = .999 of 1000 steps) is reached.
    fn t_max(&self) -> f64 {
        0.9946
    }

    /// From 1e-5 (σ = 0 at t = 0) to the end (s > 0).
    fn regular_range(&self) -> TimeRange {
        TimeRange::new(DEFAULT_T_MIN, self.t_max())
    }

    /// ½ log1p(−σ²) below t = ½, log s above. The branch not taken is evaluated at a harmless time, so that its derivative is finite.
    fn log_scale<S: Scalar>(&self, t: S) -> S {
        let half = t.constant(0.5);
        let early = t.choose(Comparison::Lt, half, t, half);
        let late = t.choose(Comparison::Lt, half, half, t);
        let variance = (early * K).sin() * (early * K + 2.0 * B).sin() / B.cos().powi(2);
        t.choose(Comparison::Lt, half, (-variance).ln_1p() * 0.5, self.scale(late).ln())
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        CosineVp::cos_a(t) / B.cos()
    }

    /// √(sin(a − b) sin(a + b))/cos b: 1 − s² has no correct digit left in 32 bits where s ≈ 1.
    fn std<S: Scalar>(&self, t: S) -> S {
        ((t * K).sin() * (t * K + 2.0 * B).sin()).sqrt() / B.cos()
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        CosineVp::sin_a(t) * (-K / B.cos())
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        self.scale(t) * self.delta(t)
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        CosineVp::sin_a(t) / CosineVp::cos_a(t) * -K
    }

    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        self.drift_coefficient(t) * -2.0
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        (self.scale(t) / self.std(t)).ln()
    }

    /// a − b from its sine σ² cos b/(sin a + s sin b) and its cosine; arccos would lose the digits of small t.
    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        let (scale2, variance) = ((lambda * 2.0).sigmoid(), (lambda * -2.0).sigmoid());
        let (s, sin_b, cos_b) = (scale2.sqrt(), B.sin(), B.cos());
        let sin_a = (variance * cos_b.powi(2) + sin_b.powi(2)).sqrt();
        let sin_difference = variance * cos_b / (sin_a + s * sin_b);
        let cos_difference = s * cos_b.powi(2) + sin_a * sin_b;
        (sin_difference / cos_difference).atan() / K
    }

    /// −ṡ/σ, since s² + σ² = 1.
    fn delta<S: Scalar>(&self, t: S) -> S {
        -self.d_scale(t) / self.std(t)
    }
}
