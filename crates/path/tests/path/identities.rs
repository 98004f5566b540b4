//! The identities that tie a path's coefficients together, at all times including both ends.

use crate::support::{
    along, assert_close, assert_relative, custom_log, custom_shifted, example, paths, preserves_variance, regular_times, times,
};
use thalweg_path::{Coefficients, GaussianPath, Path, invert_half_log_snr};

/// Calls `check` for every path at every time.
fn everywhere(check: impl Fn(&Path, f64, &str)) {
    for path in paths() {
        for t in times(&path) {
            check(&path, t, &format!("{path:?} at {t}"));
        }
    }
}

/// Calls `check` for every path at every time of its regular range.
fn wherever_regular(check: impl Fn(&Path, f64, &str)) {
    for path in paths() {
        for t in regular_times(&path) {
            check(&path, t, &format!("{path:?} at {t}"));
        }
    }
}

/// Whether σ̇ is singular there: linear_vp_sde and cosine_vp at t = 0, where σ grows like √t, and where a logarithm is infinite.
fn std_has_no_slope(path: &Path, t: f64) -> bool {
    t == 0.0 && (matches!(path, Path::LinearVpSde(_) | Path::CosineVp(_)) || *path == custom_log())
}

/// Whether Δ = 0 there: at the slow end of a polynomial, and where β = 0.
fn delta_vanishes(path: &Path, t: f64) -> bool {
    match path {
        Path::Polynomial(p) => t == 0.0 && p.exponent > 1.0,
        Path::PolynomialConvex(p) => t == 1.0 && p.exponent > 1.0,
        path => t == 0.0 && *path == Path::linear_vp_sde(0.0, 5.0),
    }
}

#[test]
fn scale_is_the_exponential_of_log_scale() {
    everywhere(|path, t, at| assert_close(path.log_scale(t).exp(), path.scale(t), 1e-15, at));
}

#[test]
fn d_scale_is_the_derivative_of_scale_up_to_both_ends() {
    everywhere(|path, t, at| assert_close(path.d_scale(t), along(path, |t| path.scale(t), t), 1e-9, at));
}

#[test]
fn d_std_is_the_derivative_of_std_up_to_both_ends() {
    everywhere(|path, t, at| {
        if !std_has_no_slope(path, t) {
            assert_close(path.d_std(t), along(path, |t| path.std(t), t), 1e-9, at);
        }
    });
}

#[test]
fn drift_coefficient_is_the_derivative_of_log_scale() {
    wherever_regular(|path, t, at| {
        assert_close(path.drift_coefficient(t), along(path, |t| path.log_scale(t), t), 1e-9, at);
        assert_relative(path.drift_coefficient(t), path.d_scale(t) / path.scale(t), 1e-14, at);
    });
    for path in paths() {
        let t = path.t_min();
        assert_close(path.drift_coefficient(t), along(&path, |t| path.log_scale(t), t), 1e-9, &format!("{path:?} at the data end"));
    }
}

#[test]
fn covariance_grows_by_twice_f_sigma_squared_plus_g_squared() {
    let check = |path: &Path, t: f64, at: &str| {
        let grown = 2.0 * path.drift_coefficient(t) * path.std(t).powi(2) + path.diffusion_squared(t);
        assert_close(grown, along(path, |t| path.std(t).powi(2), t), 1e-9, at);
    };
    wherever_regular(check);
    for path in paths().into_iter().filter(|path| *path != custom_log()) {
        check(&path, path.t_min(), &format!("{path:?} at the data end"));
    }
    check(&Path::default(), 1.0, "at the noise end of linear_vp_sde");
}

#[test]
fn diffusion_squared_is_two_sigma_d_sigma_less_two_f_sigma_squared() {
    wherever_regular(|path, t, at| {
        let c = Coefficients::at(path, t);
        assert_relative(c.g2, 2.0 * c.sigma * c.d_sigma - 2.0 * c.f * c.sigma * c.sigma, 1e-13, at);
        assert_relative(path.diffusion(t).powi(2), c.g2, 1e-15, at);
    });
}

#[test]
fn diffusion_squared_is_minus_two_sigma_squared_d_lambda() {
    wherever_regular(|path, t, at| {
        let slope = along(path, |t| path.half_log_snr(t), t);
        assert_relative(path.diffusion_squared(t), -2.0 * path.std(t).powi(2) * slope, 1e-9, at);
        assert_relative(path.d_half_log_snr(t), slope, 1e-9, at);
    });
}

#[test]
fn delta_is_s_d_sigma_less_d_s_sigma_and_positive_up_to_both_ends() {
    everywhere(|path, t, at| {
        if !std_has_no_slope(path, t) {
            assert!(path.delta(t) > 0.0 || delta_vanishes(path, t), "{at}");
        }
        if !std_has_no_slope(path, t) {
            let by_difference = path.scale(t) * along(path, |t| path.std(t), t) - along(path, |t| path.scale(t), t) * path.std(t);
            assert_close(path.delta(t), by_difference, 1e-9, at);
        }
    });
    wherever_regular(|path, t, at| {
        let c = Coefficients::at(path, t);
        assert_relative(c.delta, -c.s * c.sigma * path.d_half_log_snr(t), 1e-13, at);
    });
}

#[test]
fn half_log_snr_is_the_logarithm_of_scale_over_std_and_falls_everywhere() {
    wherever_regular(|path, t, at| assert_close(path.half_log_snr(t), (path.scale(t) / path.std(t)).ln(), 1e-12, at));
    for path in paths() {
        let lambdas: Vec<f64> = times(&path).into_iter().map(|t| path.half_log_snr(t)).collect();
        assert!(lambdas.windows(2).all(|pair| pair[0] > pair[1] || pair[0] == pair[1] && pair[0].is_infinite()), "{path:?}");
        let at_the_start = (path.scale(path.t_min()) / path.std(path.t_min())).ln();
        assert!(lambdas[0] == at_the_start || (lambdas[0] - at_the_start).abs() < 1e-14, "{path:?}");
    }
}

/// What the rounding of λ does to t(λ), beside one part in 10¹².
fn allowed(path: &Path, t: f64) -> f64 {
    1e-12 * t + f64::EPSILON * (path.half_log_snr(t).abs() + 1.0) / path.d_half_log_snr(t).abs()
}

#[test]
fn every_path_inverts_its_half_log_snr() {
    wherever_regular(|path, t, at| {
        assert_relative(path.time_of_half_log_snr(path.half_log_snr(t)), t, allowed(path, t) / t.max(1e-300), at);
    });
    for path in paths() {
        let (data, noise) = (path.half_log_snr(path.t_min()), path.half_log_snr(path.t_max()));
        for lambda in (-40..=40).map(|i| 0.1 * f64::from(i)).filter(|&lambda| noise <= lambda && lambda <= data) {
            let t = path.time_of_half_log_snr(lambda);
            assert_close(path.half_log_snr(t), lambda, 1e-12, &format!("{path:?} λ = {lambda}"));
        }
    }
}

#[test]
fn iteration_inverts_every_path_as_its_closed_form_does() {
    wherever_regular(|path, t, at| {
        assert_relative(invert_half_log_snr(path, path.half_log_snr(t)), t, allowed(path, t) / t.max(1e-300), at);
    });
    for path in paths() {
        let (data, noise) = (path.half_log_snr(path.t_min()), path.half_log_snr(path.t_max()));
        for lambda in (-120..=150).map(|i| 0.1 * f64::from(i)).filter(|&lambda| noise <= lambda && lambda <= data) {
            let what = format!("{path:?} λ = {lambda}");
            let expected = path.time_of_half_log_snr(lambda);
            assert_close(invert_half_log_snr(&path, lambda), expected, 1e-12, &what);
            if expected > path.t_min() && expected < path.t_max() {
                assert_relative(invert_half_log_snr(&path, lambda), expected, 2.0 * allowed(&path, expected) / expected, &what);
            }
        }
        assert_eq!(invert_half_log_snr(&path, 1e9), path.t_min());
        assert_eq!(invert_half_log_snr(&path, -1e9), path.t_max());
    }
}

#[test]
fn a_path_joins_data_to_noise() {
    for path in paths() {
        let start = path.t_min();
        assert!((path.scale(start) - 1.0).abs() < 0.01 && path.std(start) <= 0.1, "{path:?}");
        if start == 0.0 {
            assert_eq!((path.scale(0.0), path.log_scale(0.0)), (1.0, 0.0), "{path:?}");
            assert!(path.std(0.0) == 0.0 || matches!(path, Path::Ve(_)), "{path:?}");
        }
        assert_eq!(path.prior_std(), path.std(path.t_max()));
        assert_eq!(path.validate(), Ok(()));
        let range = path.regular_range();
        assert!(range.validate(&path).is_ok());
    }
    for path in [Path::default(), Path::linear(), Path::gvp(), example("cosine_vp"), example("sub_vp"), example("polynomial")] {
        assert!((path.prior_std() - 1.0).abs() < 1e-4, "{path:?}");
    }
    assert_relative(example("ve").prior_std(), 50.0, 1e-15, "ve");
    assert_eq!(example("edm").prior_std(), 80.0);
    let ends = |path: Path| (path.t_min(), path.t_max());
    assert_eq!(ends(example("edm")), (0.002, 80.0));
    assert_eq!(ends(example("cosine_vp")), (0.0, 0.9946));
    assert_eq!(ends(custom_shifted()), (0.1, 3.0));
}

#[test]
fn variance_is_preserved_by_the_paths_that_say_so() {
    everywhere(|path, t, at| {
        if preserves_variance(path) {
            assert_close(path.scale(t).powi(2) + path.std(t).powi(2), 1.0, 1e-15, at);
        }
    });
    assert_eq!(paths().iter().filter(|path| preserves_variance(path)).count(), 6);
}

#[test]
fn singular_ends_are_infinite_and_never_nan() {
    for path in [Path::linear(), Path::gvp(), example("polynomial"), example("polynomial_convex")] {
        let c = Coefficients::at(&path, 1.0);
        assert_eq!((c.s, c.f, c.g2, c.lambda), (0.0, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY), "{path:?}");
        assert_eq!(path.log_scale(1.0), f64::NEG_INFINITY);
    }
    for path in [Path::default(), example("cosine_vp")] {
        let c = Coefficients::at(&path, 0.0);
        assert_eq!((c.d_sigma, c.delta, c.lambda), (f64::INFINITY, f64::INFINITY, f64::INFINITY));
    }
}

#[test]
fn coefficients_are_finite_on_the_whole_regular_range() {
    wherever_regular(|path, t, at| {
        let c = Coefficients::at(path, t);
        for value in [c.s.recip(), c.sigma.recip(), c.d_s, c.d_sigma, c.f, c.g2, c.lambda, c.delta] {
            assert!(value.is_finite(), "{at}: {c:?}");
        }
    });
}
