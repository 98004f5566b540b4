//! Measures of samples, trajectories and log densities, by name: tensors in, numbers out.
//! Checks what tensors can get wrong, then asks the metric crate; so that one boundary serves every metric.

use crate::data::require_matrix;
use crate::{ModelError, Result};
use serde::{Deserialize, Serialize};
use thalweg_engine::Tensor;
use thalweg_graph::count;
use thalweg_metric as metric;

/// What is measured, with its settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Measure {
    /// W₂ between two sets, exactly.
    Wasserstein {},
    /// The maximum mean discrepancy between two sets.
    Mmd {
        /// Bandwidths of the kernel, in the units of the points.
        bandwidths: Option<Vec<f64>>,
        /// Or multiples of the median distance.
        multiples: Option<Vec<f64>>,
    },
    /// The energy distance between two sets.
    EnergyDistance {},
    /// How far mean and covariance of a set are from those of another one, or from given ones.
    MomentErrors {
        /// The mean to compare with, instead of a second set.
        mean: Option<Vec<f64>>,
        /// The covariance to compare with, row by row.
        covariance: Option<Vec<f64>>,
    },
    /// ∫E‖v‖²dt of trajectories.
    PathEnergy {
        /// Their times; equally spaced if not given.
        times: Option<Vec<f64>>,
    },
    /// The excess of the path energy over W₂², between the ends of the trajectories or between two sets.
    NormalizedPathEnergy {
        /// Their times; equally spaced if not given.
        times: Option<Vec<f64>>,
    },
    /// ∫E‖(x₁ − x₀) − v‖²dt of trajectories.
    Straightness {
        /// Their times; equally spaced if not given.
        times: Option<Vec<f64>>,
    },
    /// Mean negative log-likelihood of log densities.
    Nll {},
    /// The same in bits per dimension, of dequantised data.
    BitsPerDimension {
        /// Numbers per sample.
        dimensions: usize,
        /// Width of a bin in the coordinates of the density.
        bin_width: f64,
    },
}

/// The numbers that a measure consists of, as JSON (null where one is not finite).
///
/// # Errors
/// `InternalError` for a wrong number of tensors; `ShapeError`, `DataError` or `ConfigError` for what does not fit.
pub fn measure(what: &Measure, tensors: &[Tensor]) -> Result<serde_json::Value> {
    match (what, tensors) {
        (Measure::Wasserstein {}, [a, b]) => {
            let Pair { a, b, dim } = Pair::new(a, b)?;
            require_matrix(a.len() / dim, b.len() / dim, "the distances of all pairs (take fewer rows, or slicedWasserstein)")?;
            json(&metric::exact_wasserstein(&a, &b, dim)?)
        }
        (Measure::Mmd { bandwidths, multiples }, [a, b]) => {
            let Pair { a, b, dim } = Pair::new(a, b)?;
            let mut options = metric::MmdOptions { bandwidths: bandwidths.clone(), ..metric::MmdOptions::default() };
            options.multiples = multiples.clone().unwrap_or(options.multiples);
            json(&metric::mmd(&a, &b, dim, &options)?)
        }
        (Measure::EnergyDistance {}, [a, b]) => {
            let Pair { a, b, dim } = Pair::new(a, b)?;
            json(&metric::energy_distance(&a, &b, dim)?)
        }
        (Measure::MomentErrors { mean, covariance }, [a, rest @ ..]) => moment_errors(a, rest, mean.as_ref(), covariance.as_ref()),
        (Measure::PathEnergy { times }, [states]) => Path::new(states, times.as_deref())?.measure(metric::path_energy),
        (Measure::Straightness { times }, [states]) => Path::new(states, times.as_deref())?.measure(metric::straightness),
        (Measure::NormalizedPathEnergy { times }, [states, ends @ ..]) => {
            let path = Path::new(states, times.as_deref())?;
            normalized_path_energy(&path, ends)
        }
        (Measure::Nll {}, [log_probs]) => json(&metric::nll(&list(log_probs)?)?),
        (Measure::BitsPerDimension { dimensions, bin_width }, [log_probs]) => {
            let nll = metric::nll(&list(log_probs)?)?;
            let mean = metric::bits_per_dimension(nll.mean, *dimensions, *bin_width)?;
            // An error is a difference of two numbers, in which the width of the bins cancels.
            let standard_error = metric::bits_per_dimension(nll.standard_error, *dimensions, 1.0)?;
            json(&metric::Nll { mean, standard_error, count: nll.count })
        }
        _ => Err(ModelError::expected("InternalError", "a measure was given other tensors", "what it takes", tensors.len())),
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|e| ModelError::new("InternalError", e.to_string()))
}

/// Numbers per row of a tensor `[N, …]` with at least one row.
fn width(tensor: &Tensor) -> Result<usize> {
    let ty = tensor.ty();
    if ty.rank() < 2 || count(&ty.shape[1..]) == 0 {
        return Err(ModelError::expected("ShapeError", "a set of points has the wrong shape", "[N, …]", ty));
    }
    if ty.shape[0] == 0 {
        return Err(ModelError::expected("DataError", "a set of points is empty", "at least one row", "0 rows"));
    }
    Ok(count(&ty.shape[1..]))
}

/// Two sets of points on the host.
pub(crate) struct Pair {
    pub a: Vec<f64>,
    pub b: Vec<f64>,
    pub dim: usize,
}

impl Pair {
    /// # Errors
    /// `ShapeError` if rows differ in shape, `DataError` if there are none.
    pub fn new(a: &Tensor, b: &Tensor) -> Result<Pair> {
        let dim = width(a)?;
        width(b)?;
        let (ta, tb) = (a.ty(), b.ty());
        if ta.shape[1..] != tb.shape[1..] {
            return Err(ModelError::expected("ShapeError", "rows differ in shape", ta, tb));
        }
        Ok(Pair { a: a.to_f64_vec()?, b: b.to_f64_vec()?, dim })
    }
}

fn moment_errors(a: &Tensor, rest: &[Tensor], mean: Option<&Vec<f64>>, covariance: Option<&Vec<f64>>) -> Result<serde_json::Value> {
    let dim = width(a)?;
    require_matrix(dim, dim, "a covariance")?;
    let (of_a, reference) = match (rest, mean, covariance) {
        ([b], None, None) => {
            let Pair { a, b, dim } = Pair::new(a, b)?;
            (metric::moments(&a, dim)?, metric::moments(&b, dim)?)
        }
        ([], Some(mean), Some(covariance)) => {
            let dim = width(a)?;
            (metric::moments(&a.to_f64_vec()?, dim)?, metric::Moments { mean: mean.clone(), covariance: covariance.clone() })
        }
        _ => return Err(ModelError::config("reference", "a set of points, or both mean and covariance", "neither or both")),
    };
    json(&metric::moment_errors(&of_a, &reference)?)
}

/// Trajectories `[T, N, …]` on the host.
struct Path {
    times: Vec<f64>,
    states: Vec<f64>,
    rows: usize,
    dim: usize,
}

impl Path {
    fn new(states: &Tensor, times: Option<&[f64]>) -> Result<Path> {
        let ty = states.ty();
        if ty.rank() < 3 {
            return Err(ModelError::expected("ShapeError", "trajectories have the wrong shape", "[times, N, …]", ty));
        }
        let steps = ty.shape[0];
        if let Some(times) = times
            && times.len() != steps
        {
            return Err(ModelError::config("times", format!("{steps} times, as many as states"), times.len()));
        }
        let equal = || (0..steps).map(|i| i as f64 / steps.saturating_sub(1).max(1) as f64).collect();
        let times = times.map_or_else(equal, <[f64]>::to_vec);
        Ok(Path { times, states: states.to_f64_vec()?, rows: ty.shape[1], dim: count(&ty.shape[2..]) })
    }

    fn trajectories(&self) -> Result<metric::Trajectories<'_>> {
        Ok(metric::Trajectories::new(&self.times, &self.states, self.rows, self.dim)?)
    }

    fn measure(&self, of: impl Fn(&metric::Trajectories<'_>) -> f64) -> Result<serde_json::Value> {
        json(&of(&self.trajectories()?))
    }
}

fn normalized_path_energy(path: &Path, ends: &[Tensor]) -> Result<serde_json::Value> {
    let trajectories = path.trajectories()?;
    let distance = match ends {
        [] => metric::exact_wasserstein(trajectories.start(), trajectories.end(), path.dim)?,
        [source, data] => {
            let Pair { a, b, dim } = Pair::new(source, data)?;
            metric::exact_wasserstein(&a, &b, dim)?
        }
        _ => return Err(ModelError::expected("InternalError", "wrong ends", "none or two", ends.len())),
    };
    let energy = metric::path_energy(&trajectories);
    json(&metric::normalized_path_energy(energy, &distance)?)
}

/// The numbers of a tensor `[N]`.
fn list(tensor: &Tensor) -> Result<Vec<f64>> {
    if tensor.ty().rank() != 1 {
        return Err(ModelError::expected("ShapeError", "log densities have the wrong shape", "[N]", tensor.ty()));
    }
    Ok(tensor.to_f64_vec()?)
}
