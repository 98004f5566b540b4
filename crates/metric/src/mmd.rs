//! The maximum mean discrepancy with Gaussian kernels; Gretton et al. 2012, *JMLR* 13.
//! 0 only between equal distributions, and its unbiased estimate has mean 0 between samples of one distribution.

use crate::pairs::{Sets, mean_between, mean_within};
use crate::{MetricError, Result, median_distance};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kernel k(x, y) = Σ over bandwidths h of exp(−‖x − y‖²/(2h²)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MmdOptions {
    /// Bandwidths h in the units of the points; each > 0. If not given, the median distance between all points of both sets, times each of
    /// `multiples`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidths: Option<Vec<f64>>,
    /// Multiples of the median distance; each > 0. Without effect if bandwidths are given.
    pub multiples: Vec<f64>,
}

impl Default for MmdOptions {
    fn default() -> MmdOptions {
        MmdOptions { bandwidths: None, multiples: vec![1.0] }
    }
}

/// The squared maximum mean discrepancy; dimensionless, at most 2 per bandwidth.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mmd {
    /// Without bias: pairs of a point with itself are left out. May be negative.
    pub squared_unbiased: f64,
    /// With all pairs: the discrepancy of the two sets themselves, ≥ 0 up to rounding, and larger by about 1/n + 1/m.
    pub squared_biased: f64,
    /// The bandwidths h of the kernel.
    pub bandwidths: Vec<f64>,
}

/// MMD² between the points `a` and `b`, row-major, of `dim` coordinates; their numbers may differ. Time O((n + m)²), memory O(n + m).
///
/// # Errors
/// A `ShapeError` if a set has fewer than two points or no whole number of them; a `DataError` if a coordinate is not finite, or the
/// median distance is wanted and 0; a `ConfigError` if there is no bandwidth or one is not positive.
pub fn mmd(a: &[f64], b: &[f64], dim: usize, options: &MmdOptions) -> Result<Mmd> {
    let sets = Sets::new(a, b, dim)?;
    sets.require_two()?;
    let bandwidths = bandwidths(a, b, dim, options)?;
    let factors: Vec<f64> = bandwidths.iter().map(|h| -0.5 / (h * h)).collect();
    let kernel = |squared: f64| factors.iter().map(|factor| (factor * squared).exp()).sum::<f64>();
    let (aa, bb, ab) = (mean_within(&sets.a, kernel)?, mean_within(&sets.b, kernel)?, mean_between(&sets.a, &sets.b, kernel)?);
    // A point with itself adds k(x, x), one per bandwidth, to one pair in n.
    let with_itself = |mean: f64, n: usize| mean + (factors.len() as f64 - mean) / n as f64;
    let biased = with_itself(aa, sets.a.len()) + with_itself(bb, sets.b.len()) - 2.0 * ab;
    Ok(Mmd { squared_unbiased: aa + bb - 2.0 * ab, squared_biased: biased, bandwidths })
}

fn bandwidths(a: &[f64], b: &[f64], dim: usize, options: &MmdOptions) -> Result<Vec<f64>> {
    let (what, given) = match &options.bandwidths {
        Some(bandwidths) => ("bandwidths", bandwidths),
        None => ("multiples", &options.multiples),
    };
    if given.is_empty() {
        return Err(MetricError::config(format!("{what} is empty"), "at least one number", 0));
    }
    // Smaller squares would underflow to 0, larger ones overflow.
    if let Some(k) = given.iter().position(|h| !(1e-100..=1e100).contains(h)) {
        return Err(MetricError::config(
            format!("{what} holds a wrong number"),
            "numbers from 1e-100 to 1e100",
            format!("{} at {k}", given[k]),
        ));
    }
    if options.bandwidths.is_some() {
        return Ok(given.clone());
    }
    let median = median_distance(&[a, b].concat(), dim)?;
    if median == 0.0 {
        return Err(MetricError::data(
            "the median distance is 0, because most points are equal",
            "different points, or bandwidths",
            median,
        ));
    }
    Ok(given.iter().map(|multiple| multiple * median).collect())
}
