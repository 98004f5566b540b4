//! Errors of the mean and of the covariance: the two moments in which most failures show first.
//! Descriptive, for any dimension; no feature network, so that they mean the same for any data.

use crate::{MetricError, Result};
use serde::Serialize;
use thalweg_assignment::Points;

/// Mean and covariance of a set, or of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The mean, (dim).
    pub mean: Vec<f64>,
    /// The covariance, (dim, dim) row-major; of a set without bias (divided by n − 1).
    pub covariance: Vec<f64>,
}

/// How far two pairs of moments are apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MomentErrors {
    /// ‖μ − μ'‖₂, in the units of the points.
    pub mean: f64,
    /// ‖Σ − Σ'‖ (Frobenius), in squared units.
    pub covariance: f64,
    /// ‖Σ − Σ'‖ / ‖Σ'‖, with Σ' that of the reference; infinite or NaN where that is 0.
    pub relative_covariance: f64,
}

/// Mean and covariance of `points`, row-major, of `dim` coordinates. Two passes, so that a mean far from 0 costs no digits.
///
/// # Errors
/// A `ShapeError` if there are fewer than two points or no whole number of them; a `DataError` if a coordinate is not finite.
pub fn moments(points: &[f64], dim: usize) -> Result<Moments> {
    let points = Points::new("the set", points, dim)?;
    let n = points.len();
    if n < 2 {
        return Err(MetricError::shape("the set has too few points", "at least 2", n));
    }
    let mut mean = vec![0.0; dim];
    for row in 0..n {
        mean.iter_mut().zip(points.row(row)).for_each(|(m, x)| *m += x);
    }
    mean.iter_mut().for_each(|m| *m /= n as f64);
    let mut covariance = vec![0.0; dim * dim];
    let mut centred = vec![0.0; dim];
    for row in 0..n {
        centred.iter_mut().zip(points.row(row)).zip(&mean).for_each(|((c, x), m)| *c = x - m);
        for (line, x) in covariance.chunks_exact_mut(dim).zip(&centred) {
            line.iter_mut().zip(&centred).for_each(|(c, y)| *c += x * y);
        }
    }
    covariance.iter_mut().for_each(|c| *c /= (n - 1) as f64);
    Ok(Moments { mean, covariance })
}

/// How far `moments` are from those of a `reference`.
///
/// # Errors
/// A `ShapeError` if their dimensions differ or a covariance does not have dim² numbers.
pub fn moment_errors(moments: &Moments, reference: &Moments) -> Result<MomentErrors> {
    let dim = reference.mean.len();
    if moments.mean.len() != dim {
        return Err(MetricError::shape("the two means differ in dimension", dim, moments.mean.len()));
    }
    for covariance in [&moments.covariance, &reference.covariance] {
        if covariance.len() != dim * dim {
            return Err(MetricError::shape("a covariance has the wrong size", dim * dim, covariance.len()));
        }
    }
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let apart = |a: &[f64], b: &[f64]| norm(&mut a.iter().zip(b).map(|(a, b)| a - b));
    let covariance = apart(&moments.covariance, &reference.covariance);
    let relative_covariance = covariance / norm(&mut reference.covariance.iter().copied());
    Ok(MomentErrors { mean: apart(&moments.mean, &reference.mean), covariance, relative_covariance })
}
