//! An interval of path times: where formulas are finite, and where a sampler or a loss may go.
//! Singular ends are cut off here, never hidden by an epsilon in a denominator.

use crate::error::{PathError, Result};
use crate::{GaussianPath, Path};

/// Where losses and samplers start when t = 0 is singular or their integral diverges there: 1e-5.
pub const DEFAULT_T_MIN: f64 = 1e-5;

/// Parts into which a check of a function of t divides a range.
const GRID: u32 = 256;

/// The closed interval from `t_min` to `t_max` of path time (0 is data).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRange {
    /// The end nearer to data, ≥ 0.
    pub t_min: f64,
    /// The end nearer to noise, > `t_min`.
    pub t_max: f64,
}

impl TimeRange {
    /// From `t_min` to `t_max`.
    pub fn new(t_min: f64, t_max: f64) -> TimeRange {
        TimeRange { t_min, t_max }
    }

    /// The times that are in both.
    #[must_use]
    pub fn intersect(self, other: TimeRange) -> TimeRange {
        TimeRange { t_min: self.t_min.max(other.t_min), t_max: self.t_max.min(other.t_max) }
    }

    /// Whether `t` lies in the interval, ends included.
    pub fn contains(self, t: f64) -> bool {
        self.t_min <= t && t <= self.t_max
    }

    /// All of `path`, less the neighbourhood of those ends where `value` is infinite or NaN.
    pub(crate) fn where_finite(path: &Path, value: impl Fn(f64) -> f64) -> TimeRange {
        let (all, regular) = (TimeRange::new(path.t_min(), path.t_max()), path.regular_range());
        TimeRange {
            t_min: if value(all.t_min).is_finite() { all.t_min } else { regular.t_min },
            t_max: if value(all.t_max).is_finite() { all.t_max } else { regular.t_max },
        }
    }

    /// Times of the range: evenly spaced, and dense towards both ends.
    pub(crate) fn grid(self) -> impl Iterator<Item = f64> {
        let fractions = (0..=GRID).map(|i| f64::from(i) / f64::from(GRID));
        let near = (1..=5).map(|i| 10f64.powi(-i - 1));
        let all = fractions.chain(near.clone()).chain(near.map(|x| 1.0 - x));
        all.map(move |x| self.t_min + x * (self.t_max - self.t_min))
    }

    /// Checks that `value`, the function in `field`, is finite and not negative on [`grid`](TimeRange::grid).
    pub(crate) fn require_nonnegative(self, field: &'static str, value: impl Fn(f64) -> f64) -> Result<()> {
        for t in self.grid() {
            let expected = format!("a finite value ≥ 0 at every t in [{}, {}]", self.t_min, self.t_max);
            PathError::require_at(value(t).is_finite() && value(t) >= 0.0, field, expected, value(t), t)?;
        }
        Ok(())
    }

    /// Checks that t_min < t_max lie within the path's own t_min and t_max.
    ///
    /// # Errors
    /// Names `tMin` or `tMax`, whichever is out of place.
    pub fn validate(self, path: &Path) -> Result<()> {
        let (start, end) = (path.t_min(), path.t_max());
        PathError::require(self.t_min >= start && self.t_min < end, "tMin", format!("a time ≥ {start} and < {end}"), self.t_min)?;
        let expected = format!("a time > tMin ({}) and ≤ {end}", self.t_min);
        PathError::require(self.t_max > self.t_min && self.t_max <= end, "tMax", expected, self.t_max)
    }
}
