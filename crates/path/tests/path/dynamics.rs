//! The dynamics keep the path's marginals: moments of the Fokker–Planck equation on Gaussian data, for every choice of diffusion.

use crate::support::{GaussianData, assert_close, derivative, paths};
use thalweg_path::{
    Diffusion, GaussianPath, Parameterization, Path, convert, dynamics_range, forward_sde_drift, pf_ode_drift, reverse_sde_drift,
};

const DIFFUSIONS: [Diffusion; 6] = [
    Diffusion::Zero,
    Diffusion::G,
    Diffusion::Constant { value: 0.7 },
    Diffusion::Sigma,
    Diffusion::Linear,
    Diffusion::GScaled { factor: 1.6 },
];

/// Rates of change of mean and variance under dx = drift(x) dt + h dW, for an affine drift.
struct Rates {
    mean: f64,
    variance: f64,
}

fn rates(data: &GaussianData, t: f64, h: f64, drift: impl Fn(f64) -> f64) -> Rates {
    let (mean, variance) = (data.mean_at(t), data.variance_at(t));
    let slope = drift(mean + 1.0) - drift(mean);
    Rates { mean: drift(mean), variance: 2.0 * slope * variance + h * h }
}

/// Calls `check` with Gaussian data on every path, a time, h, and the exact score and velocity from the path's own conversion.
fn cases(check: impl Fn(&GaussianData, f64, f64, &dyn Fn(f64) -> f64, &dyn Fn(f64) -> f64, &str)) {
    for path in paths() {
        let data = GaussianData { path, mean: 1.2, std: 0.5 };
        for t in [1e-3, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999] {
            let score = |x: f64| data.exact(Parameterization::Score, t, x);
            let velocity = |x: f64| convert(&path, Parameterization::Score, Parameterization::Velocity, t, x, score(x));
            for diffusion in DIFFUSIONS {
                let h = diffusion.h(&path, t);
                check(&data, t, h, &score, &velocity, &format!("{path:?} at {t}, {diffusion:?}"));
            }
        }
    }
}

#[test]
fn reverse_sde_retraces_the_marginals_for_every_diffusion() {
    cases(|data, t, h, score, velocity, at| {
        let got = rates(data, t, h, |x| reverse_sde_drift(velocity(x), score(x), h));
        assert_close(got.mean, -derivative(|t| data.mean_at(t), t), 1e-8, at);
        assert_close(got.variance, -derivative(|t| data.variance_at(t), t), 1e-8, at);
    });
}

#[test]
fn forward_sde_follows_the_marginals_for_every_diffusion() {
    cases(|data, t, h, score, velocity, at| {
        let got = rates(data, t, h, |x| forward_sde_drift(velocity(x), score(x), h));
        assert_close(got.mean, derivative(|t| data.mean_at(t), t), 1e-8, at);
        assert_close(got.variance, derivative(|t| data.variance_at(t), t), 1e-8, at);
    });
}

#[test]
fn pf_ode_follows_the_marginals() {
    cases(|data, t, _, _, velocity, at| {
        let got = rates(data, t, 0.0, |x| pf_ode_drift(velocity(x)));
        assert_close(got.mean, derivative(|t| data.mean_at(t), t), 1e-8, at);
        assert_close(got.variance, derivative(|t| data.variance_at(t), t), 1e-8, at);
    });
}

#[test]
fn forward_sde_with_g_has_the_linear_drift_of_the_textbook() {
    for path in paths() {
        for t in [1e-3, 0.3, 0.7, 0.999] {
            for (x, score) in [(0.4, -2.0), (-1.5, 0.3)] {
                let velocity = convert(&path, Parameterization::Score, Parameterization::Velocity, t, x, score);
                let drift = forward_sde_drift(velocity, score, path.diffusion(t));
                assert_close(drift, path.drift_coefficient(t) * x, 1e-11, &format!("{path:?} at {t}"));
                let back = reverse_sde_drift(velocity, score, path.diffusion(t));
                let textbook = path.diffusion_squared(t) * score - path.drift_coefficient(t) * x;
                assert_close(back, textbook, 1e-11, &format!("{path:?} at {t}"));
            }
        }
    }
}

#[test]
fn gvp_keeps_the_standard_normal_stationary_under_the_pf_ode() {
    for path in [Path::gvp(), Path::default()] {
        for t in [0.0, 1e-3, 0.1, 0.5, 0.9, 0.99, 0.999] {
            for x in [-3.0, 0.2, 1.0] {
                let velocity = convert(&path, Parameterization::Score, Parameterization::Velocity, t, x, -x);
                assert!(velocity.abs() <= 1e-13 * (path.drift_coefficient(t) * x).abs(), "{path:?} at {t}: {velocity}");
            }
        }
    }
}

#[test]
fn diffusions_are_what_they_are_called() {
    let path = Path::linear();
    let at = |diffusion: Diffusion| diffusion.h(&path, 0.5);
    assert_eq!(at(Diffusion::Zero), 0.0);
    assert_close(at(Diffusion::G), 2f64.sqrt(), 1e-15, "g");
    assert_eq!(at(Diffusion::Constant { value: 0.3 }), 0.3);
    assert_eq!(at(Diffusion::Sigma), 0.5);
    assert_eq!(at(Diffusion::Linear), 0.5);
    assert_close(at(Diffusion::GScaled { factor: 2.0 }), 8f64.sqrt(), 1e-15, "2g");
    assert_eq!(Diffusion::default(), Diffusion::Sigma);
}

#[test]
fn the_default_diffusion_is_finite_up_to_both_ends_of_every_path() {
    for path in paths() {
        let range = Diffusion::default().range(&path);
        assert_eq!((range.t_min, range.t_max), (0.0, path.t_max()), "{path:?}");
    }
    assert_eq!(Diffusion::G.range(&Path::linear()).t_max, 0.999);
    assert_eq!(Diffusion::G.range(&Path::default()).t_max, 1.0);
}

#[test]
fn a_dynamics_reaches_as_far_as_everything_that_it_needs() {
    use Parameterization::{Data, Noise, Score, Velocity};
    let ends = |path: &Path, kind, diffusion| {
        let range = dynamics_range(path, kind, &diffusion);
        (range.t_min, range.t_max)
    };
    assert_eq!(ends(&Path::gvp(), Velocity, Diffusion::Zero), (0.0, 1.0));
    assert_eq!(ends(&Path::gvp(), Velocity, Diffusion::Sigma), (1e-5, 1.0));
    assert_eq!(ends(&Path::gvp(), Velocity, Diffusion::G), (1e-5, 0.999));
    assert_eq!(ends(&Path::gvp(), Noise, Diffusion::Zero), (0.0, 0.999));
    assert_eq!(ends(&Path::gvp(), Data, Diffusion::Zero), (1e-5, 1.0));
    assert_eq!(ends(&Path::default(), Score, Diffusion::G), (0.0, 1.0));
    assert_eq!(ends(&Path::default(), Noise, Diffusion::Constant { value: 0.0 }), (1e-5, 1.0));
}
