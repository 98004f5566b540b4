//! Solvers that must coincide do, number by number: the same step under two names, or a limit of one that is another.
//! Steps are compared as data, and samples where the data differ in form.

use crate::mixtures::TWO;
use crate::schedules::{Path, VpLinear, paths};
use thalweg_solver::{
    DdimSolver, DeisSolver, DpmAlgorithm, DpmMethod, DpmSolver, Driver, Grid, Host, Method, OdeSolver, PlannedStep, Problem, Query, Result,
    SdeMethod, SdeSolver, SolverConfig, Step, Thresholding, UniPcPrediction, UniPcSolver, solve,
};

fn steps(path: &dyn Path, config: SolverConfig) -> Vec<Step> {
    let problem = Problem { schedule: Some(path), diffusion: Some(&|_| 0.0) };
    let Driver::Fixed(driver) = config.driver(problem, &path.span()).unwrap() else { panic!("fixed steps") };
    driver.plan().steps.iter().map(|s| s.step.clone()).collect()
}

fn dpm(order: u32, algorithm: DpmAlgorithm, method: DpmMethod) -> DpmSolver {
    DpmSolver { order, steps: 10, algorithm, method, lower_order_final: Some(false), ..DpmSolver::default() }
}

fn assert_same(a: &[Step], b: &[Step], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.structure, b.structure, "{what}");
        let worst = a.flat().iter().zip(b.flat()).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max);
        assert!(worst < 1e-12, "{what}: {worst}");
    }
}

/// A host with fixed noise.
struct Exact<'a> {
    path: &'a dyn Path,
    noise: f64,
}

impl Host for Exact<'_> {
    fn evaluate(&mut self, query: &Query, x: &[f64]) -> Vec<f64> {
        x.iter().map(|&x| TWO.answer(self.path, query, x)).collect()
    }

    fn noise(&mut self, planned: &PlannedStep, elements: usize) -> Result<Vec<Vec<f64>>> {
        Ok(vec![vec![self.noise; elements]; planned.step.structure.noises])
    }
}

fn sample(path: &dyn Path, config: &SolverConfig, noise: f64) -> Vec<f64> {
    let problem = Problem { schedule: Some(path), diffusion: Some(&|_| 0.0) };
    let start = TWO.start(path, path.span()[0], 0.8);
    solve(config, problem, &mut Exact { path, noise }, &path.span(), &[start]).unwrap().states[1].clone()
}

#[test]
fn first_orders_are_ddim() {
    for path in paths() {
        let ddim = steps(path, SolverConfig::Ddim(DdimSolver { steps: 10, ..DdimSolver::default() }));
        for method in [DpmMethod::Singlestep, DpmMethod::Multistep] {
            assert_same(&steps(path, SolverConfig::Dpm(dpm(1, DpmAlgorithm::Data, method))), &ddim, path.name());
        }
        let noise = steps(path, SolverConfig::Dpm(dpm(1, DpmAlgorithm::Noise, DpmMethod::Multistep)));
        let deis = DeisSolver { order: 1, steps: 10, lower_order_final: Some(false), ..DeisSolver::default() };
        assert_same(&steps(path, SolverConfig::Deis(deis)), &noise, path.name());
        // On the noise and on the datum it is the same map.
        let on_noise = sample(path, &SolverConfig::Dpm(dpm(1, DpmAlgorithm::Noise, DpmMethod::Multistep)), 0.0);
        let on_data = sample(path, &SolverConfig::Ddim(DdimSolver { steps: 10, ..DdimSolver::default() }), 0.0);
        assert!((on_noise[0] - on_data[0]).abs() < 1e-11, "{}", path.name());
    }
}

#[test]
fn ancestral_sampling_is_ddim_with_eta_1_is_sde_dpm_solver_1() {
    for path in paths() {
        let ddim = steps(path, SolverConfig::Ddim(DdimSolver { steps: 10, eta: 1.0, ..DdimSolver::default() }));
        let ancestral = SdeSolver { method: SdeMethod::Ancestral, steps: 10, ..SdeSolver::default() };
        assert_same(&steps(path, SolverConfig::Sde(ancestral)), &ddim, path.name());
        assert_same(&steps(path, SolverConfig::Dpm(dpm(1, DpmAlgorithm::Sde, DpmMethod::Multistep))), &ddim, path.name());
    }
}

#[test]
fn ancestral_steps_on_vp_are_those_of_ddpm() {
    let all = steps(&VpLinear, SolverConfig::Ddim(DdimSolver { steps: 10, eta: 1.0, ..DdimSolver::default() }));
    let times = Grid::Uniform {}.nodes(Problem::default(), &VpLinear.span(), 10).unwrap().times;
    for (step, w) in all.iter().zip(times.windows(2)) {
        let [bar, before] = [w[0], w[1]].map(|t| thalweg_solver::Schedule::s(&VpLinear, t).powi(2));
        let alpha = bar / before;
        // Ho et al. 2020, equations 6 and 7.
        let datum = before.sqrt() * (1.0 - alpha) / (1.0 - bar);
        let state = alpha.sqrt() * (1.0 - before) / (1.0 - bar);
        let spread = ((1.0 - before) / (1.0 - bar) * (1.0 - alpha)).sqrt();
        let expected = [state, datum, spread];
        let got = [step.end.x, step.end.evaluations[0], step.end.noise[0]];
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{got:?} {expected:?}");
    }
}

#[test]
fn edm_without_churn_is_heun_in_the_noise_level_and_needs_no_noise() {
    let edm = SolverConfig::Sde(SdeSolver { method: SdeMethod::Edm, steps: 12, ..SdeSolver::default() });
    // With s = 1 and σ = t the velocity is (x − D)/σ.
    let heun = SolverConfig::Ode(OdeSolver { method: Method::Heun2, steps: Some(12), ..OdeSolver::default() });
    let path = &crate::schedules::Edm;
    assert!((sample(path, &edm, 3.0)[0] - sample(path, &heun, 0.0)[0]).abs() < 1e-13);
}

#[test]
fn churn_adds_the_variance_that_it_takes_back_in_time() {
    let churned = SdeSolver { method: SdeMethod::Edm, steps: 10, churn: 3.0, s_noise: 1.003, ..SdeSolver::default() };
    for path in paths() {
        for (i, step) in steps(path, SolverConfig::Sde(churned.clone())).iter().enumerate().skip(3) {
            let row = &step.stages[0].row;
            let level = |t: f64| path.sigma(t) / path.s(t);
            let time = step.stages[0].t;
            let before = (-path.lambda(time)).exp() / 1.3;
            assert!((level(time) - 1.3 * before).abs() < 1e-12 * level(time));
            let added = row.noise[0] / path.s(time);
            assert!((added / 1.003 - before * (1.3f64.powi(2) - 1.0).sqrt()).abs() < 1e-11, "{} {i}", path.name());
        }
        let first = &steps(path, SolverConfig::Sde(churned.clone()))[0];
        assert_eq!((first.stages[0].t, first.stages[0].row.noise[0]), (path.span()[0], 0.0), "no noise beyond the start");
    }
}

#[test]
fn unipc_predicts_with_the_multistep_formulas() {
    // Without a correction in the last step, one step of UniPC is DPM-Solver of order 1.
    for (prediction, algorithm) in [(UniPcPrediction::Data, DpmAlgorithm::Data), (UniPcPrediction::Noise, DpmAlgorithm::Noise)] {
        for path in paths() {
            let uni = UniPcSolver { order: 1, steps: 1, prediction, ..UniPcSolver::default() };
            let dpm = DpmSolver { steps: 1, ..dpm(1, algorithm, DpmMethod::Multistep) };
            let pair = [SolverConfig::UniPc(uni), SolverConfig::Dpm(dpm)].map(|config| sample(path, &config, 0.0)[0]);
            assert!((pair[0] - pair[1]).abs() < 1e-13, "{}: {pair:?}", path.name());
        }
    }
}

#[test]
fn thresholding_clips_every_datum_and_only_if_it_is_out_of_range() {
    let config = |floor: f64| {
        SolverConfig::Ddim(DdimSolver { steps: 5, thresholding: Some(Thresholding { percentile: 1.0, floor }), ..DdimSolver::default() })
    };
    let plain = SolverConfig::Ddim(DdimSolver { steps: 5, ..DdimSolver::default() });
    let pair = [config(100.0), plain.clone()].map(|config| sample(&VpLinear, &config, 0.0)[0]);
    assert!((pair[0] - pair[1]).abs() < 1e-12, "{pair:?}");
    // Of a sample of one element the quantile is its magnitude: the datum becomes ±floor.
    let clipped = sample(&VpLinear, &config(1e-3), 0.0)[0];
    let host = &mut |_: &Query, x: &[f64]| x.iter().map(|x| 1e-3f64.copysign(*x)).collect::<Vec<_>>();
    let problem = Problem { schedule: Some(&VpLinear), diffusion: None };
    let start = TWO.start(&VpLinear, 0.95, 0.8);
    let expected = solve(&plain, problem, host, &VpLinear.span(), &[start]).unwrap().states[1][0];
    assert!((clipped - expected).abs() < 1e-13, "{clipped} {expected}");
}
