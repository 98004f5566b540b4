//! The ends of a path: a last step to σ = 0 is the datum, a first one from s = 0 is the limit of order 1, and what has no limit is refused.

use crate::mixtures::{GAUSSIAN, TWO};
use crate::schedules::{Edm, Gvp, Linear, Path, Rising, VpLinear, every_config, exponential_odes};
use thalweg_solver::{
    DdimSolver, DeisSolver, DpmAlgorithm, DpmMethod, DpmSolver, Driver, Grid, Method, OdeSolver, Problem, Quantity, Query, SdeMethod,
    SdeSolver, SolverConfig, SolverError, UniPcSolver, solve,
};

fn run(path: &dyn Path, config: &SolverConfig, t_span: &[f64], x0: f64) -> Result<f64, SolverError> {
    let mut host = |query: &Query, x: &[f64]| -> Vec<f64> {
        assert!(path.lambda(query.t).is_finite(), "nothing is evaluated where λ is infinite: {query:?}");
        x.iter().map(|&x| TWO.answer(path, query, x)).collect()
    };
    let problem = Problem { schedule: Some(path), diffusion: None };
    Ok(solve(config, problem, &mut host, t_span, &[x0])?.states.last().unwrap()[0])
}

fn to_the_datum() -> [SolverConfig; 6] {
    let dpm = DpmSolver { steps: 12, ..DpmSolver::default() };
    [
        SolverConfig::Dpm(DpmSolver { order: 3, ..dpm.clone() }),
        SolverConfig::Dpm(DpmSolver { order: 3, algorithm: DpmAlgorithm::Noise, ..dpm.clone() }),
        SolverConfig::Dpm(DpmSolver { order: 3, steps: 11, method: DpmMethod::Singlestep, ..dpm }),
        SolverConfig::UniPc(UniPcSolver { steps: 12, ..UniPcSolver::default() }),
        SolverConfig::Deis(DeisSolver { steps: 12, ..DeisSolver::default() }),
        SolverConfig::Ddim(DdimSolver { steps: 12, ..DdimSolver::default() }),
    ]
}

#[test]
fn the_last_step_to_sigma_0_is_the_datum_predicted_from_the_state_before() {
    for config in to_the_datum() {
        for (path, end) in [(&VpLinear as &dyn Path, 0.0), (&Linear, 0.0), (&Gvp, 0.0), (&Edm, 0.0), (&Rising, 1.0)] {
            let start = path.span()[0];
            let problem = Problem { schedule: Some(path), diffusion: None };
            let Driver::Fixed(driver) = config.driver(problem, &[start, end]).unwrap() else { panic!("fixed steps") };
            let last = driver.plan().steps.last().unwrap();
            let here = driver.plan().steps.last().unwrap().t;
            let newest = last.step.end.evaluations.iter().rposition(|&c| c != 0.0).unwrap();
            let gain = last.step.end.evaluations[newest];
            // x₁ = s₁D, with D = (x − σε)/s where the noise is evaluated; s₁ = 1 here.
            let (x, m) =
                if config.quantity() == Quantity::Data { (0.0, 1.0) } else { (1.0 / path.s(here), -path.sigma(here) / path.s(here)) };
            assert!((last.step.end.x - x).abs() < 1e-12 && (gain - m).abs() < 1e-12, "{} {config:?}", path.name());
            assert_eq!(last.step.end.evaluations.iter().filter(|&&c| c != 0.0).count(), 1);
            let x0 = TWO.start(path, start, 0.7);
            assert!(run(path, &config, &[start, end], x0).unwrap().is_finite());
        }
    }
}

#[test]
fn a_step_of_higher_order_to_sigma_0_is_refused_with_a_remedy() {
    for config in exponential_odes(12, &Grid::default()) {
        let error = run(&VpLinear, &config, &[1.0, 0.0], 0.3);
        let first_order = serde_json::to_value(&config).unwrap()["args"]["order"] == 1;
        assert_eq!(error.is_ok(), first_order, "{config:?}");
        if let Err(error) = error {
            assert_eq!((error.code, error.path), ("ConfigError", Some("lowerOrderFinal")));
            assert!(error.expected.contains("x = s·D") && error.expected.contains("σ > 0"), "{error}");
        }
    }
}

#[test]
fn rules_on_the_datum_start_where_s_is_0_and_still_converge() {
    let dpm =
        |steps, method| SolverConfig::Dpm(DpmSolver { order: 2, steps, method, lower_order_final: Some(false), ..DpmSolver::default() });
    let uni = |steps| SolverConfig::UniPc(UniPcSolver { order: 2, steps, lower_order_final: Some(false), ..UniPcSolver::default() });
    let ddim = |steps| SolverConfig::Ddim(DdimSolver { steps, ..DdimSolver::default() });
    let all: [(&dyn Fn(u32) -> SolverConfig, f64); 4] =
        [(&|n| dpm(n, DpmMethod::Multistep), 2.0), (&|n| dpm(n, DpmMethod::Singlestep), 2.0), (&uni, 2.0), (&ddim, 1.0)];
    for path in [&Linear as &dyn Path, &Gvp] {
        for (config, stated) in all {
            // From pure noise, where the datum is the data's mean whatever x.
            let mut host = |query: &Query, x: &[f64]| -> Vec<f64> {
                let pure = |x: f64| if path.s(query.t).abs() < 1e-15 { 0.7 } else { GAUSSIAN.answer(path, query, x) };
                x.iter().map(|&x| pure(x)).collect()
            };
            let problem = Problem { schedule: Some(path), diffusion: None };
            let exact = GAUSSIAN.flow(path, 1.0, 1.3, 0.1);
            let mut error = |n| (solve(&config(n), problem, &mut host, &[1.0, 0.1], &[1.3]).unwrap().states[1][0] - exact).abs();
            // Far apart, because the error of UniPC changes its sign between.
            let slope = (error(100) / error(1600)).ln() / 16f64.ln();
            assert!(slope > stated - 0.15, "{} {slope:.2} {:?}", path.name(), config(1));
        }
    }
}

#[test]
fn a_noise_at_s_0_a_start_at_sigma_0_and_an_sde_towards_noise_are_refused_with_a_remedy() {
    let noise = SolverConfig::Dpm(DpmSolver { algorithm: DpmAlgorithm::Noise, ..DpmSolver::default() });
    let data = SolverConfig::Dpm(DpmSolver::default());
    let ancestral = SolverConfig::Sde(SdeSolver { method: SdeMethod::Ancestral, steps: 3, ..SdeSolver::default() });
    let edm = SolverConfig::Sde(SdeSolver { method: SdeMethod::Edm, steps: 3, ..SdeSolver::default() });
    let cases = [
        (&noise, [1.0, 0.1], "s > 0"),
        (&data, [0.0, 0.5], "σ > 0"),
        (&data, [0.5, 1.0], "s > 0"),
        (&ancestral, [0.1, 0.9], "direction of data"),
        (&edm, [1.0, 0.1], "s > 0"),
        (&edm, [0.1, 0.9], "direction of data"),
    ];
    for (config, t_span, expected) in cases {
        let error = run(&Linear, config, &t_span, 0.3).unwrap_err();
        assert_eq!((error.code, error.path), ("ConfigError", Some("tSpan")), "{error}");
        assert!(error.expected.contains(expected), "{error}");
    }
}

#[test]
fn edm_ends_on_the_datum_with_one_evaluation_less() {
    let config = SolverConfig::Sde(SdeSolver { method: SdeMethod::Edm, steps: 9, grid: Grid::Karras { rho: 7.0 }, ..SdeSolver::default() });
    let Driver::Fixed(driver) = config.driver(Problem { schedule: Some(&Edm), diffusion: None }, &[80.0, 0.0]).unwrap() else {
        panic!("fixed steps")
    };
    assert_eq!(driver.plan().nfe(), 2 * 9 - 1);
    let last = &driver.plan().steps[8].step.end;
    assert!(last.x.abs() < 1e-15 && (last.evaluations[0] - 1.0).abs() < 1e-15, "{last:?}");
}

#[test]
fn a_final_denoising_step_returns_the_datum_of_the_last_state() {
    let ode = OdeSolver { denoise_final: true, ..OdeSolver::default() };
    let adaptive = SolverConfig::Ode(ode.clone());
    let fixed = SolverConfig::Ode(OdeSolver { method: Method::Ab4, steps: Some(200), ..ode });
    let multistep = SolverConfig::Dpm(DpmSolver { order: 3, steps: 200, denoise_final: true, ..DpmSolver::default() });
    let t_span = [0.95, 0.5, 0.2];
    for config in [adaptive, fixed, multistep] {
        let x0 = TWO.start(&Linear, 0.95, 0.6);
        let mut host = |query: &Query, x: &[f64]| x.iter().map(|&x| TWO.answer(&Linear, query, x)).collect::<Vec<_>>();
        let problem = Problem { schedule: Some(&Linear), diffusion: None };
        let states = solve(&config, problem, &mut host, &t_span, &[x0]).unwrap().states;
        let at_end = TWO.flow(&Linear, 0.95, x0, 0.2);
        let datum = TWO.answer(&Linear, &Query { quantity: Quantity::Data, t: 0.2, score: 0.0 }, at_end);
        assert!((states[2][0] - datum).abs() < 1e-3 && (datum - at_end).abs() > 1e-2, "{config:?}");
        assert!((states[1][0] - TWO.flow(&Linear, 0.95, x0, 0.5)).abs() < 1e-3, "earlier outputs are states");
    }
}

#[test]
fn structures_are_few_however_many_the_steps() {
    for config in every_config(60) {
        let problem = Problem { schedule: Some(&Linear), diffusion: Some(&|_| 1.0) };
        let Driver::Fixed(driver) = config.driver(problem, &[0.9, 0.1]).unwrap() else { panic!("fixed steps") };
        assert!(driver.plan().runs().len() <= 3, "{config:?}: {}", driver.plan().runs().len());
    }
}
