//! What the tests share: the paths under test, finite differences, 32-bit arithmetic, exact Gaussian marginals.

mod finite_difference;
mod gaussian_data;
mod golden;
mod single;

pub use finite_difference::derivative;
pub use gaussian_data::GaussianData;
pub use golden::{Golden, path_of};
pub use single::Single;

use thalweg_path::Path;

/// One of each kind, and linear_vp_sde with other rates.
pub fn paths() -> Vec<Path> {
    vec![Path::linear_vp_sde(0.1, 20.0), Path::linear_vp_sde(1.0, 12.0), Path::linear_vp_sde(0.0, 5.0), Path::linear(), Path::gvp()]
}

/// Times from 0 to 1, ends included, dense near both.
pub fn times() -> Vec<f64> {
    let near = [1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2];
    let mut all: Vec<f64> = (0..=40).map(|i| f64::from(i) / 40.0).collect();
    all.extend(near);
    all.extend(near.map(|t| 1.0 - t));
    all.sort_by(f64::total_cmp);
    all
}

/// Times at which every coefficient of the path is finite.
pub fn regular_times(path: &Path) -> Vec<f64> {
    use thalweg_path::GaussianPath;
    times().into_iter().filter(|&t| path.regular_range().contains(t)).collect()
}

/// Panics unless |got − expected| ≤ tolerance · max(1, |expected|).
#[track_caller]
pub fn assert_close(got: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (got - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1.0), "{what}: got {got:e}, expected {expected:e}, error {error:e}");
}

/// Panics unless |got − expected| ≤ tolerance · |expected|.
#[track_caller]
pub fn assert_relative(got: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (got - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: got {got:e}, expected {expected:e}, error {error:e}");
}
