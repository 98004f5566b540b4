//! Negative log-likelihood with its standard error, and bits per dimension.
//! Dequantised data need the constant of their bins, or numbers of different scalings cannot be compared (Theis et al. 2016).

use crate::{MetricError, Result};
use serde::Serialize;

/// The mean negative log-likelihood of a sample of data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Nll {
    /// −mean log p, in nats.
    pub mean: f64,
    /// Standard error of the mean: the deviation of log p over √n.
    pub standard_error: f64,
    /// Number of data.
    pub count: usize,
}

/// Mean negative log-likelihood of `log_probs`, natural logarithms of densities.
///
/// # Errors
/// A `ShapeError` if there are fewer than two; a `DataError` if one is not finite (log p = −∞ makes the mean infinite).
///
/// ```
/// let nll = thalweg_metric::nll(&[-1.0, -3.0])?;
/// assert_eq!((nll.mean, nll.standard_error), (2.0, 1.0));
/// # Ok::<(), thalweg_metric::MetricError>(())
/// ```
pub fn nll(log_probs: &[f64]) -> Result<Nll> {
    let count = log_probs.len();
    if count < 2 {
        return Err(MetricError::shape("there are too few log-probabilities", "at least 2", count));
    }
    if let Some(k) = log_probs.iter().position(|p| !p.is_finite()) {
        return Err(MetricError::data("a log-probability is not finite", "finite numbers", format!("{} at row {k}", log_probs[k])));
    }
    let n = count as f64;
    let mean = -log_probs.iter().sum::<f64>() / n;
    let variance = log_probs.iter().map(|p| (p + mean) * (p + mean)).sum::<f64>() / (n - 1.0);
    Ok(Nll { mean, standard_error: (variance / n).sqrt(), count })
}

/// NLL/(D ln 2) − log₂ h: bits per dimension of data whose bins are `bin_width` = h wide in the coordinates of the density.
///
/// `nll` in nats per datum, of data with uniform noise of one bin added; D = `dim`. 8-bit images scaled to [−1, 1] have h = 2/256, to
/// [0, 1] h = 1/256. h = 1 gives the bits of the density itself. A standard error scales by 1/(D ln 2) alone.
///
/// # Errors
/// A `DataError` if `dim` is 0, the width is not positive, or a number is not finite.
///
/// ```
/// // The uniform density on [−1, 1] tells 256 levels apart with 8 bits.
/// let bits = thalweg_metric::bits_per_dimension(2f64.ln(), 1, 2.0 / 256.0)?;
/// assert!((bits - 8.0).abs() < 1e-14);
/// # Ok::<(), thalweg_metric::MetricError>(())
/// ```
pub fn bits_per_dimension(nll: f64, dim: usize, bin_width: f64) -> Result<f64> {
    if dim == 0 {
        return Err(MetricError::data("the dimension is out of range", "at least 1", dim));
    }
    if !nll.is_finite() {
        return Err(MetricError::data("the negative log-likelihood is not finite", "a finite number", nll));
    }
    if !(bin_width.is_finite() && bin_width > 0.0) {
        return Err(MetricError::data("the bin width is out of range", "a finite number > 0", bin_width));
    }
    Ok(nll / (dim as f64 * std::f64::consts::LN_2) - bin_width.log2())
}
