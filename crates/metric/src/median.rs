//! The median distance between all pairs of points, exactly, without storing the pairs.
//! The usual bandwidth of a kernel: found digit by digit from counts, in three passes over the pairs.

use crate::pairs::for_each_row_of_pairs;
use crate::{MetricError, Result};
use thalweg_assignment::Points;

/// Bits per pass: three passes cover the 63 bits of a number that is not negative.
const DIGIT: u32 = 21;

/// The median of ‖xᵢ − xⱼ‖ over i < j (of an even number of pairs the lower one); time O(n²), memory O(n).
///
/// # Errors
/// A `ShapeError` if there are fewer than two points or no whole number of them; a `DataError` if a coordinate is not finite.
///
/// ```
/// assert_eq!(thalweg_metric::median_distance(&[0.0, 1.0, 5.0], 1)?, 4.0); // of 1, 4, 5
/// # Ok::<(), thalweg_metric::MetricError>(())
/// ```
pub fn median_distance(points: &[f64], dim: usize) -> Result<f64> {
    let points = Points::new("the set", points, dim)?;
    let n = points.len() as u64;
    if n < 2 {
        return Err(MetricError::shape("the set has too few points", "at least 2", n));
    }
    // Numbers that are not negative are ordered as their bits are.
    let (mut rank, mut prefix) = ((n * (n - 1) / 2 - 1) / 2, 0u64);
    for shift in [2 * DIGIT, DIGIT, 0] {
        let mut counts = vec![0u64; 1 << DIGIT];
        for_each_row_of_pairs(&points, |row| {
            for bits in row.iter().map(|d| d.to_bits()) {
                if bits >> shift >> DIGIT == prefix {
                    counts[(bits >> shift) as usize & ((1 << DIGIT) - 1)] += 1;
                }
            }
        })?;
        let mut digit = 0;
        while rank >= counts[digit] {
            rank -= counts[digit];
            digit += 1;
        }
        prefix = prefix << DIGIT | digit as u64;
    }
    Ok(f64::from_bits(prefix).sqrt())
}
