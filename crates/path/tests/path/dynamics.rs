//! The dynamics keep the path's marginals: moments of the Fokker–Planck equation on Gaussian data, for every choice of diffusion.

use crate::support::{GaussianData, along, assert_close, example, paths, preserves_variance, regular_time, regular_times};
use thalweg_path::{
    Diffusion, Expression, GaussianPath, Parameterization, Path, convert, dynamics_range, forward_sde_drift, pf_ode_drift,
    reverse_sde_drift,
};

fn diffusions() -> [Diffusion; 7] {
    [
        Diffusion::Zero,
        Diffusion::G,
        Diffusion::Constant { value: 0.7 },
        Diffusion::Sigma,
        Diffusion::Linear,
        Diffusion::GScaled { factor: 1.6 },
        Diffusion::Function { h: Expression::trace(|t| (t * 3.0).sin().abs() + 0.1).unwrap() },
    ]
}

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
        let data = GaussianData { path: path.clone(), mean: 1.2, std: 0.5 };
        for t in [1e-3, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999].map(|x| regular_time(&path, x)) {
            let score = |x: f64| data.exact(Parameterization::Score, t, x);
            let velocity = |x: f64| convert(&path, Parameterization::Score, Parameterization::Velocity, t, x, score(x));
            for diffusion in diffusions() {
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
        assert_close(got.mean, -along(&data.path, |t| data.mean_at(t), t), 1e-8, at);
        assert_close(got.variance, -along(&data.path, |t| data.variance_at(t), t), 1e-8, at);
    });
}

#[test]
fn forward_sde_follows_the_marginals_for_every_diffusion() {
    cases(|data, t, h, score, velocity, at| {
        let got = rates(data, t, h, |x| forward_sde_drift(velocity(x), score(x), h));
        assert_close(got.mean, along(&data.path, |t| data.mean_at(t), t), 1e-8, at);
        assert_close(got.variance, along(&data.path, |t| data.variance_at(t), t), 1e-8, at);
    });
}

#[test]
fn pf_ode_follows_the_marginals() {
    cases(|data, t, _, _, velocity, at| {
        let got = rates(data, t, 0.0, |x| pf_ode_drift(velocity(x)));
        assert_close(got.mean, along(&data.path, |t| data.mean_at(t), t), 1e-8, at);
        assert_close(got.variance, along(&data.path, |t| data.variance_at(t), t), 1e-8, at);
    });
}

#[test]
fn forward_sde_with_g_has_the_linear_drift_of_the_textbook() {
    for path in paths() {
        for t in [1e-3, 0.3, 0.7, 0.999].map(|x| regular_time(&path, x)) {
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
fn variance_preserving_paths_keep_the_standard_normal_stationary_under_the_pf_ode() {
    for path in paths().into_iter().filter(preserves_variance) {
        for t in regular_times(&path) {
            for x in [-3.0, 0.2, 1.0] {
                let velocity = convert(&path, Parameterization::Score, Parameterization::Velocity, t, x, -x);
                assert!(velocity.abs() <= 1e-13 * (path.drift_coefficient(t) * x).abs(), "{path:?} at {t}: {velocity}");
            }
        }
    }
    for path in [Path::gvp(), Path::default(), example("cosine_vp")] {
        assert_eq!(convert(&path, Parameterization::Score, Parameterization::Velocity, 0.0, 1.0, -1.0), 0.0, "{path:?} at the data end");
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
    let square = Expression::trace(|t| t * t).unwrap();
    assert_eq!(at(Diffusion::Function { h: square }), 0.25);
    assert_eq!(Diffusion::default(), Diffusion::Sigma);
}

#[test]
fn a_function_that_is_no_diffusion_is_refused_with_the_time() {
    let check = |h: Expression| Diffusion::Function { h }.validate_on(&Path::linear());
    assert_eq!(check(Expression::trace(|t| t).unwrap()), Ok(()));
    let negative = check(Expression::trace(|t| -t + 0.5).unwrap()).unwrap_err();
    assert_eq!(negative.field, "h");
    assert!(negative.got.starts_with("-0.00") && negative.got.contains("at t = 0.50"), "{negative}");
    assert!(check(Expression::trace(|t| (t - 0.5).ln()).unwrap()).unwrap_err().got.contains("NaN at t ="));
    assert_eq!(Diffusion::Constant { value: -1.0 }.validate_on(&Path::linear()).unwrap_err().field, "value");
    let zero = Diffusion::Function { h: Expression::constant(0.0).unwrap() };
    assert!(zero.is_zero() && !Diffusion::Function { h: Expression::constant(1.0).unwrap() }.is_zero());
}

#[test]
fn the_default_diffusion_is_finite_up_to_both_ends_of_every_path() {
    for path in paths() {
        let range = Diffusion::default().range(&path);
        assert_eq!((range.t_min, range.t_max), (path.t_min(), path.t_max()), "{path:?}");
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
