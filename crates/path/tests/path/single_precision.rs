//! Every formula in 32-bit arithmetic, host and graph, against 64 bits at the same time t.

use crate::support::{Single, assert_close, assert_relative, paths, written_paths};
use thalweg_graph::{Builder, DType, Scalar, Var};
use thalweg_path::Parameterization::{Data, Noise, Velocity};
use thalweg_path::{GaussianPath, Path, convert, interpolate, velocity_target};

/// Times of the path that 32 bits have exactly, down to 1e-7 and up to the last number below 1 (of the interval's length).
fn single_times(path: &Path) -> Vec<f32> {
    let (start, end) = (path.t_min(), path.t_max());
    let at = |x: f32| if start == 0.0 { x } else { (start + f64::from(x) * (end - start)) as f32 };
    fractions().into_iter().map(at).filter(|&t| start <= f64::from(t) && f64::from(t) <= end).collect()
}

fn fractions() -> Vec<f32> {
    let mut times: Vec<f32> = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2].into();
    times.extend((1..40).map(|i| i as f32 / 40.0));
    times.extend([0.499_999_97, 0.500_000_06, 0.99, 0.999, 0.9999, 0.99999, 1.0 - f32::EPSILON / 2.0]);
    times
}

/// A generic formula, by the number types it is needed in.
struct Formula {
    name: &'static str,
    double: fn(&Path, f64) -> f64,
    single: fn(&Path, Single) -> Single,
    graph: for<'g> fn(&Path, Var<'g>) -> Var<'g>,
}

macro_rules! formulas {
    ($($method:ident),*) => {
        [$(Formula {
            name: stringify!($method),
            double: |path, t| path.$method(t),
            single: |path, t| path.$method(t),
            graph: |path, t| path.$method(t),
        }),*]
    };
}

/// 32-bit evaluation on the host and by the graph's own constant folding.
fn evaluations(formula: &Formula, path: &Path, t: f32) -> [(f64, &'static str); 2] {
    let b = Builder::new();
    let folded = (formula.graph)(path, b.full(f64::from(t), DType::F32, &[])).as_literal();
    let folded = folded.expect("a formula of constants is a constant").splat_value().unwrap().as_f64();
    [((formula.single)(path, Single(t)).value(), "host"), (folded, "graph")]
}

/// Calls `check` with (got, expected, label) for each formula, path and time. A custom path is as accurate as its functions are.
fn compare(formulas: &[Formula], check: impl Fn(&Path, f64, f64, &str)) {
    for path in written_paths() {
        for formula in formulas {
            for t in single_times(&path) {
                for (got, by) in evaluations(formula, &path, t) {
                    let expected = (formula.double)(&path, f64::from(t));
                    check(&path, got, expected, &format!("{path:?} {} at {t:e} by {by}", formula.name));
                }
            }
        }
    }
}

#[test]
fn coefficients_keep_six_digits_in_single_precision_near_both_ends() {
    let formulas = formulas![log_scale, scale, std, d_scale, d_std, drift_coefficient, diffusion_squared, diffusion, delta, d_half_log_snr];
    compare(&formulas, |_, got, expected, at| {
        if expected.abs() < f64::from(f32::MIN_POSITIVE) {
            assert!(got.abs() <= f64::from(f32::MIN_POSITIVE), "{at}: subnormal, got {got:e}");
        } else {
            assert_relative(got, expected, 2e-6, at);
        }
    });
}

#[test]
fn half_log_snr_keeps_six_digits_in_single_precision_near_both_ends() {
    compare(&formulas![half_log_snr], |_, got, expected, at| assert_close(got, expected, 1e-6, at));
}

#[test]
fn time_of_half_log_snr_inverts_in_single_precision() {
    for path in paths() {
        for t in single_times(&path).into_iter().filter(|&t| path.regular_range().contains(f64::from(t))) {
            let back = path.time_of_half_log_snr(path.half_log_snr(Single(t))).value();
            let (time, lambda) = (f64::from(t), path.half_log_snr(f64::from(t)));
            let by_rounding_lambda = f64::from(f32::EPSILON) * (lambda.abs() + 1.0) / path.d_half_log_snr(time).abs();
            assert_relative(back, time, f64::max(5e-6, by_rounding_lambda / time), &format!("{path:?} at {t:e}"));
        }
    }
}

#[test]
fn time_of_half_log_snr_does_not_overflow_in_single_precision() {
    // On ve and edm, which never lose the data altogether, λ is bounded.
    for path in paths().into_iter().filter(|path| !matches!(path, Path::Edm(_) | Path::Ve(_))) {
        let [data, noise] = [30.0, -400.0].map(|lambda| path.time_of_half_log_snr(Single(lambda)).value());
        let slowest = if let Path::Polynomial(p) = &path { (-30.0 / p.exponent).exp() } else { 0.0 };
        assert!((0.0..=1e-6 + slowest * 1.0001 + path.t_min() * 1.000_001).contains(&data), "{path:?}: {data}");
        assert!(noise.is_finite() && noise >= path.t_max() * (1.0 - 1e-7), "{path:?}: {noise}");
    }
}

#[test]
fn nothing_is_nan_in_single_precision_at_the_ends() {
    for path in written_paths().into_iter().filter(|path| *path != Path::linear_vp_sde(0.0, 5.0)) {
        for formula in &formulas![log_scale, scale, std, d_scale, d_std, drift_coefficient, diffusion_squared, half_log_snr, delta] {
            for t in [path.t_min() as f32, path.t_max() as f32] {
                for (got, by) in evaluations(formula, &path, t) {
                    assert!(!got.is_nan(), "{path:?} {} at {t} by {by}", formula.name);
                    assert_eq!(got.is_infinite(), (formula.double)(&path, f64::from(t)).is_infinite(), "{path:?} {} at {t}", formula.name);
                }
            }
        }
    }
}

#[test]
fn velocity_gives_noise_and_data_in_single_precision_up_to_both_ends_of_linear_and_gvp() {
    for path in [Path::linear(), Path::gvp()] {
        for t in single_times(&path).into_iter().chain([0.0, 1.0]).map(Single) {
            let (x0, noise) = (Single(0.7), Single(-1.1));
            let x = interpolate(&path, t, x0, noise);
            let velocity = velocity_target(&path, t, x0, noise);
            let at = format!("{path:?} at {t:?}");
            assert_close(convert(&path, Velocity, Noise, t, x, velocity).value(), noise.value(), 1e-6, &at);
            assert_close(convert(&path, Velocity, Data, t, x, velocity).value(), x0.value(), 1e-6, &at);
        }
    }
}

#[test]
fn single_rounds_after_every_operation() {
    let sum = Single(1.0) + Single(2f32.powi(-25));
    assert_eq!(sum, Single(1.0));
    assert_eq!((Single(0.1) * 3.0).value(), f64::from(0.1f32 * 3.0f32));
    assert_eq!(Scalar::constant(sum, 0.1).value(), f64::from(0.1f32));
}
