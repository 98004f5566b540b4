//! Weights: the published special cases, and that what is compared does not change a weighted loss.

use crate::support::{GaussianData, assert_close, assert_relative, paths, preserves_variance, read, regular_time};
use serde_json::json;
use thalweg_path::Parameterization::{self, Data, Noise, Score, Velocity};
use thalweg_path::{
    Expression, GaussianPath, Path, TimeDensity, TimeRange, TimeSampler, Weight, convert, error_gain, likelihood_weight, snr,
};

/// One of each kind.
pub fn weights() -> Vec<Weight> {
    let rise = Expression::trace(|t| t * t + 0.5).unwrap();
    Weight::NAMES
        .iter()
        .map(|&name| match name {
            "function" => read(json!({ "type": name, "weight": rise })),
            name => read(json!({ "type": name })),
        })
        .collect()
}

fn cases(check: impl Fn(&Path, f64, &str)) {
    for path in paths() {
        for t in [0.01, 0.2, 0.5, 0.8, 0.99].map(|x| regular_time(&path, x)) {
            check(&path, t, &format!("{path:?} at {t}"));
        }
    }
}

#[test]
fn an_error_of_the_data_grows_by_the_gain_in_every_other_quantity() {
    cases(|path, t, at| {
        let x = 0.4;
        for kind in Parameterization::ALL {
            let change = convert(path, Data, kind, t, x, 1.3) - convert(path, Data, kind, t, x, 0.3);
            assert_relative(error_gain(path, kind, t), change.abs(), 1e-9, &format!("{at}: {kind:?}"));
        }
    });
}

#[test]
fn a_weighted_loss_does_not_depend_on_what_is_compared() {
    cases(|path, t, at| {
        let data = GaussianData { path: path.clone(), mean: 0.2, std: 0.7 };
        let (x, wrong) = (0.4, 0.9);
        let exact = data.exact(Data, t, x);
        for weight in weights().into_iter().filter(|weight| !matches!(weight, Weight::Function(_))) {
            let loss = |kind| {
                let error = convert(path, Data, kind, t, x, wrong) - convert(path, Data, kind, t, x, exact);
                weight.factor(path, kind, t) * error * error
            };
            for kind in [Score, Noise, Velocity] {
                assert_relative(loss(kind), loss(Data), 1e-8, &format!("{at}: {weight:?} of {kind:?}"));
            }
        }
    });
}

/// Hang et al. 2023: min(SNR, γ)/SNR of the noise error, min(SNR, γ)/(SNR + 1) of the velocity error where s² + σ² = 1 and v is the
/// derivative with respect to the angle, which is Δ times slower here.
#[test]
fn min_snr_has_the_published_forms_for_noise_and_velocity() {
    cases(|path, t, at| {
        let ratio = snr(path, t);
        for gamma in [1.0, 5.0] {
            let weight: Weight = read(json!({ "type": "min_snr", "gamma": gamma }));
            assert_relative(weight.factor(path, Data, t), ratio.min(gamma), 1e-12, at);
            assert_relative(weight.factor(path, Noise, t), ratio.min(gamma) / ratio, 1e-12, at);
            if preserves_variance(path) {
                let published = ratio.min(gamma) / (ratio + 1.0);
                assert_relative(weight.factor(path, Velocity, t) * path.delta(t).powi(2), published, 1e-12, at);
            }
        }
    });
    assert_eq!(read::<Weight>(json!({ "type": "min_snr" })), read::<Weight>(json!({ "type": "min_snr", "gamma": 5.0 })));
}

#[test]
fn likelihood_weighs_the_noise_error_by_g_squared_over_sigma_squared() {
    let weight: Weight = read(json!({ "type": "likelihood" }));
    cases(|path, t, at| {
        assert_relative(weight.factor(path, Noise, t), path.diffusion_squared(t) / path.std(t).powi(2), 1e-11, at);
        assert_relative(weight.factor(path, Score, t), path.diffusion_squared(t), 1e-11, at);
        let range = path.regular_range();
        let density = TimeSampler::inverse_lambda().density(path, t, range.t_min, range.t_max);
        let constant = 2.0 * (path.half_log_snr(range.t_min) - path.half_log_snr(range.t_max));
        assert_relative(weight.factor(path, Noise, t) / density, constant, 1e-11, at);
    });
}

#[test]
fn sigmoid_fades_out_the_fine_end_of_the_likelihood() {
    let (near, far): (Weight, Weight) =
        (read(json!({ "type": "sigmoid", "bias": -1.0 })), read(json!({ "type": "sigmoid", "bias": 200.0 })));
    cases(|path, t, at| {
        let log_snr = 2.0 * path.half_log_snr(t);
        let published = 1.0 / (1.0 + (log_snr + 1.0).exp()) * likelihood_weight(path, t);
        assert_relative(near.factor(path, Noise, t), published, 1e-12, at);
        assert_relative(far.factor(path, Noise, t), likelihood_weight(path, t), 1e-12, at);
    });
}

#[test]
fn truncated_snr_is_the_larger_error_of_data_and_noise_and_edm_that_of_the_network() {
    let truncated: Weight = read(json!({ "type": "truncated_snr" }));
    let edm: Weight = read(json!({ "type": "edm", "sigmaData": 0.8 }));
    cases(|path, t, at| {
        let ratio = snr(path, t);
        assert_relative(truncated.factor(path, Data, t), ratio.max(1.0), 1e-14, at);
        assert_relative(truncated.factor(path, Noise, t), 1f64.max(1.0 / ratio), 1e-12, at);
        let sigma2 = 1.0 / ratio;
        assert_relative(edm.factor(path, Data, t), (sigma2 + 0.64) / (sigma2 * 0.64), 1e-12, at);
    });
}

/// 0 · ∞ at s = 0: the weight of the noise error has no value there, that of velocity and data has.
#[test]
fn a_weight_is_finite_over_its_whole_range() {
    for path in paths() {
        for weight in weights() {
            for kind in Parameterization::ALL {
                let range = weight.range(&path, kind);
                for t in [range.t_min, range.t_max] {
                    assert!(weight.factor(&path, kind, t).is_finite(), "{weight:?} of {kind:?} on {path:?} at {t}");
                }
            }
        }
    }
    let min_snr: Weight = read(json!({ "type": "min_snr" }));
    assert_eq!(min_snr.range(&Path::linear(), Noise).t_max, 0.999);
    assert_eq!(min_snr.range(&Path::linear(), Velocity), TimeRange::new(0.0, 1.0));
}

#[test]
fn a_function_multiplies_the_loss_as_it_is() {
    let square = Weight::Function(thalweg_path::weight::Function { weight: Expression::trace(|t| t * t).unwrap() });
    cases(|path, t, at| {
        for kind in Parameterization::ALL {
            assert_close(square.factor(path, kind, t), t * t, 0.0, at);
        }
    });
}

#[test]
fn parameters_that_give_no_weight_are_refused_by_field() {
    let field = |config| read::<Weight>(config).validate(&Path::default()).expect_err("must be refused").field;
    assert_eq!(field(json!({ "type": "min_snr", "gamma": -1.0 })), "gamma");
    assert_eq!(field(json!({ "type": "edm", "sigmaData": 0.0 })), "sigmaData");
    let falls = Expression::trace(|t| -t).unwrap();
    assert_eq!(field(json!({ "type": "function", "weight": falls })), "weight");
    for path in paths() {
        for weight in weights() {
            assert_eq!(weight.validate(&path), Ok(()), "{weight:?}");
        }
    }
}
