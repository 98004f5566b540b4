//! What losses are fitted to: x_t and the targets.

use crate::support::{GaussianData, along, assert_close, paths, regular_time};
use thalweg_path::{GaussianPath, Parameterization, interpolate, noise_target, target, velocity_target};

#[test]
fn velocity_target_is_the_time_derivative_of_the_interpolation() {
    for path in paths() {
        for t in [1e-3, 0.2, 0.5, 0.8, 0.999].map(|x| regular_time(&path, x)) {
            let (x0, noise) = (0.4, -1.3);
            let slope = along(&path, |t| interpolate(&path, t, x0, noise), t);
            assert_close(velocity_target(&path, t, x0, noise), slope, 1e-9, &format!("{path:?} at {t}"));
        }
    }
}

#[test]
fn noise_target_is_the_noise() {
    assert_eq!(noise_target(-0.7), -0.7);
}

/// E[target | x_t = x] over Gaussian x₀ and ε is linear regression: the exact function of Gaussian data.
#[test]
fn the_conditional_expectation_of_each_target_is_the_function_of_its_name() {
    for path in paths() {
        let data = GaussianData { path: path.clone(), mean: -0.3, std: 1.7 };
        for t in [0.05, 0.3, 0.5, 0.7, 0.95].map(|x| regular_time(&path, x)) {
            for kind in Parameterization::ALL {
                // target = a·x₀ + b·ε, x_t = s·x₀ + σ·ε, both with zero-mean ε.
                let (a, b) = (target(&path, kind, t, 1.0, 0.0), target(&path, kind, t, 0.0, 1.0));
                let covariance = a * path.scale(t) * data.std.powi(2) + b * path.std(t);
                for x in [-1.0, 0.5, 3.0] {
                    let expectation = a * data.mean + covariance / data.variance_at(t) * (x - data.mean_at(t));
                    assert_close(expectation, data.exact(kind, t, x), 1e-8, &format!("{path:?} at {t}: {kind:?}"));
                }
            }
        }
    }
}
