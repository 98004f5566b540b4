//! The sixteen conversions between parameterizations, as one table.
//! All are affine in the value and finite on the path's regular range; `conversion_range` says which reach the ends.

use super::Parameterization::{self, Data, Noise, Score, Velocity};
use crate::{Coefficients, Path, TimeRange};
use thalweg_graph::Scalar;

/// The prediction `value` of kind `from` at (t, x) as a prediction of kind `to`.
///
/// `t` must broadcast against `x` and `value` (shape [B, 1, …] for x of shape [B, D, …]); the result has their shape. No epsilon is
/// added to any denominator: at an end where a conversion is singular the result is not finite, see [`conversion_range`].
///
/// Derived from x = sD + σε, S = −ε/σ, v = ṡD + σ̇ε (Song et al. 2021, eq. 13; Salimans and Ho 2022, section 4); never divides by g².
///
/// ```
/// use thalweg_path::{Parameterization::{Data, Score}, Path, convert};
/// // Data N(0, 1) under s² + σ² = 1 stays N(0, 1): the score is −x, the expected data s x.
/// let (t, x) = (1.0 / 3.0, 0.8);
/// let data = convert(&Path::gvp(), Score, Data, t, x, -x);
/// assert!((data - 0.75f64.sqrt() * x).abs() < 1e-15);
/// ```
pub fn convert<S: Scalar>(path: &Path, from: Parameterization, to: Parameterization, t: S, x: S, value: S) -> S {
    let Coefficients { s, sigma, d_s, d_sigma, f, g2, delta, .. } = Coefficients::at(path, t);
    match (from, to) {
        (Score, Score) | (Noise, Noise) | (Velocity, Velocity) | (Data, Data) => value,

        (Score, Noise) => -(sigma * value),
        (Score, Velocity) => f * x - g2 * 0.5 * value,
        (Score, Data) => (x + sigma.square() * value) / s,

        (Noise, Score) => -(value / sigma),
        (Noise, Velocity) => f * x + delta / s * value,
        (Noise, Data) => (x - sigma * value) / s,

        (Velocity, Score) => (d_s * x - s * value) / (sigma * delta),
        (Velocity, Noise) => (s * value - d_s * x) / delta,
        (Velocity, Data) => (d_sigma * x - sigma * value) / delta,

        (Data, Score) => (s * value - x) / sigma.square(),
        (Data, Noise) => (x - s * value) / sigma,
        (Data, Velocity) => d_s * value + d_sigma * ((x - s * value) / sigma),
    }
}

/// The times at which [`convert`] is finite: all of the path, less the neighbourhood of those ends where it is singular.
///
/// A loss or a sampler that converts must stay in here: this is where a path's `t_max` < 1 comes from.
///
/// ```
/// use thalweg_path::{Parameterization::{Noise, Velocity}, Path, conversion_range};
/// assert_eq!(conversion_range(&Path::linear(), Velocity, Noise).t_max, 1.0);
/// assert_eq!(conversion_range(&Path::linear(), Noise, Velocity).t_max, 0.999);
/// assert_eq!(conversion_range(&Path::default(), Noise, Velocity).t_min, 1e-5);
/// ```
pub fn conversion_range(path: &Path, from: Parameterization, to: Parameterization) -> TimeRange {
    TimeRange::where_finite(path, |t| convert(path, from, to, t, 1.0, 0.5))
}
