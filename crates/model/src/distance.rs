//! Distances between sets of samples, with directions drawn by the engine's generator.

use crate::measure::Pair;
use crate::{ModelError, Result};
use thalweg_engine::{Tensor, random};
use thalweg_graph::{DType, Type};

/// Sliced Wasserstein distance of order `p` between the rows of `a` and of `b` (Bonneel et al., JMIV 2015): the p-mean over
/// `projections` random directions of the one-dimensional distance, in the data's units.
///
/// # Errors
/// `ShapeError` if rows differ in shape, `DataError` if there are none or they are not finite.
pub fn sliced_wasserstein(a: &Tensor, b: &Tensor, projections: usize, p: u32, seed: i64) -> Result<f64> {
    let Pair { a, b, dim } = Pair::new(a, b)?;
    let ty = Type::new(DType::F64, vec![projections, dim]);
    let mut directions = crate::data::normal(seed, random::stream_of("metric.directions"), 0, 0, 1.0, ty)?.to_f64_vec()?;
    for direction in directions.chunks_exact_mut(dim.max(1)) {
        let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        direction.iter_mut().for_each(|v| *v /= norm);
    }
    Ok(thalweg_metric::sliced_wasserstein(&a, &b, dim, &directions, p)?)
}

impl From<thalweg_metric::MetricError> for ModelError {
    fn from(e: thalweg_metric::MetricError) -> Self {
        ModelError::expected(e.code, e.message, e.expected, e.got)
    }
}
