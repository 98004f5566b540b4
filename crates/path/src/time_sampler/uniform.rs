//! t ~ U(t_min, t_max): the plain choice of score matching and flow matching (Song et al. 2021, eq. 7).
//! Starts where the path is regular, 1e-5 if σ = 0 at t = 0, unless told otherwise.

use super::TimeDensity;
use crate::{GaussianPath, Path, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// Every t of the interval equally likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Uniform {}

impl TimeDensity for Uniform {
    fn sample<S: Scalar>(&self, _path: &Path, u: S, t_min: f64, t_max: f64) -> S {
        (u * (t_max - t_min) + t_min).minimum(u.constant(t_max))
    }

    fn density<S: Scalar>(&self, _path: &Path, t: S, t_min: f64, t_max: f64) -> S {
        t.constant(1.0 / (t_max - t_min))
    }

    fn range(&self, path: &Path) -> TimeRange {
        TimeRange::new(path.regular_range().t_min, path.t_max())
    }
}
