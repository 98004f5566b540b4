//! EDM's preconditioning on every path: its constants follow from unit variances, and it is a data prediction.

use crate::support::{GaussianData, Single, assert_close, assert_relative, paths, regular_time, times};
use thalweg_path::Parameterization::Data;
use thalweg_path::{GaussianPath, Path, Preconditioning, interpolate};

const EDM: Preconditioning = Preconditioning { sigma_data: 0.5 };

/// Gaussian data of standard deviation σd: input and target are linear in (x₀, ε), whose coefficients' squares add to the variance.
#[test]
fn input_and_target_of_the_network_have_unit_variance_on_every_path() {
    for path in paths() {
        for t in [0.0, 0.01, 0.3, 0.7, 1.0].map(|x| regular_time(&path, x)) {
            let at = format!("{path:?} at {t}");
            let variance = |f: &dyn Fn(f64, f64) -> f64| (EDM.sigma_data * f(1.0, 0.0)).powi(2) + f(0.0, 1.0).powi(2);
            let input = |x0: f64, noise: f64| EDM.input(&path, t, interpolate(&path, t, x0, noise));
            let target = |x0: f64, noise: f64| EDM.target(&path, t, interpolate(&path, t, x0, noise), x0);
            assert_relative(variance(&input), 1.0, 1e-12, &at);
            assert_relative(variance(&target), 1.0, 1e-9, &at);
        }
    }
}

#[test]
fn the_constants_are_those_of_the_table_in_terms_of_the_noise_level() {
    for path in paths() {
        for t in [0.0, 0.01, 0.3, 0.7, 1.0].map(|x| regular_time(&path, x)) {
            let (sigma, sd) = ((-path.half_log_snr(t)).exp(), EDM.sigma_data);
            let c = EDM.coefficients(&path, t);
            let at = format!("{path:?} at {t}");
            let total = sigma.powi(2) + sd.powi(2);
            assert_relative(c.c_skip, sd.powi(2) / total, 1e-12, &at);
            assert_relative(c.c_out, sigma * sd / total.sqrt(), 1e-12, &at);
            assert_relative(c.c_in, 1.0 / total.sqrt(), 1e-12, &at);
            assert_close(c.c_noise, 0.25 * sigma.ln(), 1e-12, &at);
            assert_relative(EDM.loss_weight(&path, t), total / (sigma * sd).powi(2), 1e-12, &at);
            let (x, f) = (0.8, -0.3);
            assert_close(EDM.data(&path, t, x, f), c.c_skip * x / path.scale(t) + c.c_out * f, 1e-12, &at);
            assert_close(EDM.input(&path, t, x), c.c_in * x / path.scale(t), 1e-12, &at);
            assert_close(EDM.data(&path, t, x, EDM.target(&path, t, x, 1.7)), 1.7, 1e-9, &at);
        }
    }
}

/// For Gaussian data of mean 0 and the standard deviation σd, the best F is 0: everything passes by.
#[test]
fn the_skip_alone_is_the_exact_denoiser_of_gaussian_data() {
    for path in paths() {
        let data = GaussianData { path: path.clone(), mean: 0.0, std: EDM.sigma_data };
        for t in times(&path) {
            assert_close(EDM.data(&path, t, 0.9, 0.0), data.exact(Data, t, 0.9), 1e-14, &format!("{path:?} at {t}"));
        }
    }
}

/// The loss weight is infinite where x is x₀, as it must be: ‖D − x₀‖² is 0 there.
#[test]
fn data_and_input_are_finite_up_to_both_ends_in_single_precision() {
    for path in paths() {
        for t in [path.t_min(), path.t_max()].map(|t| Single(t as f32)) {
            for value in [EDM.data(&path, t, Single(0.9), Single(-0.4)), EDM.input(&path, t, Single(0.9))] {
                assert!(value.value().is_finite(), "{path:?} at {t:?}");
            }
        }
    }
    assert_eq!(EDM.data(&Path::linear(), 0.0, 0.9, 5.0), 0.9);
    assert_eq!(Preconditioning { sigma_data: 0.0 }.validate().unwrap_err().field, "sigmaData");
    assert_eq!(Preconditioning::default(), EDM);
}
