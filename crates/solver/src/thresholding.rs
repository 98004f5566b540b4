//! Dynamic thresholding: a predicted datum is clipped at a quantile of its own magnitude and scaled back into range.
//! It keeps strongly guided samples within the data's range; the quantile runs where the data lives, the rest is one formula.

use crate::{Result, SolverError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// Dynamic thresholding (Saharia et al. 2022, Imagen, section 2.3), for data in [−floor, floor].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Thresholding {
    /// Part of the elements of one sample whose magnitude is not clipped; in (0, 1].
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1))]
    pub percentile: f64,
    /// Largest magnitude of the data; > 0. Nothing below it is clipped.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub floor: f64,
}

impl Default for Thresholding {
    fn default() -> Self {
        Thresholding { percentile: 0.995, floor: 1.0 }
    }
}

impl Thresholding {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `thresholding`.
    pub fn validate(&self) -> Result<()> {
        if !(self.percentile > 0.0 && self.percentile <= 1.0) {
            return Err(SolverError::config("thresholding", "a percentile in (0, 1]", self.percentile));
        }
        if !(self.floor > 0.0 && self.floor.is_finite()) {
            return Err(SolverError::config("thresholding", "a finite floor > 0", self.floor));
        }
        Ok(())
    }

    /// D clipped to [−q, q] and multiplied by floor/q, where q = max(`quantile`, floor) and `quantile` is that of |D| over all elements of D's sample.
    ///
    /// ```
    /// use thalweg_solver::Thresholding;
    /// let clipped = [-4.0, 1.0, 3.0].map(|d| Thresholding::default().apply(d, 2.0));
    /// assert_eq!(clipped, [-1.0, 0.5, 1.0]);
    /// assert_eq!(Thresholding::default().apply(0.7, 0.3), 0.7);
    /// ```
    pub fn apply<S: Scalar>(&self, datum: S, quantile: S) -> S {
        let limit = quantile.maximum(quantile.constant(self.floor));
        datum.maximum(-limit).minimum(limit) / limit * self.floor
    }

    /// The quantile of |D| over `sample`, linear between its order statistics: of n numbers, that at place (n − 1)·percentile.
    ///
    /// ```
    /// use thalweg_solver::Thresholding;
    /// let median = Thresholding { percentile: 0.5, floor: 1.0 };
    /// assert_eq!(median.quantile(&[-3.0, 1.0, 2.0, -8.0]), 2.5);
    /// ```
    pub fn quantile(&self, sample: &[f64]) -> f64 {
        let mut sorted: Vec<f64> = sample.iter().map(|d| d.abs()).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
        let place = last as f64 * self.percentile;
        let (low, part) = (place.floor() as usize, place.fract());
        let next = sorted[(low + 1).min(last)];
        sorted[low] + if part > 0.0 { part * (next - sorted[low]) } else { 0.0 }
    }
}
