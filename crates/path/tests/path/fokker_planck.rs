//! The marginals of mixture data solve the continuity and Fokker–Planck equations of every path and diffusion, by finite differences;
//! this needs no moment, no Gaussian and no conversion of its own.

use crate::support::{along, assert_close, derivative, paths, regular_time};
use thalweg_path::Parameterization::{Score, Velocity};
use thalweg_path::{Diffusion, GaussianPath, Path, convert, forward_sde_drift, reverse_sde_drift};

/// Weight, mean and standard deviation of each part of the data.
pub const MIXTURE: [(f64, f64, f64); 3] = [(0.5, -1.0, 0.4), (0.3, 0.8, 0.25), (0.2, 2.0, 0.7)];

/// The density of x_t.
pub fn density(path: &Path, t: f64, x: f64) -> f64 {
    parts(path, t, x).map(|(p, _)| p).sum()
}

/// The score of x_t.
pub fn score(path: &Path, t: f64, x: f64) -> f64 {
    parts(path, t, x).map(|(p, slope)| p * slope).sum::<f64>() / density(path, t, x)
}

/// Density and score of each part.
fn parts(path: &Path, t: f64, x: f64) -> impl Iterator<Item = (f64, f64)> {
    let (s, sigma) = (path.scale(t), path.std(t));
    MIXTURE.into_iter().map(move |(weight, mean, std)| {
        let (m, v) = (s * mean, (s * std).powi(2) + sigma.powi(2));
        (weight * (-(x - m).powi(2) / (2.0 * v)).exp() / (2.0 * std::f64::consts::PI * v).sqrt(), (m - x) / v)
    })
}

/// Calls `check` with each path, a time and points where there is mass, and the standard deviation of x_t.
fn everywhere(check: impl Fn(&Path, f64, f64, f64)) {
    for path in paths() {
        for t in [0.02, 0.2, 0.5, 0.8, 0.98].map(|x| regular_time(&path, x)) {
            let spread = (path.scale(t).powi(2) + path.std(t).powi(2)).sqrt();
            for x in [-1.2, 0.3, 1.0] {
                check(&path, t, x * spread, spread);
            }
        }
    }
}

/// ∂(f)/∂x in units of the spread.
fn slope(f: impl Fn(f64) -> f64, x: f64, spread: f64) -> f64 {
    let step = 0.5 * spread;
    derivative(|u| f(x + (u - 0.5) * step), 0.5) / step
}

#[test]
fn the_density_of_mixture_data_is_carried_by_the_velocity_of_its_score() {
    everywhere(|path, t, x, spread| {
        let velocity = |x: f64| convert(path, Score, Velocity, t, x, score(path, t, x));
        let change = along(path, |t| density(path, t, x), t);
        let flux = slope(|x| density(path, t, x) * velocity(x), x, spread);
        assert_close(
            (change + flux) / density(path, t, x),
            0.0,
            1e-6 * (1.0 + (flux / density(path, t, x)).abs()),
            &format!("{path:?} at {t}, {x}"),
        );
    });
}

#[test]
fn every_diffusion_has_the_same_marginals_forwards_and_backwards() {
    everywhere(|path, t, x, spread| {
        for diffusion in [Diffusion::G, Diffusion::Sigma, Diffusion::Constant { value: 0.7 }] {
            let h: f64 = diffusion.h(path, t);
            let change = along(path, |t| density(path, t, x), t);
            let velocity = |x: f64| convert(path, Score, Velocity, t, x, score(path, t, x));
            let diffuse = 0.5 * h * h * slope(|x| density(path, t, x) * score(path, t, x), x, spread);
            let forward = slope(|x| density(path, t, x) * forward_sde_drift(velocity(x), score(path, t, x), h), x, spread);
            let backward = slope(|x| density(path, t, x) * reverse_sde_drift(velocity(x), score(path, t, x), h), x, spread);
            let size = density(path, t, x) + change.abs() + forward.abs() + backward.abs() + diffuse.abs();
            let what = format!("{path:?} at {t}, {x}, {diffusion:?}");
            assert_close((change + forward - diffuse) / size, 0.0, 1e-6, &format!("{what}, forwards"));
            assert_close((-change + backward - diffuse) / size, 0.0, 1e-6, &format!("{what}, backwards"));
        }
    });
}

/// Along a trajectory of the probability-flow ODE the noise level of Gaussian data at its quantile stays: x(t) = m(t) + z √v(t).
#[test]
fn exact_gaussian_scores_satisfy_the_pf_ode() {
    let (mean, std) = (0.7, 0.5);
    for path in paths() {
        let moments = |t: f64| (path.scale(t) * mean, ((path.scale(t) * std).powi(2) + path.std(t).powi(2)).sqrt());
        for t in [0.001, 0.1, 0.4, 0.9, 0.999].map(|x| regular_time(&path, x)) {
            for z in [-2.0, 0.0, 0.7] {
                let trajectory = |t: f64| moments(t).0 + z * moments(t).1;
                let (m, spread) = moments(t);
                let x = trajectory(t);
                let exact = (m - x) / spread.powi(2);
                assert_close(convert(&path, Score, Velocity, t, x, exact), along(&path, trajectory, t), 1e-8, &format!("{path:?} at {t}"));
            }
        }
    }
}
