//! Initial value problems with known solutions: scalar ones that depend on time and are not linear, and probability-flow ODEs.
//! The latter carry Gaussian data N(m, v) through each path; their velocity is written out here, independently of the path crate.

use std::f64::consts::PI;
use thalweg_solver::{OdeSolver, Problem as Setting, Query, Result, Solution, SolverConfig, solve};

/// Integrates dx/dt = f(t, x).
pub fn integrate(settings: &OdeSolver, mut f: impl FnMut(f64, &[f64]) -> Vec<f64>, t_span: &[f64], x0: &[f64]) -> Result<Solution> {
    let mut host = |query: &Query, x: &[f64]| f(query.t, x);
    solve(&SolverConfig::Ode(settings.clone()), Setting::default(), &mut host, t_span, x0)
}

/// A scalar problem with its solution.
pub struct Problem {
    pub name: &'static str,
    pub t_span: [f64; 2],
    pub f: fn(f64, f64) -> f64,
    pub exact: fn(f64) -> f64,
}

pub const NONLINEAR: [Problem; 2] = [
    Problem {
        name: "x' = 3x² cos 3t",
        t_span: [0.0, 4.0],
        f: |t, x| 3.0 * x * x * (3.0 * t).cos(),
        exact: |t| 1.0 / (2.0 - (3.0 * t).sin()),
    },
    Problem {
        name: "x' = 2tx(1 − x), backwards in time",
        t_span: [2.0, -1.0],
        f: |t, x| 2.0 * t * x * (1.0 - x),
        exact: |t| 1.0 / (1.0 + (-t * t).exp()),
    },
];

/// Mean and variance of the data, and the standardised starting point of the trajectory.
const MEAN: f64 = 0.7;
const VARIANCE: f64 = 0.3;
const START: f64 = 1.2;
const BETA: [f64; 2] = [0.1, 20.0];

/// A path at one time: s, ṡ, σ² and σσ̇, all finite for every t ∈ [0, 1].
struct At {
    s: f64,
    ds: f64,
    variance: f64,
    half_rate: f64,
}

fn linear_vp_sde(t: f64) -> At {
    let s = (-0.25 * t * t * (BETA[1] - BETA[0]) - 0.5 * t * BETA[0]).exp();
    let beta = BETA[0] + t * (BETA[1] - BETA[0]);
    At { s, ds: -0.5 * beta * s, variance: 1.0 - s * s, half_rate: 0.5 * beta * s * s }
}

fn linear(t: f64) -> At {
    At { s: 1.0 - t, ds: -1.0, variance: t * t, half_rate: t }
}

fn gvp(t: f64) -> At {
    let (sin, cos) = (PI * t / 2.0).sin_cos();
    At { s: cos, ds: -PI / 2.0 * sin, variance: sin * sin, half_rate: PI / 2.0 * sin * cos }
}

/// v(x, t) = ṡm + (sṡv + σσ̇)/(s²v + σ²)·(x − sm).
fn velocity(at: &At, x: f64) -> f64 {
    let rate = (at.s * at.ds * VARIANCE + at.half_rate) / (at.s * at.s * VARIANCE + at.variance);
    at.ds * MEAN + rate * (x - at.s * MEAN)
}

/// The trajectory keeps its place in the marginal: x = sm + √(s²v + σ²)·ξ.
fn trajectory(at: &At) -> f64 {
    at.s * MEAN + (at.s * at.s * VARIANCE + at.variance).sqrt() * START
}

/// From noise (t = 1) to data (t = 0).
pub const PROBABILITY_FLOWS: [Problem; 3] = [
    Problem {
        name: "linear_vp_sde",
        t_span: [1.0, 0.0],
        f: |t, x| velocity(&linear_vp_sde(t), x),
        exact: |t| trajectory(&linear_vp_sde(t)),
    },
    Problem { name: "linear", t_span: [1.0, 0.0], f: |t, x| velocity(&linear(t), x), exact: |t| trajectory(&linear(t)) },
    Problem { name: "gvp", t_span: [1.0, 0.0], f: |t, x| velocity(&gvp(t), x), exact: |t| trajectory(&gvp(t)) },
];

pub fn all() -> impl Iterator<Item = &'static Problem> {
    NONLINEAR.iter().chain(&PROBABILITY_FLOWS)
}

/// Slope of log y against log x by least squares.
pub fn log_slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let (mx, my) = (logs.iter().map(|p| p.0).sum::<f64>() / n, logs.iter().map(|p| p.1).sum::<f64>() / n);
    let covariance: f64 = logs.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    covariance / logs.iter().map(|p| (p.0 - mx).powi(2)).sum::<f64>()
}

#[test]
fn every_stated_solution_solves_its_problem() {
    for p in all() {
        for i in 1..20 {
            let t = p.t_span[0] + (p.t_span[1] - p.t_span[0]) * f64::from(i) / 20.0;
            let d = 1e-5;
            let slope = ((p.exact)(t + d) - (p.exact)(t - d)) / (2.0 * d);
            assert!((slope - (p.f)(t, (p.exact)(t))).abs() < 1e-7, "{} at {t}", p.name);
        }
    }
}
