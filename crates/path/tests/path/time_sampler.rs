//! Distributions of t: quantile functions against their densities, the figures of likelihood weighting, refusal of impossible ranges.

use crate::support::{Single, assert_close, assert_relative, custom_straight, derivative, example, paths, read, regular_time};
use serde_json::json;
use thalweg_path::{
    DEFAULT_T_MIN, Edm, Expression, GaussianPath, LogitNormal, Parameterization, Path, TimeDensity, TimeLayout, TimeRange, TimeSampler,
    Weight, layout, likelihood_weight, normal_quantile,
};

/// Samplers whose density is smooth.
pub fn smooth_samplers() -> Vec<TimeSampler> {
    vec![
        TimeSampler::uniform(),
        TimeSampler::inverse_lambda(),
        read(json!({ "type": "logit_normal" })),
        read(json!({ "type": "logit_normal", "mean": -0.4, "std": 0.7 })),
        read(json!({ "type": "log_normal_sigma" })),
        read(json!({ "type": "log_normal_sigma", "mean": 0.3, "std": 2.0 })),
    ]
}

/// Samplers whose density is piecewise constant.
pub fn weighted_samplers() -> Vec<TimeSampler> {
    let hump = Expression::trace(|t| (-((t - 0.3) * (t - 0.3)) * 20.0).exp() + 0.01).unwrap();
    vec![
        read(json!({ "type": "weighted", "weight": { "type": "min_snr" } })),
        read(json!({ "type": "weighted", "weight": { "type": "likelihood" } })),
        read(json!({ "type": "weighted", "weight": { "type": "truncated_snr" }, "of": "velocity_function" })),
        read(json!({ "type": "weighted", "weight": { "type": "function", "weight": hump } })),
    ]
}

pub fn samplers() -> Vec<TimeSampler> {
    [smooth_samplers(), weighted_samplers()].concat()
}

#[test]
fn every_sampler_of_the_registry_is_tested() {
    for name in TimeSampler::NAMES {
        assert!(samplers().iter().any(|sampler| serde_json::to_value(sampler).unwrap()["type"] == json!(name)), "{name}");
    }
}

/// Midpoints of n equal parts of (0, 1).
fn uniforms(n: u32) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| (f64::from(i) + 0.5) / f64::from(n))
}

#[test]
fn the_quantile_function_has_the_density_it_says() {
    for path in paths() {
        for sampler in smooth_samplers() {
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
fn a_weighted_quantile_function_is_piecewise_linear_with_exactly_the_density_it_says() {
    for path in [Path::default(), Path::linear(), example("edm"), example("polynomial_convex"), custom_straight()] {
        for sampler in weighted_samplers() {
            let TimeRange { t_min, t_max } = sampler.range(&path);
            let quantile = |u: f64| sampler.sample(&path, u, t_min, t_max);
            for u in uniforms(64).step_by(5) {
                let what = format!("{path:?} {sampler:?} at {u}");
                let slope = (quantile(u + 0.006) - quantile(u - 0.006)) / 0.012;
                assert_relative(sampler.density(&path, quantile(u), t_min, t_max), slope.recip(), 1e-9, &what);
            }
        }
    }
}

/// The share of draws in each of ten parts, against quadrature of the weight alone.
#[test]
fn weighted_draws_are_as_frequent_as_the_weight_says() {
    for path in [Path::default(), Path::linear(), example("edm"), example("cosine_vp")] {
        for sampler in weighted_samplers() {
            let TimeSampler::Weighted(weighted) = &sampler else { unreachable!() };
            let TimeRange { t_min, t_max } = sampler.range(&path);
            let ratio = ((t_max - t_min) / 1e-9).ln();
            let mass = |to: f64| {
                let n = 20_000;
                let top = ((to - t_min) / 1e-9).ln() / ratio;
                let term = |u: f64| {
                    let past = 1e-9 * (ratio * top * u).exp();
                    weighted.weight.factor(&path, weighted.of, t_min + past) * past * ratio * top
                };
                uniforms(n).map(term).sum::<f64>() / f64::from(n)
            };
            for u in [0.125, 0.25, 0.5, 0.75] {
                let share = mass(sampler.sample(&path, u, t_min, t_max)) / mass(t_max);
                assert_close(share, u, 2e-3, &format!("{path:?} {sampler:?}"));
            }
        }
    }
}

/// ∫ p dt over logits of the fraction of the interval.
#[test]
fn every_density_integrates_to_one_and_has_the_mean_of_the_draws() {
    for path in paths() {
        for sampler in smooth_samplers() {
            let what = format!("{path:?} {sampler:?}");
            let TimeRange { t_min, t_max } = sampler.range(&path);
            let moment = |power: i32| {
                let term = |u: f64| {
                    let x = 1.0 / (1.0 + (-(u - 0.5) * 60.0).exp());
                    let t = t_min + x * (t_max - t_min);
                    sampler.density(&path, t, t_min, t_max) * t.powi(power) * x * (1.0 - x) * 60.0 * (t_max - t_min)
                };
                uniforms(3000).map(term).sum::<f64>() / 3000.0
            };
            assert_relative(moment(0), 1.0, 1e-6, &what);
            let mean = uniforms(2000).map(|u| sampler.sample(&path, u, t_min, t_max)).sum::<f64>() / 2000.0;
            assert_relative(moment(1), mean, 3e-3, &what);
        }
    }
}

/// Cell by cell, from the quantiles at multiples of 1/64.
#[test]
fn the_pieces_of_a_weighted_density_add_to_one() {
    for path in paths() {
        for sampler in weighted_samplers() {
            let TimeRange { t_min, t_max } = sampler.range(&path);
            let edges: Vec<f64> = (0..=64).map(|k| sampler.sample(&path, f64::from(k) / 64.0, t_min, t_max)).collect();
            let mass = |pair: &[f64]| sampler.density(&path, 0.5 * (pair[0] + pair[1]), t_min, t_max) * (pair[1] - pair[0]);
            let total: f64 = edges.windows(2).map(mass).sum();
            assert_relative(total, 1.0, 1e-10, &format!("{path:?} {sampler:?}"));
            assert_eq!(edges[0], t_min);
            assert_relative(edges[64], t_max, 1e-15, "the end");
        }
    }
}

#[test]
fn log_normal_sigma_draws_the_noise_levels_of_edm() {
    let sampler: TimeSampler = read(json!({ "type": "log_normal_sigma" }));
    let path = Path::from(Edm { sigma_min: 1e-9, sigma_max: 1e9 });
    for u in uniforms(19) {
        let sigma = sampler.sample(&path, u, 1e-9, 1e9);
        assert_relative(sigma.ln(), -1.2 + 1.2 * normal_quantile(u), 1e-13, "ln σ");
    }
}

/// Φ(a) is 1 to all digits where the interval lies eight deviations above the mean: draws from the lower tail of the mirror image.
#[test]
fn log_normal_sigma_is_exact_in_either_tail() {
    let range = TimeRange::new(0.9, 2.0);
    for (mean, std) in [(-5.2, 1.2), (5.2, 1.2)] {
        let sampler: TimeSampler = read(json!({ "type": "log_normal_sigma", "mean": mean, "std": std }));
        assert_eq!(sampler.validate(&example("edm"), range), Ok(()));
        let sample = |u: f64| sampler.sample(&example("edm"), u, range.t_min, range.t_max);
        for u in uniforms(11) {
            let density = sampler.density(&example("edm"), sample(u), range.t_min, range.t_max);
            assert_relative(density, derivative(sample, u).recip(), 1e-8, &format!("mean {mean} at {u}"));
        }
        assert!((sample(1e-14) - range.t_min).abs() < 1e-12 && (sample(1.0 - 1e-14) - range.t_max).abs() < 1e-12);
    }
    let sampler: TimeSampler = read(json!({ "type": "log_normal_sigma", "mean": -9.0 }));
    assert_eq!(sampler.validate(&example("edm"), range).unwrap_err().field, "mean");
}

#[test]
fn parameters_that_give_no_density_are_refused_by_field() {
    let field = |config| {
        let sampler: TimeSampler = read(config);
        sampler.validate(&Path::default(), TimeRange::new(1e-3, 1.0)).expect_err("must be refused").field
    };
    assert_eq!(field(json!({ "type": "logit_normal", "std": 0.0 })), "std");
    let infinite = TimeSampler::LogitNormal(LogitNormal { mean: f64::INFINITY, std: 1.0 });
    assert_eq!(infinite.validate(&Path::default(), TimeRange::new(1e-3, 1.0)).unwrap_err().field, "mean");
    assert_eq!(field(json!({ "type": "log_normal_sigma", "std": -1.0 })), "std");
    assert_eq!(field(json!({ "type": "weighted", "weight": { "type": "min_snr", "gamma": 0.0 } })), "gamma");
    let zero = Expression::constant(0.0).unwrap();
    assert_eq!(field(json!({ "type": "weighted", "weight": { "type": "function", "weight": zero } })), "weight");
    let negative = Expression::trace(|t| t - 0.5).unwrap();
    assert_eq!(field(json!({ "type": "weighted", "weight": { "type": "function", "weight": negative } })), "weight");
    let weight = Weight::Function(thalweg_path::weight::Function { weight: Expression::trace(|t| t).unwrap() });
    assert_eq!(weight.factor(&Path::default(), Parameterization::Noise, 0.25), 0.25);
}

const LAYOUTS: [TimeLayout; 3] = [TimeLayout::Independent, TimeLayout::Stratified, TimeLayout::Antithetic];

#[test]
fn a_layout_keeps_the_uniform_distribution_of_the_batch() {
    let batch = 8;
    for kind in LAYOUTS {
        let mut all: Vec<f64> = Vec::new();
        for u in uniforms(50) {
            all.extend((0..batch).map(|row| layout(kind, u, row as f64, batch)));
        }
        all.sort_by(f64::total_cmp);
        let n = all.len() as f64;
        for (i, &u) in all.iter().enumerate() {
            assert!((u - (i as f64 + 0.5) / n).abs() < 0.02, "{kind:?}: {u} at {i}");
        }
    }
}

#[test]
fn stratified_rows_have_one_number_in_each_part_and_antithetic_pairs_add_to_one() {
    let batch = 7;
    let random = |row: usize| (0.37 * (row as f64 + 1.3)).fract();
    for row in 0..batch {
        let u = layout(TimeLayout::Stratified, random(row), row as f64, batch);
        assert_eq!((u * batch as f64).floor() as usize, row);
        assert_eq!(layout(TimeLayout::Independent, random(row), row as f64, batch), random(row));
        assert_eq!(TimeLayout::Stratified.source(row), row);
        assert_eq!(TimeLayout::Antithetic.source(row), row / 2 * 2);
    }
    let at = |row: usize| layout(TimeLayout::Antithetic, random(TimeLayout::Antithetic.source(row)), row as f64, batch);
    assert_eq!((at(0) + at(1), at(4) + at(5)), (1.0, 1.0));
    assert!(at(0) != at(2) && at(0) == random(0));
}

#[test]
fn layouts_are_exact_for_large_batches_in_single_precision() {
    let batch = 1 << 23;
    for row in [0u32, 1, 2, 12_345, 1 << 22, (1 << 22) + 1, (1 << 23) - 2, (1 << 23) - 1] {
        let at = |kind| layout(kind, Single(0.25), Single(row as f32), batch).value();
        assert_eq!(at(TimeLayout::Antithetic), if row % 2 == 0 { 0.25 } else { 0.75 }, "{row}");
        let largest = layout(TimeLayout::Stratified, Single(1.0 - f32::EPSILON / 2.0), Single(row as f32), batch).value();
        assert!(largest < 1.0 && largest > 0.0);
    }
}

#[test]
fn times_of_a_regular_range_have_positive_density_on_every_path() {
    for path in paths() {
        for sampler in samplers() {
            let TimeRange { t_min, t_max } = sampler.range(&path);
            let density = sampler.density(&path, regular_time(&path, 0.4), t_min, t_max);
            assert!(density.is_finite() && density > 0.0, "{path:?} {sampler:?}: {density}");
            assert_eq!(sampler.validate(&path, sampler.range(&path)), Ok(()), "{path:?} {sampler:?}");
        }
    }
}

#[test]
fn the_density_of_inverse_lambda_is_proportional_to_the_likelihood_weight() {
    for path in paths() {
        let TimeRange { t_min, t_max } = path.regular_range();
        let constant = 2.0 * (path.half_log_snr(t_min) - path.half_log_snr(t_max));
        for t in [0.0, 1e-3, 0.2, 0.6, 1.0].map(|x| regular_time(&path, x)) {
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
            let from = from.max(1e-9);
            let ratio = (to / from).ln();
            let term = |u: f64| {
                let t = from * (ratio * u).exp();
                path.diffusion_squared(t) / path.std(t).powi(2) * t * ratio
            };
            uniforms(n).map(term).sum::<f64>() / f64::from(n)
        };
        let middle = regular_time(&path, 0.01);
        let share = mass(t_min, middle) / mass(t_min, t_max);
        let quantile = TimeSampler::inverse_lambda().sample(&path, share, t_min, t_max);
        assert_relative(quantile, middle, 1e-4, &format!("{path:?}"));
    }
}

#[test]
fn draws_rise_with_u_and_stay_in_the_range_in_both_precisions() {
    for path in paths() {
        for sampler in samplers() {
            let TimeRange { t_min, t_max } = sampler.range(&path);
            // A weighted quantile integrates the weight anew at each call.
            let count = if matches!(sampler, TimeSampler::Weighted(_)) { 50 } else { 1000 };
            let draws: Vec<f64> = uniforms(count).map(|u| sampler.sample(&path, u, t_min, t_max)).collect();
            assert!(draws.windows(2).all(|pair| pair[0] < pair[1]), "{path:?} {sampler:?}");
            assert!(draws.iter().all(|&t| t_min <= t && t <= t_max));
            let smallest = Single(f32::MIN_POSITIVE);
            let largest = Single(1.0 - f32::EPSILON / 2.0);
            for (u, end) in [(smallest, t_min), (largest, t_max)] {
                let t = sampler.sample(&path, u, t_min, t_max);
                assert!(f64::from(t_min as f32) <= t.value() && t.value() <= f64::from(t_max as f32), "{path:?} {sampler:?}");
                if !matches!(sampler, TimeSampler::LogitNormal(_) | TimeSampler::LogNormalSigma(_)) {
                    assert_close(t.value(), end, 1e-5, "end");
                }
            }
            for (u, t) in uniforms(count).zip(draws) {
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
    let refused = |sampler: &TimeSampler, path: Path, t_min: f64, t_max: f64| {
        sampler.validate(&path, TimeRange::new(t_min, t_max)).expect_err("must be refused").field
    };
    for sampler in samplers() {
        assert_eq!(refused(&sampler, Path::default(), -0.1, 1.0), "tMin");
        assert_eq!(refused(&sampler, Path::default(), f64::NAN, 1.0), "tMin");
        assert_eq!(refused(&sampler, Path::default(), 1.0, 1.0), "tMin");
        assert_eq!(refused(&sampler, Path::default(), 0.5, 0.5), "tMax");
        assert_eq!(refused(&sampler, Path::default(), 0.5, 1.1), "tMax");
        assert_eq!(refused(&sampler, Path::default(), 0.5, f64::NAN), "tMax");
        assert!(sampler.validate(&Path::gvp(), sampler.range(&Path::gvp())).is_ok());
    }
    assert_eq!(refused(&TimeSampler::inverse_lambda(), Path::default(), 0.0, 1.0), "tMin");
    assert_eq!(refused(&TimeSampler::inverse_lambda(), Path::linear(), 1e-5, 1.0), "tMax");
    assert_eq!(refused(&TimeSampler::inverse_lambda(), Path::gvp(), 1e-5, 1.0), "tMax");
    assert!(TimeSampler::uniform().validate(&Path::linear(), TimeRange::new(0.0, 1.0)).is_ok());
    assert_eq!(TimeSampler::uniform().range(&Path::linear()).t_min, DEFAULT_T_MIN);
}
