//! The energy distance: 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖; Székely & Rizzo 2013, *J. Stat. Plan. Inference* 143.
//! A discrepancy like the maximum mean discrepancy that has no bandwidth to choose.

use crate::Result;
use crate::pairs::{Sets, mean_between, mean_within};
use serde::Serialize;

/// The energy distance between two sets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnergyDistance {
    /// D² = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖ of the two sets themselves, ≥ 0 up to rounding; in the units of the points.
    pub squared: f64,
    /// D = √D².
    pub distance: f64,
    /// An estimate of D² without bias: pairs of a point with itself are left out. May be negative.
    pub squared_unbiased: f64,
}

/// The energy distance between the points `a` and `b`, row-major, of `dim` coordinates; their numbers may differ. Time O((n + m)²),
/// memory O(n + m). On a line D² = 2 ∫ (F − G)² dx.
///
/// # Errors
/// A `ShapeError` if a set has fewer than two points or no whole number of them; a `DataError` if a coordinate is not finite.
pub fn energy_distance(a: &[f64], b: &[f64], dim: usize) -> Result<EnergyDistance> {
    let sets = Sets::new(a, b, dim)?;
    sets.require_two()?;
    let (aa, bb, ab) = (mean_within(&sets.a, f64::sqrt)?, mean_within(&sets.b, f64::sqrt)?, mean_between(&sets.a, &sets.b, f64::sqrt)?);
    // A point is at distance 0 from itself, in one pair of n.
    let with_itself = |mean: f64, n: usize| mean - mean / n as f64;
    let squared = 2.0 * ab - with_itself(aa, sets.a.len()) - with_itself(bb, sets.b.len());
    // Equal sets may come out below 0 by rounding.
    Ok(EnergyDistance { squared, distance: squared.max(0.0).sqrt(), squared_unbiased: 2.0 * ab - aa - bb })
}
