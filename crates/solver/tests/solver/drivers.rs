//! Grids and fixed steps: what spans are refused, where steps fall, what is counted.

use thalweg_solver::{Action, FixedDriver, Method, OdeSolver, SdeSolver, solve, uniform_grid, validate_grid};

/// The ends of all steps and the indices emitted with the times at which they were.
fn walk(mut driver: FixedDriver) -> (Vec<f64>, Vec<(usize, f64)>) {
    let (mut ends, mut emitted) = (Vec::new(), Vec::new());
    loop {
        match driver.next() {
            Action::Emit { index, theta } => {
                assert_eq!(theta, 1.0);
                emitted.push((index, driver.time()));
            }
            Action::Step { t, h } => {
                ends.push(t + h);
                driver.stepped(0.0).unwrap();
            }
            Action::Slope { .. } => driver.started(),
            Action::Probe { .. } => panic!("fixed steps need no trial step"),
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
        let driver = FixedDriver::new(Method::Euler.tableau(), &[0.1, 0.7], steps).unwrap();
        assert_eq!(driver.steps(), steps);
        let (ends, emitted) = walk(driver);
        assert_eq!(ends.len(), steps);
        assert_eq!(emitted, [(0, 0.1), (1, 0.7)]);
    }
}

#[test]
fn a_uniform_span_gets_no_step_more_than_asked_for() {
    for steps in [1, 10, 49, 1000] {
        let t_span = uniform_grid(0.0, 0.3, steps);
        assert_eq!(FixedDriver::new(Method::Euler.tableau(), &t_span, steps).unwrap().steps(), steps);
        assert_eq!(FixedDriver::new(Method::Euler.tableau(), &t_span, 5 * steps).unwrap().steps(), 5 * steps);
    }
}

#[test]
fn every_output_time_is_the_end_of_a_step() {
    let t_span = [1.0, 0.9, 0.35, 0.0];
    let (ends, emitted) = walk(FixedDriver::new(Method::Rk4.tableau(), &t_span, 10).unwrap());
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
        let statistics = solve(&settings, f, &[0.0, 1.0], &[1.0]).unwrap().statistics;
        let tableau = method.tableau();
        let expected = if tableau.fsal { 1 + 9 * (tableau.stages() - 1) } else { 9 * tableau.stages() };
        assert_eq!((statistics.nfe, calls), (expected, expected), "{method}");
        assert_eq!((statistics.accepted, statistics.rejected), (9, 0), "{method}");
    }
}

#[test]
fn a_fixed_step_to_a_state_that_is_not_finite_is_an_error_that_names_the_time() {
    let settings = OdeSolver { method: Method::Euler, steps: Some(4), ..OdeSolver::default() };
    let error = solve(&settings, |t, _| vec![if t < 0.5 { 1.0 } else { f64::INFINITY }], &[0.0, 1.0], &[0.0]).unwrap_err();
    assert_eq!(error.code, "SolverError");
    assert!(error.message.ends_with("at t = 0.5"), "{error}");
}

#[test]
fn no_steps_are_refused() {
    for error in [FixedDriver::new(Method::Euler.tableau(), &[0.0, 1.0], 0), FixedDriver::euler_maruyama(&[0.0, 1.0], 0)] {
        let error = error.unwrap_err();
        assert_eq!((error.code, error.path), ("ConfigError", Some("steps")));
    }
}

#[test]
fn an_sde_takes_one_drift_per_step_also_in_falling_time() {
    for t_span in [[0.0, 1.0], [1.0, 0.0]] {
        let mut driver = SdeSolver { steps: 8, ..SdeSolver::default() }.driver(&t_span).unwrap();
        loop {
            match driver.next() {
                Action::Step { h, .. } => {
                    assert_eq!(h, (t_span[1] - t_span[0]) / 8.0);
                    driver.stepped(0.0).unwrap();
                }
                Action::Done => break,
                _ => {}
            }
        }
        assert_eq!((driver.statistics().nfe, driver.statistics().accepted), (8, 8));
    }
}
