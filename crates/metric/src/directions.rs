//! Directions to project on, spread evenly over the sphere.
//! They are data, so that two distances that are compared share them and whoever seeds the numbers decides.

use std::f64::consts::TAU;

/// `count` unit vectors of dimension `dim`, row-major, independent and uniform on the sphere: normalised normal vectors (Muller
/// 1959, *Comm. ACM* 2), whose coordinates come in pairs from two uniforms each (Box & Muller 1958).
///
/// `uniforms` gives independent numbers in (0, 1). In one dimension the vectors are ±1.
///
/// # Panics
/// If `dim` is 0.
///
/// ```
/// let mut state = 1u32;
/// let uniforms = || {
///     state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
///     (f64::from(state) + 0.5) / 2f64.powi(32)
/// };
/// let rows = thalweg_metric::directions(3, 10, uniforms);
/// assert_eq!(rows.len(), 30);
/// assert!(rows.chunks(3).all(|r| (r.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-15));
/// ```
pub fn directions(dim: usize, count: usize, mut uniforms: impl FnMut() -> f64) -> Vec<f64> {
    assert!(dim > 0, "directions need at least one dimension");
    let mut rows = Vec::with_capacity(dim * count);
    while rows.len() < dim * count {
        let normal = normals(dim, &mut uniforms);
        let length = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 0.0 {
            rows.extend(normal.iter().map(|x| x / length));
        }
    }
    rows
}

/// `count` independent standard normal numbers.
fn normals(count: usize, uniforms: &mut impl FnMut() -> f64) -> Vec<f64> {
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let radius = (-2.0 * uniforms().ln()).sqrt();
        let (sin, cos) = (TAU * uniforms()).sin_cos();
        values.extend([radius * cos, radius * sin]);
    }
    values.truncate(count);
    values
}
