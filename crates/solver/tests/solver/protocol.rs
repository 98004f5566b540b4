//! The protocol between a driver and the owner of a state: every action again until it is reported, outputs in order, histories that fit.

use crate::schedules::{Linear, every_config};
use thalweg_solver::{Action, Driver, Method, OdeSolver, Output, Problem, SolverConfig, StepControl, Verdict};

fn driver(config: &SolverConfig, t_span: &[f64]) -> Driver {
    let problem = Problem { schedule: Some(&Linear), diffusion: Some(&|_| 1.0) };
    config.driver(problem, t_span).unwrap()
}

#[test]
fn every_fixed_driver_follows_the_protocol() {
    for config in every_config(7) {
        let mut driver = driver(&config, &[0.9, 0.5, 0.1]);
        let (mut history, mut emitted, mut nfe, mut t) = (0, 0, 0, 0.9);
        loop {
            let action = driver.next();
            if !matches!(action, Action::Emit { .. }) {
                assert_eq!(driver.next(), action, "the same action comes until it is reported: {config:?}");
            }
            match action {
                Action::Emit { index, output } => {
                    assert_eq!((index, output, driver.time()), (emitted, Output::Present, [0.9, 0.5, 0.1][index]));
                    emitted += 1;
                }
                Action::Evaluate(query) => {
                    assert_eq!((query.t, query.quantity), (0.9, config.quantity()));
                    nfe += 1;
                    driver.started(1.0, 1.0).unwrap();
                }
                Action::Step(planned) => {
                    let structure = &planned.step.structure;
                    assert!(history == 0 || structure.history == history, "{config:?}");
                    assert!(structure.keep.iter().all(|&i| i < structure.history + structure.stages));
                    assert_eq!(planned.t, t);
                    (history, t) = (structure.keep.len(), planned.end);
                    nfe += structure.stages;
                    assert_eq!(driver.stepped(&[]).unwrap(), Verdict::Accepted);
                }
                Action::Probe(_) => panic!("fixed steps need no trial step"),
                Action::Done => break,
            }
        }
        assert_eq!((emitted, driver.statistics().nfe, t), (3, nfe, 0.1), "{config:?}");
    }
}

#[test]
fn a_state_that_is_not_finite_ends_every_fixed_driver_with_its_time() {
    for config in every_config(7) {
        let mut driver = driver(&config, &[0.9, 0.1]);
        let error = loop {
            match driver.next() {
                Action::Step(_) => break driver.stepped(&[f64::NAN]).unwrap_err(),
                Action::Evaluate(_) => driver.started(0.0, 0.0).unwrap(),
                _ => {}
            }
        };
        assert!(error.code == "SolverError" && error.message.ends_with("at t = 0.9"), "{error}");
    }
}

fn first_steps(control: StepControl, errors: &[f64]) -> Vec<f64> {
    let config = SolverConfig::Ode(OdeSolver { method: Method::Tsit5, control, ..OdeSolver::default() });
    let mut driver = config.driver(Problem::default(), &[0.0, 1e6]).unwrap();
    let (mut lengths, mut errors) = (Vec::new(), errors.iter());
    loop {
        match driver.next() {
            Action::Evaluate(_) => driver.started(1.0, 1.0).unwrap(),
            Action::Probe(_) => driver.probed(0.01),
            Action::Step(planned) => {
                lengths.push(planned.end - planned.t);
                let Some(&error) = errors.next() else { return lengths };
                driver.stepped(&[error]).unwrap();
            }
            _ => {}
        }
    }
}

#[test]
fn the_factor_between_steps_is_the_controllers_formula() {
    let control = StepControl { proportional: 0.3, integral: 0.4, derivative: 0.1, safety: 0.8, ..StepControl::default() };
    let errors = [0.3, 0.5, 0.2];
    let lengths = first_steps(control, &errors);
    let power = |e: f64, weight: f64| e.powf(weight / 5.0);
    let expected = 0.8 * power(0.2, -0.8) * power(0.5, 0.5) * power(0.3, -0.1);
    assert!((lengths[3] / lengths[2] - expected).abs() < 1e-9, "{lengths:?}");
}

#[test]
fn steady_errors_give_the_same_factor_with_and_without_derivative() {
    let pid = StepControl { derivative: 0.2, ..StepControl::default() };
    let [a, b] = [StepControl::default(), pid].map(|control| first_steps(control, &[0.4; 6]));
    let factor = 0.9 * 0.4f64.powf(-0.65 / 5.0);
    assert!((a[6] / a[5] - factor).abs() < 1e-9 && (b[6] / b[5] - factor).abs() < 1e-9, "{a:?} {b:?}");
}

#[test]
fn both_estimates_of_dopri8_are_combined_as_in_its_code() {
    let config = SolverConfig::Ode(OdeSolver { method: Method::Dopri8, ..OdeSolver::default() });
    let mut driver = config.driver(Problem::default(), &[0.0, 1.0]).unwrap();
    loop {
        match driver.next() {
            Action::Evaluate(_) => driver.started(1.0, 1.0).unwrap(),
            Action::Probe(_) => driver.probed(0.01),
            Action::Step(planned) => {
                assert_eq!(planned.step.structure.errors, 2);
                // 3²/√(3² + 0.01·40²) = 1.8 and 2²/√(2² + 0.01·40²) = 0.894.
                assert_eq!(driver.stepped(&[3.0, 40.0]).unwrap(), Verdict::Rejected);
                assert_eq!(driver.stepped(&[2.0, 40.0]).unwrap(), Verdict::Accepted);
                assert_eq!(driver.stepped(&[f64::NAN, 1.0]).unwrap(), Verdict::Rejected);
                break;
            }
            _ => {}
        }
    }
}
