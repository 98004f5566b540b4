//! The sliced Wasserstein distance: the Wasserstein distance on a line, averaged over projections.
//! Near-linear in the number of points, where the distance in several dimensions is cubic.

use crate::wasserstein::power_distance;
use crate::{MetricError, Result};
use thalweg_assignment::Points;

/// SWₚ = (mean over directions θ of Wₚᵖ(⟨a, θ⟩, ⟨b, θ⟩))^(1/p) (Rabin et al. 2011, equation 3; Bonneel et al. 2015, section 3), in the units of
/// the points.
///
/// `a` and `b` hold points of `dim` coordinates, row-major; their numbers may differ. `directions` holds unit vectors,
/// row-major, as [`crate::directions`] makes them. p ≥ 1, usually 2. A shift by d gives (mean |⟨d, θ⟩|ᵖ)^(1/p) exactly.
///
/// # Errors
/// A `ShapeError` if a list is empty or no whole number of points; a `DataError` if p is 0, a coordinate is not finite, or a
/// direction is no unit vector to 1e-6.
pub fn sliced_wasserstein(a: &[f64], b: &[f64], dim: usize, directions: &[f64], p: u32) -> Result<f64> {
    if p == 0 {
        return Err(MetricError::data("p is out of range", "at least 1", p));
    }
    for (what, points) in [("the first set", a), ("the second set", b), ("the set of directions", directions)] {
        Points::new(what, points, dim)?;
    }
    let (mut on_a, mut on_b) = (Vec::new(), Vec::new());
    let mut sum = 0.0;
    for (row, theta) in directions.chunks_exact(dim).enumerate() {
        let length = theta.iter().map(|x| x * x).sum::<f64>().sqrt();
        if (length - 1.0).abs() > 1e-6 {
            return Err(MetricError::data("a direction has the wrong length", "1", format!("{length} in row {row}")));
        }
        project(a, theta, &mut on_a);
        project(b, theta, &mut on_b);
        sum += power_distance(&on_a, &on_b, p);
    }
    let count = directions.len() / dim;
    Ok((sum / count as f64).powf(1.0 / f64::from(p)))
}

/// ⟨x, θ⟩ of each point, ascending.
fn project(points: &[f64], theta: &[f64], line: &mut Vec<f64>) {
    line.clear();
    line.extend(points.chunks_exact(theta.len()).map(|x| x.iter().zip(theta).map(|(x, t)| x * t).sum::<f64>()));
    line.sort_unstable_by(f64::total_cmp);
}
