//! Means of a function of the distance over pairs of points, row by row.
//! What the metrics of order n² share; memory stays O(n).

use crate::{MetricError, Result};
use thalweg_assignment::{Points, SquaredDistances};

/// Two checked sets of one dimension.
pub(crate) struct Sets {
    pub a: Points,
    pub b: Points,
}

impl Sets {
    pub fn new(a: &[f64], b: &[f64], dim: usize) -> Result<Sets> {
        Ok(Sets { a: Points::new("the first set", a, dim)?, b: Points::new("the second set", b, dim)? })
    }

    /// An error unless both sets have two points, as unbiased means need.
    pub fn require_two(&self) -> Result<()> {
        for (what, points) in [("the first set", &self.a), ("the second set", &self.b)] {
            if points.len() < 2 {
                return Err(MetricError::shape(format!("{what} has too few points"), "at least 2", points.len()));
            }
        }
        Ok(())
    }
}

/// Mean of f(‖x − y‖²) over all x of `a` and y of `b`.
pub(crate) fn mean_between(a: &Points, b: &Points, f: impl Fn(f64) -> f64) -> Result<f64> {
    let distances = SquaredDistances::new(a, b)?;
    let mut row = vec![0.0; b.len()];
    let mut sum = 0.0;
    for i in 0..a.len() {
        distances.part(i, 0, &mut row);
        sum += row.iter().map(|&d| f(d)).sum::<f64>();
    }
    Ok(sum / (a.len() as f64 * b.len() as f64))
}

/// Mean of f(‖x − x'‖²) over all pairs of different rows of `a`, of which there are at least two.
pub(crate) fn mean_within(a: &Points, f: impl Fn(f64) -> f64) -> Result<f64> {
    let n = a.len();
    let mut sum = 0.0;
    for_each_row_of_pairs(a, |row| sum += row.iter().map(|&d| f(d)).sum::<f64>())?;
    Ok(2.0 * sum / (n as f64 * (n - 1) as f64))
}

/// Gives ‖xᵢ − xⱼ‖² for j > i, for each i.
pub(crate) fn for_each_row_of_pairs(a: &Points, mut visit: impl FnMut(&[f64])) -> Result<()> {
    let distances = SquaredDistances::new(a, a)?;
    let mut row = vec![0.0; a.len()];
    for i in 0..a.len() {
        distances.part(i, i + 1, &mut row[i + 1..]);
        visit(&row[i + 1..]);
    }
    Ok(())
}
