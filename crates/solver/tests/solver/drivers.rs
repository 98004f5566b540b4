//! Grids and fixed steps: what spans are refused, where steps fall, what is counted.

use crate::problems::integrate;
use thalweg_solver::{Action, Driver, Method, OdeSolver, Output, Problem, SdeSolver, SolverConfig, uniform_grid, validate_grid};

/// The driver of `steps` steps of a method.
fn fixed(method: Method, t_span: &[f64], steps: u32) -> Driver {
    let settings = OdeSolver { method, steps: Some(steps), ..OdeSolver::default() };
    SolverConfig::Ode(settings).driver(Problem::default(), t_span).unwrap()
}

/// The ends of all steps and the indices emitted with the times at which they were.
fn walk(mut driver: Driver) -> (Vec<f64>, Vec<(usize, f64)>) {
    let (mut ends, mut emitted) = (Vec::new(), Vec::new());
    loop {
        match driver.next() {
            Action::Emit { index, output } => {
                assert_eq!(output, Output::Present);
                emitted.push((index, driver.time()));
            }
            Action::Step(planned) => {
                assert_eq!(planned.t, driver.time());
                ends.push(planned.end);
                driver.stepped(&[]).unwrap();
            }
            Action::Evaluate(_) | Action::Probe(_) => panic!("these steps need no other evaluation"),
            Action::Done => return (ends, emitted),
        }
    }
}

#[test]
fn spans_that_do_not_make_sense_are_refused() {
    let cases: [(&[f64], &str); 7] = [
        (&[], "at least 2 times"),
        (&[0.5], "at least 2 times"),
        (&[0.0, f64::NAN], "finite times"),
        (&[0.0, f64::INFINITY], "finite times"),
        (&[-0.1, 0.5], "times from 0 to 1"),
        (&[0.0, 0.5, 0.5], "strictly rising or strictly falling times"),
        (&[1.0, 0.5, 0.7], "strictly rising or strictly falling times"),
    ];
    for (t_span, expected) in cases {
        let error = validate_grid(t_span, 0.0, 1.0).unwrap_err();
        assert_eq!((error.code, error.path, error.expected.as_str()), ("ConfigError", Some("tSpan"), expected), "{t_span:?}");
    }
    let error = validate_grid(&[0.0, 0.5, 0.25], 0.0, 1.0).unwrap_err();
    assert_eq!(error.got, "0.5 then 0.25 at index 2");
    assert!(validate_grid(&[0.0, 0.3, 1.0], 0.0, 1.0).is_ok() && validate_grid(&[1.0, 0.3, 0.0], 0.0, 1.0).is_ok());
}

#[test]
fn a_uniform_grid_has_exact_ends_and_equal_steps() {
    let grid = uniform_grid(0.1, 0.7, 7);
    assert_eq!((grid.len(), grid[0], grid[7]), (8, 0.1, 0.7));
    assert!(grid.windows(2).all(|w| (w[1] - w[0] - 0.6 / 7.0).abs() < 1e-15));
}

#[test]
fn two_times_get_exactly_the_steps_asked_for() {
    for steps in [1, 2, 3, 7, 10, 100, 999, 1000] {
        let (ends, emitted) = walk(fixed(Method::Euler, &[0.1, 0.7], steps));
        assert_eq!(ends.len(), steps as usize);
        assert_eq!(emitted, [(0, 0.1), (1, 0.7)]);
    }
}

#[test]
fn a_uniform_span_gets_no_step_more_than_asked_for() {
    for steps in [1, 10, 49, 1000] {
        let t_span = uniform_grid(0.0, 0.3, steps as usize);
        assert_eq!(walk(fixed(Method::Euler, &t_span, steps)).0.len(), steps as usize);
        assert_eq!(walk(fixed(Method::Euler, &t_span, 5 * steps)).0.len(), 5 * steps as usize);
    }
}

#[test]
fn every_output_time_is_the_end_of_a_step() {
    let t_span = [1.0, 0.9, 0.35, 0.0];
    let (ends, emitted) = walk(fixed(Method::Rk4, &t_span, 10));
    assert_eq!(ends.len(), 1 + 6 + 4);
    assert_eq!(emitted, [(0, 1.0), (1, 0.9), (2, 0.35), (3, 0.0)]);
    assert!(ends.windows(2).all(|w| w[1] < w[0]));
    assert!(t_span[1..].iter().all(|t| ends.iter().any(|end| (end - t).abs() < 1e-16)));
}

#[test]
fn fixed_steps_count_evaluations_exactly() {
    for &method in Method::ALL {
        let mut calls = 0;
        let f = |t: f64, x: &[f64]| {
            calls += 1;
            vec![t - x[0]]
        };
        let settings = OdeSolver { method, steps: Some(9), ..OdeSolver::default() };
        let statistics = integrate(&settings, f, &[0.0, 1.0], &[1.0]).unwrap().statistics;
        // A last stage that serves the error alone is not evaluated; ab4 starts with three steps of rk4, ab2 with one of heun2.
        let expected = match (method, method.tableau()) {
            (_, Some(tableau)) => 9 * (tableau.stages() - usize::from(tableau.fsal)),
            (Method::Ab4, None) => 3 * 4 + 6,
            (_, None) => 2 + 8,
        };
        assert_eq!((statistics.nfe, calls), (expected, expected), "{method}");
        assert_eq!((statistics.accepted, statistics.rejected), (9, 0), "{method}");
    }
}

#[test]
fn a_fixed_step_to_a_state_that_is_not_finite_is_an_error_that_names_the_time() {
    let settings = OdeSolver { method: Method::Euler, steps: Some(4), ..OdeSolver::default() };
    let error = integrate(&settings, |t, _| vec![if t < 0.5 { 1.0 } else { f64::INFINITY }], &[0.0, 1.0], &[0.0]).unwrap_err();
    assert_eq!(error.code, "SolverError");
    assert!(error.message.ends_with("at t = 0.5"), "{error}");
}

#[test]
fn an_sde_takes_one_drift_per_step_also_in_falling_time() {
    let diffusion = |_: f64| 1.0;
    let problem = Problem { diffusion: Some(&diffusion), ..Problem::default() };
    for t_span in [[0.0, 1.0], [1.0, 0.0]] {
        let driver = SolverConfig::Sde(SdeSolver { steps: 8, ..SdeSolver::default() }).driver(problem, &t_span).unwrap();
        let Driver::Fixed(fixed) = &driver else { panic!("fixed steps") };
        assert_eq!(fixed.plan().nfe(), 8);
        let (ends, _) = walk(driver);
        assert!(ends.iter().enumerate().all(|(i, end)| (end - (t_span[0] + (t_span[1] - t_span[0]) * (i + 1) as f64 / 8.0)).abs() < 1e-15));
    }
}

#[test]
fn steps_of_one_structure_form_runs_that_outputs_cut() {
    let Driver::Fixed(driver) = fixed(Method::Ab4, &[0.0, 0.5, 1.0], 20) else { panic!("fixed steps") };
    let runs = driver.plan().runs();
    let sizes: Vec<(usize, usize)> = runs.iter().map(|r| (r.first, r.steps.len())).collect();
    assert_eq!(sizes, [(0, 3), (3, 7), (10, 10)]);
    for run in runs {
        assert_eq!(run.flat().len(), run.steps.len() * run.structure.len());
        assert!(run.steps.iter().all(|s| &s.step.structure == run.structure));
    }
}

#[test]
fn the_history_that_a_step_keeps_is_the_one_that_the_next_step_wants() {
    for &method in Method::ALL {
        let Driver::Fixed(driver) = fixed(method, &[0.0, 1.0], 9) else { panic!("fixed steps") };
        let steps = &driver.plan().steps;
        let matches = steps.windows(2).all(|w| w[0].step.structure.keep.len() == w[1].step.structure.history);
        assert!(matches, "{method}");
    }
}
