//! Likelihood weighting by exact importance sampling: λ ~ U(λ(t_max), λ(t_min)), then t(λ), so that p(t) ∝ −λ̇ = g²/(2σ²).
//! Song et al. 2021, "Maximum likelihood training of score-based diffusion models", section 5.1; no rejection, so no row depends on another.

use super::TimeDensity;
use crate::error::{PathError, Result};
use crate::{GaussianPath, Path, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// Half log signal-to-noise ratio uniform over the interval.
///
/// ```
/// use thalweg_path::{InverseLambda, Path, TimeDensity};
/// // The quantile .1969 is about 1e-3: a fifth of the draws lies in a thousandth of the interval.
/// let t = InverseLambda {}.sample(&Path::default(), 0.1969, 1e-5, 1.0);
/// assert!((t - 1e-3).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InverseLambda {}

/// λ at the two ends of an interval.
struct Ends {
    data: f64,
    noise: f64,
}

impl Ends {
    fn of(path: &Path, t_min: f64, t_max: f64) -> Ends {
        Ends { data: path.half_log_snr(t_min), noise: path.half_log_snr(t_max) }
    }

    fn width(&self) -> f64 {
        self.data - self.noise
    }
}

impl TimeDensity for InverseLambda {
    /// Clamped to the interval, since t(λ(t)) is t only up to rounding.
    fn sample<S: Scalar>(&self, path: &Path, u: S, t_min: f64, t_max: f64) -> S {
        let ends = Ends::of(path, t_min, t_max);
        let lambda = u * -ends.width() + ends.data;
        path.time_of_half_log_snr(lambda).maximum(u.constant(t_min)).minimum(u.constant(t_max))
    }

    fn density<S: Scalar>(&self, path: &Path, t: S, t_min: f64, t_max: f64) -> S {
        path.d_half_log_snr(t) * (-1.0 / Ends::of(path, t_min, t_max).width())
    }

    fn range(&self, path: &Path) -> TimeRange {
        path.regular_range()
    }

    fn validate(&self, path: &Path, range: TimeRange) -> Result<()> {
        range.validate(path)?;
        let regular = path.regular_range();
        let Ends { data, noise } = Ends::of(path, range.t_min, range.t_max);
        let finite = |end: f64| format!("a time with finite log signal-to-noise ratio, such as {end}");
        PathError::require(data.is_finite(), "tMin", finite(regular.t_min), range.t_min)?;
        PathError::require(noise.is_finite(), "tMax", finite(regular.t_max), range.t_max)
    }
}
