//! Defects measured in the reference implementation and its peers: each formula of theirs is shown wrong, ours right, at the same point.

use crate::support::{GaussianData, Single, assert_close, assert_relative, derivative};
use std::f64::consts::{FRAC_PI_2, PI};
use thalweg_graph::Scalar;
use thalweg_path::Parameterization::{Data, Noise, Score, Velocity};
use thalweg_path::{GaussianPath, Path, convert, interpolate, target, velocity_target};

#[test]
fn d_scale_of_linear_vp_sde_without_beta0_misses_the_flow_matching_target_six_times() {
    let (path, t) = (Path::default(), 1e-3);
    let without_beta0 = -0.5 * t * 19.9 * path.scale(t);
    let slope = derivative(|t| path.scale(t), t);
    assert_relative(path.d_scale(t), slope, 1e-9, "ours");
    assert!((slope / without_beta0 - 6.0).abs() < 0.1, "{}", slope / without_beta0);
    let moved = derivative(|t| interpolate(&path, t, 1.0, 0.0), t);
    assert_relative(velocity_target(&path, t, 1.0, 0.0), moved, 1e-9, "flow-matching target");
}

#[test]
fn diffusion_of_gvp_as_pi_sin_plus_sin_squared_tan_moves_the_standard_normal() {
    let path = Path::gvp();
    for (t, drift) in [(0.9, -5.3), (0.99, -66.0)] {
        let (sin, tan) = ((FRAC_PI_2 * t).sin(), (FRAC_PI_2 * t).tan());
        let theirs = PI * sin + sin * sin * tan;
        let their_drift = path.drift_coefficient(t) + 0.5 * theirs;
        assert!((their_drift / drift - 1.0).abs() < 0.02, "{their_drift}");
        assert!(convert(&path, Score, Velocity, t, 1.0, -1.0).abs() < 1e-12);
        assert_relative(path.diffusion_squared(t), PI * tan, 1e-12, "ours");
    }
}

#[test]
fn std_as_root_of_one_minus_scale_squared_is_wrong_in_single_precision() {
    let (path, t) = (Path::default(), Single(1e-5));
    let exact = path.std(t.value());
    let theirs = (t.constant(1.0) - path.scale(t).square()).sqrt().value();
    assert!((theirs / exact - 1.0).abs() > 0.02, "{}", theirs / exact - 1.0);
    assert_relative(path.std(t).value(), exact, 1e-6, "ours");
}

#[test]
fn logarithm_of_the_cosine_is_nan_in_single_precision_at_the_end_of_gvp() {
    let one = Single(1.0);
    assert!((one * FRAC_PI_2).cos().ln().value().is_nan());
    assert_eq!(Path::gvp().log_scale(one).value(), f64::NEG_INFINITY);
    let last = Single(1.0 - f32::EPSILON / 2.0);
    assert_close(Path::gvp().log_scale(last).value(), Path::gvp().log_scale(last.value()), 1e-6, "last number below 1");
}

#[test]
fn no_epsilon_hides_that_linear_is_singular_at_one() {
    let path = Path::linear();
    let theirs = -(Single(1.000_000_1) - Single(1.0)).recip();
    assert_relative(theirs.value(), -8.4e6, 0.01, "theirs");
    assert_eq!(path.drift_coefficient(Single(1.0)).value(), f64::NEG_INFINITY);
    let t = Single(0.999);
    let off = -(Single(1.000_000_1) - t).recip().value() / path.drift_coefficient(t.value()) - 1.0;
    assert!(off.abs() > 1e-4, "{off}");
    assert_relative(path.drift_coefficient(t).value(), path.drift_coefficient(t.value()), 1e-6, "ours");
    assert!(path.regular_range().t_max < 1.0);
}

#[test]
fn data_from_score_keeps_x_unscaled_by_sigma() {
    for path in [Path::default(), Path::linear(), Path::gvp()] {
        let data = GaussianData { path: path.clone(), mean: 0.4, std: 0.9 };
        let (t, x) = (0.4, 0.7);
        let (score, exact) = (data.exact(Score, t, x), data.exact(Data, t, x));
        let (s, sigma) = (path.scale(t), path.std(t));
        let theirs = (-sigma * x + sigma * sigma * score) / s;
        assert!((theirs - exact).abs() > 0.1);
        assert_close(convert(&path, Score, Data, t, x, score), exact, 1e-13, "ours");
    }
}

#[test]
fn velocity_from_data_keeps_its_factor_x() {
    for path in [Path::default(), Path::linear(), Path::gvp()] {
        let data = GaussianData { path: path.clone(), mean: 0.4, std: 0.9 };
        let (t, x) = (0.4, 0.7);
        let (prediction, exact) = (data.exact(Data, t, x), data.exact(Velocity, t, x));
        let (s, sigma) = (path.scale(t), path.std(t));
        let coefficient = path.drift_coefficient(t) + path.diffusion_squared(t) / (2.0 * sigma * sigma);
        let theirs = coefficient - s * path.diffusion_squared(t) / (2.0 * sigma * sigma) * prediction;
        assert!((theirs - exact).abs() > 0.1);
        assert_close(convert(&path, Data, Velocity, t, x, prediction), exact, 1e-9, "ours");
    }
}

#[test]
fn the_score_is_fitted_to_minus_the_noise() {
    for path in [Path::default(), Path::linear(), Path::gvp()] {
        let noise = 1.3;
        let scaled = path.std(0.3) * target(&path, Score, 0.3, 0.5, noise);
        assert_close(scaled, -noise, 1e-15, "σS = −ε");
        assert_close(convert(&path, Score, Noise, 0.3, 0.1, scaled / path.std(0.3)), noise, 1e-15, "ε = −σS");
    }
}

/// The seed document's v = f − ½(g² + h²)S is the drift of the reverse SDE; the learned velocity has h = 0.
#[test]
fn the_velocity_does_not_contain_the_sampler_s_diffusion() {
    let path = Path::default();
    let data = GaussianData { path: path.clone(), mean: 0.4, std: 0.9 };
    let (t, x, h) = (0.3, 0.7, 1.1);
    let score = data.exact(Score, t, x);
    let velocity = convert(&path, Score, Velocity, t, x, score);
    assert_close(velocity, data.exact(Velocity, t, x), 1e-9, "learned velocity");
    let theirs = path.drift_coefficient(t) * x - 0.5 * (path.diffusion_squared(t) + h * h) * score;
    assert_close(thalweg_path::reverse_sde_drift(velocity, score, h), -theirs, 1e-13, "reverse drift");
    assert!((theirs - velocity).abs() > 0.1);
}
