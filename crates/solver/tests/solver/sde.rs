//! SDE rules: strong orders on one Brownian path at every step size, weak orders by exact recursions of mean and variance, and each part at its time.
//! A step is linear in the state and the noises, so on Gaussian data both moments follow from its rows without sampling.

use crate::brownian::{Normal, tree};
use crate::mixtures::{Component, GAUSSIAN};
use crate::problems::log_slope;
use crate::schedules::{Linear, Path, Rising, paths, sde_dpm};
use thalweg_solver::{DdimSolver, Host, PlannedStep, Problem, Query, Result, SdeMethod, SdeSolver, SolverConfig, interpret, solve};

fn sde(method: SdeMethod, steps: u32) -> SolverConfig {
    SolverConfig::Sde(SdeSolver { method, steps, ..SdeSolver::default() })
}

/// An SDE with nonlinear drift along a given Brownian path, in time t or in falling time 1 − t.
struct Along<'a> {
    noises: &'a mut dyn FnMut(f64, f64) -> [f64; 2],
    falling: bool,
}

const DIFFUSION: fn(f64) -> f64 = |t| 0.5 + 0.25 * t;

impl Host for Along<'_> {
    fn evaluate(&mut self, query: &Query, x: &[f64]) -> Vec<f64> {
        let t = if self.falling { 1.0 - query.t } else { query.t };
        let drift = (3.0 * t).sin() + x[0] - x[0].powi(3);
        vec![if self.falling { -drift } else { drift }]
    }

    fn noise(&mut self, planned: &PlannedStep, _: usize) -> Result<Vec<Vec<f64>>> {
        let at = |t: f64| if self.falling { 1.0 - t } else { t };
        let noises = (self.noises)(at(planned.t), at(planned.end));
        Ok(noises[..planned.step.structure.noises].iter().map(|&n| vec![n]).collect())
    }
}

fn end_point(method: SdeMethod, steps: u32, seed: u64, falling: bool) -> f64 {
    let mut tree = tree(seed, 14);
    let diffusion = |t: f64| DIFFUSION(if falling { 1.0 - t } else { t });
    let mut host = Along { noises: &mut |a, b| tree.noises(a, b), falling };
    let problem = Problem { schedule: None, diffusion: Some(&diffusion) };
    let t_span = if falling { [1.0, 0.0] } else { [0.0, 1.0] };
    solve(&sde(method, steps), problem, &mut host, &t_span, &[0.3]).unwrap().states[1][0]
}

#[test]
fn strong_orders_are_1_and_for_sra1_one_and_a_half() {
    for (method, stated) in [(SdeMethod::EulerMaruyama, 1.0), (SdeMethod::Heun, 1.0), (SdeMethod::Sra1, 1.5)] {
        let counts = [64, 128, 256, 512];
        let mut errors = [0.0f64; 4];
        for seed in 0..200 {
            let exact = end_point(SdeMethod::Sra1, 4096, seed, false);
            for (error, n) in errors.iter_mut().zip(counts) {
                *error += (end_point(method, n, seed, false) - exact).powi(2) / 200.0;
            }
        }
        let points: Vec<(f64, f64)> = counts.iter().map(|&n| 1.0 / f64::from(n)).zip(errors.map(f64::sqrt)).collect();
        let order = log_slope(&points);
        assert!((order - stated).abs() < 0.12, "{}: order {order:.2} {points:?}", method.name());
    }
}

#[test]
fn falling_time_gives_the_same_path_as_rising_time() {
    for method in [SdeMethod::EulerMaruyama, SdeMethod::Heun, SdeMethod::Sra1] {
        let ends = [false, true].map(|falling| end_point(method, 64, 5, falling));
        assert!((ends[0] - ends[1]).abs() < 1e-13, "{} {ends:?}", method.name());
    }
}

/// Mean and variance after the steps of a solver, started from the exact marginal of Gaussian data: a step maps (x, noises) affinely,
/// and remembered evaluations too; columns are the constant, the first state and every noise.
fn moments(path: &dyn Path, config: &SolverConfig, diffusion: &dyn Fn(f64) -> f64) -> (f64, f64) {
    let [t, end] = path.span();
    let problem = Problem { schedule: Some(path), diffusion: Some(diffusion) };
    let mut driver = config.driver(problem, &[t, end]).unwrap();
    let thalweg_solver::Driver::Fixed(fixed) = &mut driver else { panic!("fixed steps") };
    let steps = &fixed.plan().steps;
    let columns = 2 + steps.iter().map(|s| s.step.structure.noises).sum::<usize>();
    // Column 0: the affine map at 0; the others: its linear part along one direction.
    let answer = |query: &Query, x: &[f64]| -> Vec<f64> {
        let zero = GAUSSIAN.answer(path, query, 0.0);
        let gain = GAUSSIAN.answer(path, query, 1.0) - zero;
        x.iter().enumerate().map(|(k, x)| gain * x + if k == 0 { zero } else { 0.0 }).collect()
    };
    let mut x = vec![0.0; columns];
    let first: Component = GAUSSIAN.components[0];
    let (s, sigma) = (path.s(t), path.sigma(t));
    (x[0], x[1]) = (s * first.mean, (s * s * first.variance + sigma * sigma).sqrt());
    let (mut history, mut used) = (vec![vec![0.0; columns]; steps[0].step.structure.history], 2);
    for planned in steps {
        let noise: Vec<Vec<f64>> =
            (0..planned.step.structure.noises).map(|j| (0..columns).map(|k| f64::from(u8::from(k == used + j))).collect()).collect();
        used += noise.len();
        let result = interpret(&planned.step, &mut |q: &Query, x: &[f64]| answer(q, x), &x, &history, &noise);
        history = result.history(&planned.step.structure);
        x = result.x;
    }
    (x[0], x[1..].iter().map(|c| c * c).sum())
}

/// Weak orders of mean and variance: the smaller of both.
fn weak_order(path: &dyn Path, config: impl Fn(u32) -> SolverConfig, diffusion: &dyn Fn(f64) -> f64) -> f64 {
    let (end, first) = (path.span()[1], GAUSSIAN.components[0]);
    let (s, sigma) = (path.s(end), path.sigma(end));
    let (mean, variance) = (s * first.mean, s * s * first.variance + sigma * sigma);
    let errors = [200, 400, 800].map(|n| {
        let (m, v) = moments(path, &config(n), diffusion);
        ((m - mean).abs(), (v - variance).abs())
    });
    let slope = |of: fn(&(f64, f64)) -> f64| {
        let [a, b, c] = [0, 1, 2].map(|i| of(&errors[i]));
        if c < 1e-11 { f64::INFINITY } else { (b / c).log2().max(2.0 * (b / c).log2() - (a / b).log2()) }
    };
    slope(|e| e.0).min(slope(|e| e.1))
}

#[test]
fn sde_rules_have_their_weak_order_on_every_path() {
    let stated = [
        (SdeMethod::EulerMaruyama, 1.0),
        (SdeMethod::Heun, 2.0),
        (SdeMethod::Sra1, 2.0),
        (SdeMethod::Ancestral, 1.0),
        (SdeMethod::Edm, 2.0),
    ];
    for (path, (method, stated)) in paths().into_iter().flat_map(|p| stated.map(|s| (p, s))) {
        let diffusion = |t: f64| 0.7 * path.sigma(t);
        let order = weak_order(path, |n| sde(method, n), &diffusion);
        assert!(order > stated - 0.1, "{} {}: weak order {order:.2}", path.name(), method.name());
    }
}

#[test]
fn sde_dpm_solver_has_weak_order_1_2_and_2_and_ddim_order_1_for_every_eta() {
    for path in paths() {
        for (i, stated) in [(0, 1.0), (1, 2.0), (2, 2.0)] {
            let order = weak_order(path, |n| sde_dpm(n).nth(i).unwrap(), &|_| 0.0);
            assert!(order > stated - 0.15, "{} order {}: weak order {order:.2}", path.name(), i + 1);
        }
        for eta in [0.0, 0.3, 1.0] {
            let order = weak_order(path, |steps| SolverConfig::Ddim(DdimSolver { steps, eta, ..DdimSolver::default() }), &|_| 0.0);
            assert!(order > 0.9, "{} eta {eta}: weak order {order:.2}", path.name());
        }
    }
}

#[test]
fn the_weight_of_the_score_follows_the_direction_of_time() {
    let diffusion = |t: f64| 1.0 + t;
    for (path, sign) in [(&Linear as &dyn Path, -1.0), (&Rising, 1.0)] {
        let problem = Problem { schedule: Some(path), diffusion: Some(&diffusion) };
        for method in [SdeMethod::EulerMaruyama, SdeMethod::Heun, SdeMethod::Sra1] {
            let driver = sde(method, 3).driver(problem, &path.span()).unwrap();
            let thalweg_solver::Driver::Fixed(fixed) = driver else { panic!("fixed steps") };
            for stage in fixed.plan().steps.iter().flat_map(|s| &s.step.stages) {
                assert_eq!(stage.score, sign * 0.5 * diffusion(stage.t).powi(2), "{}", method.name());
            }
        }
    }
}

#[test]
fn a_diffusion_that_is_infinite_is_refused_where_it_is() {
    let diffusion = |t: f64| 1.0 / (1.0 - t);
    let problem = Problem { schedule: None, diffusion: Some(&diffusion) };
    let error = sde(SdeMethod::EulerMaruyama, 3).driver(problem, &[1.0, 0.0]).unwrap_err();
    assert_eq!((error.code, error.path, error.got.as_str()), ("ConfigError", Some("tSpan"), "inf at t = 1"));
}

#[test]
fn a_host_without_noise_is_an_error_not_a_sample_without_noise() {
    let problem = Problem { schedule: None, diffusion: Some(&|_| 1.0) };
    let mut host = |_: &Query, x: &[f64]| vec![-x[0]];
    let error = solve(&sde(SdeMethod::Heun, 3), problem, &mut host, &[0.0, 1.0], &[1.0]).unwrap_err();
    assert!(error.message.contains("wants noise"), "{error}");
}

#[test]
fn test_numbers_are_normal() {
    let mut normal = Normal(3);
    let draws: Vec<f64> = (0..20_000).map(|_| normal.next()).collect();
    let moment = |p: i32| draws.iter().map(|x| x.powi(p)).sum::<f64>() / draws.len() as f64;
    assert!(moment(1).abs() < 0.03 && (moment(2) - 1.0).abs() < 0.04 && (moment(4) - 3.0).abs() < 0.3);
}
