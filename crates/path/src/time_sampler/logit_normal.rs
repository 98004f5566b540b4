//! logit_normal: logit(t) ~ N(mean, std²), t as a fraction of the interval; Esser et al. 2024 (Stable Diffusion 3), section 3.1.
//! Draws most often where flow matching learns most: in the middle.

use super::TimeDensity;
use crate::error::{PathError, Result};
use crate::normal::{normal_density, normal_quantile};
use crate::{GaussianPath, Path, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The logit of the fraction (t − tMin)/(tMax − tMin) is normal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LogitNormal {
    /// Mean of the logit: negative prefers times near the data; finite.
    pub mean: f64,
    /// Standard deviation of the logit; positive.
    pub std: f64,
}

impl Default for LogitNormal {
    fn default() -> LogitNormal {
        LogitNormal { mean: 0.0, std: 1.0 }
    }
}

/// Checks the mean and standard deviation of a normal distribution.
pub(super) fn validate_normal(mean: f64, std: f64) -> Result<()> {
    PathError::require(mean.is_finite(), "mean", "a finite number", mean)?;
    PathError::require(std.is_finite() && std > 0.0, "std", "a positive finite number", std)
}

impl TimeDensity for LogitNormal {
    fn sample<S: Scalar>(&self, _path: &Path, u: S, t_min: f64, t_max: f64) -> S {
        let fraction = (normal_quantile(u) * self.std + self.mean).sigmoid();
        (fraction * (t_max - t_min) + t_min).minimum(u.constant(t_max))
    }

    fn density<S: Scalar>(&self, _path: &Path, t: S, t_min: f64, t_max: f64) -> S {
        let (past, left) = (t - t_min, t.constant(t_max) - t);
        let z = ((past / left).ln() - self.mean) / self.std;
        normal_density(z) * ((t_max - t_min) / self.std) / (past * left)
    }

    /// From where the path is regular to its end.
    fn range(&self, path: &Path) -> TimeRange {
        TimeRange::new(path.regular_range().t_min, path.t_max())
    }

    fn validate(&self, path: &Path, range: TimeRange) -> Result<()> {
        validate_normal(self.mean, self.std)?;
        range.validate(path)
    }
}
