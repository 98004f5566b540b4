//! Distributions of t: quantile functions against their densities, the figures of likelihood weighting, refusal of impossible ranges.

use crate::support::{Single, assert_close, assert_relative, derivative, paths};
use thalweg_path::{DEFAULT_T_MIN, GaussianPath, Path, TimeDensity, TimeRange, TimeSampler, likelihood_weight};

const SAMPLERS: [fn() -> TimeSampler; 2] = [TimeSampler::uniform, TimeSampler::inverse_lambda];

/// Midpoints of n equal parts of (0, 1).
fn uniforms(n: u32) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| (f64::from(i) + 0.5) / f64::from(n))
}

#[test]
fn the_quantile_function_has_the_density_it_says() {
    for path in paths() {
        for sampler in SAMPLERS.map(|s| s()) {
            let TimeRange { t_min, t_max } = sampler.range(&path);
            for u in uniforms(37) {
                let t = sampler.sample(&path, u, t_min, t_max);
                let slope = derivative(|u| sampler.sample(&path, u, t_min, t_max), u);
                assert_relative(sampler.density(&path, t, t_min, t_max), slope.recip(), 1e-7, &format!("{path:?} {sampler:?} at {u}"));
            }
        }
    }
}

#[test]
fn the_density_of_inverse_lambda_is_proportional_to_the_likelihood_weight() {
    for path in paths() {
        let TimeRange { t_min, t_max } = path.regular_range();
        let constant = 2.0 * (path.half_log_snr(t_min) - path.half_log_snr(t_max));
        for t in [t_min, 1e-3, 0.2, 0.6, t_max] {
            let c = path.diffusion_squared(t) / path.std(t).powi(2);
            assert_relative(likelihood_weight(&path, t), c, 1e-13, "g²/σ²");
            let density = TimeSampler::inverse_lambda().density(&path, t, t_min, t_max);
            assert_relative(likelihood_weight(&path, t) / density, constant, 1e-12, &format!("{path:?} at {t}"));
        }
    }
}

/// The figures of MATH for beta 0.1 and 20: P(t < 1e-3) is .111, .197, .268.
#[test]
fn inverse_lambda_draws_small_times_as_often_as_the_likelihood_demands() {
    let path = Path::default();
    for (t_min, expected) in [(1e-4, 0.111), (1e-5, 0.197), (1e-6, 0.268)] {
        let n = 20_000;
        let small = uniforms(n).filter(|&u| TimeSampler::inverse_lambda().sample(&path, u, t_min, 1.0) < 1e-3).count();
        assert!((small as f64 / f64::from(n) - expected).abs() < 6e-4, "t_min {t_min}: {small} of {n}");
    }
}

/// The density by quadrature of g²/σ² alone, in log t, without use of λ.
#[test]
fn inverse_lambda_agrees_with_quadrature_of_g_squared_over_sigma_squared() {
    for path in paths() {
        let TimeRange { t_min, t_max } = path.regular_range();
        let mass = |from: f64, to: f64| {
            let n = 200_000;
            let ratio = (to / from).ln();
            let term = |u: f64| {
                let t = from * (ratio * u).exp();
                path.diffusion_squared(t) / path.std(t).powi(2) * t * ratio
            };
            uniforms(n).map(term).sum::<f64>() / f64::from(n)
        };
        let share = mass(t_min, 0.01) / mass(t_min, t_max);
        let quantile = TimeSampler::inverse_lambda().sample(&path, share, t_min, t_max);
        assert_relative(quantile, 0.01, 1e-4, &format!("{path:?}"));
    }
}

#[test]
fn draws_rise_with_u_and_stay_in_the_range_in_both_precisions() {
    for path in paths() {
        for sampler in SAMPLERS.map(|s| s()) {
            let TimeRange { t_min, t_max } = sampler.range(&path);
            let draws: Vec<f64> = uniforms(1000).map(|u| sampler.sample(&path, u, t_min, t_max)).collect();
            assert!(draws.windows(2).all(|pair| pair[0] < pair[1]), "{path:?} {sampler:?}");
            assert!(draws.iter().all(|&t| t_min <= t && t <= t_max));
            let smallest = Single(f32::MIN_POSITIVE);
            let largest = Single(1.0 - f32::EPSILON / 2.0);
            for (u, end) in [(smallest, t_min), (largest, t_max)] {
                let t = sampler.sample(&path, u, t_min, t_max);
                assert!(f64::from(t_min as f32) <= t.value() && t.value() <= f64::from(t_max as f32), "{path:?} {sampler:?}");
                assert_close(t.value(), end, 1e-5, "end");
            }
            for (u, t) in uniforms(1000).zip(draws) {
                let single = sampler.sample(&path, Single(u as f32), t_min, t_max).value();
                assert_relative(single, t, 2e-4, &format!("{path:?} {sampler:?} at {u}"));
            }
        }
    }
}

#[test]
fn rounding_carries_no_uniform_draw_beyond_the_end() {
    let largest = Single(1.0 - f32::EPSILON / 2.0);
    let mut at_the_end = 0;
    for t_max in (1..1000).map(|i| f64::from(i) / 1000.0) {
        for t_min in [0.0, 1e-5, 0.3 * t_max, 0.9 * t_max] {
            let t = TimeSampler::uniform().sample(&Path::default(), largest, t_min, t_max);
            assert!(t.0 <= t_max as f32, "[{t_min}, {t_max}]: {t:?}");
            at_the_end += u32::from(t.0 == t_max as f32);
        }
    }
    assert!(at_the_end > 0);
}

#[test]
fn impossible_ranges_are_refused_with_the_field() {
    let refused = |sampler: TimeSampler, path: Path, t_min: f64, t_max: f64| {
        sampler.validate(&path, TimeRange::new(t_min, t_max)).expect_err("must be refused").field
    };
    for sampler in SAMPLERS.map(|s| s()) {
        assert_eq!(refused(sampler, Path::default(), -0.1, 1.0), "tMin");
        assert_eq!(refused(sampler, Path::default(), f64::NAN, 1.0), "tMin");
        assert_eq!(refused(sampler, Path::default(), 1.0, 1.0), "tMin");
        assert_eq!(refused(sampler, Path::default(), 0.5, 0.5), "tMax");
        assert_eq!(refused(sampler, Path::default(), 0.5, 1.1), "tMax");
        assert_eq!(refused(sampler, Path::default(), 0.5, f64::NAN), "tMax");
        assert!(sampler.validate(&Path::gvp(), sampler.range(&Path::gvp())).is_ok());
    }
    assert_eq!(refused(TimeSampler::inverse_lambda(), Path::default(), 0.0, 1.0), "tMin");
    assert_eq!(refused(TimeSampler::inverse_lambda(), Path::linear(), 1e-5, 1.0), "tMax");
    assert_eq!(refused(TimeSampler::inverse_lambda(), Path::gvp(), 1e-5, 1.0), "tMax");
    assert!(TimeSampler::uniform().validate(&Path::linear(), TimeRange::new(0.0, 1.0)).is_ok());
    assert_eq!(TimeSampler::uniform().range(&Path::linear()).t_min, DEFAULT_T_MIN);
}
