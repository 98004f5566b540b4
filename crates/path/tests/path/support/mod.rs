//! What the tests share: the paths under test, finite differences, 32-bit arithmetic, exact Gaussian marginals.

mod finite_difference;
mod gaussian_data;
mod golden;
mod single;

pub use finite_difference::{along, derivative};
pub use gaussian_data::GaussianData;
pub use golden::{Golden, path_of};
pub use single::Single;

use serde_json::{Value, json};
use thalweg_graph::Var;
use thalweg_path::{CosineVp, Custom, Expression, GaussianPath, LinearVpSde, Path, Polynomial, PolynomialConvex, Schedule, SubVp};

/// One of each kind that the registry has, and some with other parameters.
pub fn paths() -> Vec<Path> {
    let mut all: Vec<Path> = Path::NAMES.iter().map(|name| example(name)).collect();
    all.extend([
        Path::linear_vp_sde(1.0, 12.0),
        Path::linear_vp_sde(0.0, 5.0),
        SubVp { beta0: 1.0, beta1: 12.0 }.into(),
        Polynomial { exponent: 1.0 }.into(),
        Polynomial { exponent: 3.5 }.into(),
        PolynomialConvex { exponent: 1.0 }.into(),
        PolynomialConvex { exponent: 3.5 }.into(),
        custom_log(),
        custom_shifted(),
    ]);
    all
}

/// The paths whose formulas are written out.
pub fn written_paths() -> Vec<Path> {
    paths().into_iter().filter(|path| !matches!(path, Path::Custom(_))).collect()
}

/// The path of this name with its defaults; those without defaults are given here.
pub fn example(name: &str) -> Path {
    let config = match name {
        "custom" => return custom_straight(),
        name => json!({ "type": name }),
    };
    serde_json::from_value(config).unwrap_or_else(|e| panic!("a path without defaults needs an example here: {name}: {e}"))
}

/// The straight path, as functions.
pub fn custom_straight() -> Path {
    plain(0.0, 1.0, |t| t.constant(1.0) - t, |t| t)
}

/// linear_vp_sde from β = 0 to 4, as logarithms: log s = −t².
pub fn custom_log() -> Path {
    let log_scale = Expression::trace(|t| -(t * t)).unwrap();
    let log_std = Expression::trace(|t| (-(t * t * -2.0).expm1()).ln() * 0.5).unwrap();
    Custom { t_min: 0.0, t_max: 1.0, schedule: Schedule::Log { log_scale, log_std } }.into()
}

/// s = 1/(1 + t²), σ = t from t = 0.1 to 3: nothing singular.
pub fn custom_shifted() -> Path {
    plain(0.1, 3.0, |t| (t * t + 1.0).recip(), |t| t)
}

/// A custom path of two functions.
pub fn plain(t_min: f64, t_max: f64, scale: impl for<'g> Fn(Var<'g>) -> Var<'g>, std: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> Path {
    let (scale, std) = (Expression::trace(scale).unwrap(), Expression::trace(std).unwrap());
    Custom { t_min, t_max, schedule: Schedule::Plain { scale, std } }.into()
}

/// Whether s² + σ² = 1.
pub fn preserves_variance(path: &Path) -> bool {
    matches!(path, Path::LinearVpSde(LinearVpSde { .. }) | Path::Gvp(_) | Path::CosineVp(CosineVp {})) || *path == custom_log()
}

/// Fractions from 0 to 1, ends included, dense near both.
fn fractions() -> Vec<f64> {
    let near = [1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2];
    let mut all: Vec<f64> = (0..=40).map(|i| f64::from(i) / 40.0).collect();
    all.extend(near);
    all.extend(near.map(|t| 1.0 - t));
    all.sort_by(f64::total_cmp);
    all
}

/// Times from t_min to t_max, ends included, dense near both.
pub fn times(path: &Path) -> Vec<f64> {
    let (start, end) = (path.t_min(), path.t_max());
    let at = |x: f64| if x == 1.0 { end } else { start + x * (end - start) };
    fractions().into_iter().map(at).collect()
}

/// Times at which every coefficient of the path is finite.
pub fn regular_times(path: &Path) -> Vec<f64> {
    times(path).into_iter().filter(|&t| path.regular_range().contains(t)).collect()
}

/// The time at a fraction of the regular range.
pub fn regular_time(path: &Path, fraction: f64) -> f64 {
    let range = path.regular_range();
    range.t_min + fraction * (range.t_max - range.t_min)
}

/// `config` of a tagged union, read.
pub fn read<T: serde::de::DeserializeOwned>(config: Value) -> T {
    serde_json::from_value(config.clone()).unwrap_or_else(|e| panic!("{config}: {e}"))
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
