//! Adaptive steps keep the error near what is tolerated, serve every output time, and count what they do.
//! Where no step is good enough they say so, and at what time.

use crate::problems::{self, Problem, integrate, log_slope};
use thalweg_solver::{Action, AdaptiveDriver, Method, OdeSolver, Output, Quantity, Query, SolverError, StepControl, Verdict, uniform_grid};

fn tolerance(tolerance: f64) -> OdeSolver {
    OdeSolver { rtol: tolerance, atol: tolerance, ..OdeSolver::default() }
}

/// Largest error over all output times.
fn worst_error(problem: &Problem, settings: &OdeSolver, points: usize) -> f64 {
    let t_span = uniform_grid(problem.t_span[0], problem.t_span[1], points);
    let x0 = (problem.exact)(t_span[0]);
    let solution = integrate(settings, |t, x| vec![(problem.f)(t, x[0])], &t_span, &[x0]).unwrap();
    assert_eq!(solution.states.len(), t_span.len());
    t_span.iter().zip(&solution.states).map(|(&t, x)| (x[0] - (problem.exact)(t)).abs()).fold(0.0, f64::max)
}

#[test]
fn the_global_error_is_proportional_to_the_tolerance() {
    for problem in problems::all() {
        let tolerances = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9];
        let points = tolerances.map(|tol| (tol, worst_error(problem, &tolerance(tol), 1)));
        let slope = log_slope(&points);
        assert!((0.7..1.3).contains(&slope), "{}: slope {slope:.2} {points:?}", problem.name);
        assert!(points.iter().all(|(tol, error)| error < &(30.0 * tol)), "{}: {points:?}", problem.name);
    }
}

#[test]
fn output_times_in_between_are_as_accurate_as_the_end_and_cost_nothing() {
    for problem in problems::all() {
        let settings = tolerance(1e-7);
        assert!(worst_error(problem, &settings, 57) < 3e-6, "{}", problem.name);
        let run = |points: usize| {
            let t_span = uniform_grid(problem.t_span[0], problem.t_span[1], points);
            integrate(&settings, |t, x| vec![(problem.f)(t, x[0])], &t_span, &[(problem.exact)(t_span[0])]).unwrap()
        };
        let (few, many) = (run(1), run(57));
        assert_eq!(few.statistics, many.statistics);
        assert_eq!(few.states[1], many.states[57]);
    }
}

#[test]
fn dense_output_agrees_with_a_much_tighter_solution() {
    let van_der_pol = |_t: f64, x: &[f64]| vec![x[1], 5.0 * (1.0 - x[0] * x[0]) * x[1] - x[0]];
    let t_span = uniform_grid(0.0, 12.0, 200);
    let loose = integrate(&tolerance(1e-6), van_der_pol, &t_span, &[2.0, 0.0]).unwrap();
    let tight = integrate(&tolerance(1e-12), van_der_pol, &t_span, &[2.0, 0.0]).unwrap();
    let pairs = loose.states.iter().flatten().zip(tight.states.iter().flatten());
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 2e-3, "{worst}");
    assert!(loose.statistics.rejected > 0);
    assert!(tight.statistics.accepted > 5 * loose.statistics.accepted);
}

#[test]
fn evaluations_and_rejections_are_counted_exactly() {
    let mut calls = 0;
    let van_der_pol = |_t: f64, x: &[f64]| {
        calls += 1;
        vec![x[1], 5.0 * (1.0 - x[0] * x[0]) * x[1] - x[0]]
    };
    let solution = integrate(&tolerance(1e-5), van_der_pol, &[0.0, 0.4, 12.0], &[2.0, 0.0]).unwrap();
    let statistics = solution.statistics;
    assert_eq!(statistics.nfe, calls);
    assert_eq!(statistics.nfe, 2 + 6 * (statistics.accepted + statistics.rejected));
    assert!(statistics.rejected > 0 && statistics.accepted > 10, "{statistics:?}");
}

#[test]
fn a_rejected_step_is_tried_again_shorter_from_the_same_time() {
    let tableau = Method::Dopri5.tableau().unwrap();
    let mut driver = AdaptiveDriver::new(tableau, StepControl::default(), &[0.0, 1.0], 100, None).unwrap();
    assert_eq!(driver.next(), Action::Emit { index: 0, output: Output::Present });
    let slope = Query { quantity: Quantity::Velocity, t: 0.0, score: 0.0 };
    assert_eq!(driver.next(), Action::Evaluate(slope));
    assert_eq!(driver.next(), Action::Evaluate(slope));
    driver.started(1.0, 1.0).unwrap();
    let Action::Probe(probe) = driver.next() else { panic!("a trial step comes after the slope") };
    assert_eq!((probe.stages[0].t, probe.stages[0].row.evaluations[0]), (0.01, 0.01));
    driver.probed(0.01);
    let mut step = || {
        let Action::Step(planned) = driver.next() else { panic!("a step comes") };
        (planned.t, planned.end - planned.t)
    };
    let (t, h) = step();
    assert!(t == 0.0 && h > 0.0);
    assert_eq!(driver.stepped(&[50.0]).unwrap(), Verdict::Rejected);
    let mut step = || {
        let Action::Step(planned) = driver.next() else { panic!("a step comes") };
        (planned.t, planned.end - planned.t)
    };
    let (again, shorter) = step();
    assert!(again == 0.0 && shorter < 0.9 * h && shorter > 0.1 * h);
    assert_eq!(driver.stepped(&[0.5]).unwrap(), Verdict::Accepted);
    let Action::Step(next) = driver.next() else { panic!("a step comes after an accepted one") };
    assert!(next.t == shorter && next.end - next.t <= shorter * (1.0 + 1e-15), "the step after a rejected one is not longer");
    let statistics = driver.statistics();
    assert_eq!((statistics.nfe, statistics.accepted, statistics.rejected), (14, 1, 1));
}

#[test]
fn the_last_step_ends_exactly_at_the_end() {
    for end in [1.0 / 3.0, 0.1 + 0.2, -7.3] {
        let mut last: f64 = 0.0;
        let f = |t: f64, _: &[f64]| {
            last = if t.abs() > last.abs() { t } else { last };
            vec![t.cos()]
        };
        let solution = integrate(&tolerance(1e-9), f, &[0.0, end], &[0.0]).unwrap();
        assert_eq!(last, end);
        assert!((solution.states[1][0] - end.sin()).abs() < 1e-8);
    }
}

#[test]
fn a_solution_that_is_constant_takes_few_steps() {
    let solution = integrate(&tolerance(1e-6), |_, _| vec![0.0, 0.0], &[0.0, 1.0], &[0.0, 3.0]).unwrap();
    assert_eq!(solution.states[1], [0.0, 3.0]);
    assert!(solution.statistics.accepted < 12, "{:?}", solution.statistics);
}

fn failure(settings: &OdeSolver, f: impl FnMut(f64, &[f64]) -> Vec<f64>, t_span: &[f64], x0: f64) -> SolverError {
    integrate(settings, f, t_span, &[x0]).unwrap_err()
}

/// The time that the message names.
fn named_time(error: &SolverError) -> f64 {
    error.message.rsplit("t = ").next().unwrap().parse().unwrap()
}

#[test]
fn a_blow_up_is_an_error_that_names_the_time_of_the_blow_up() {
    let error = failure(&tolerance(1e-6), |_, x| vec![x[0] * x[0]], &[0.0, 2.0], 1.0);
    assert_eq!(error.code, "SolverError");
    assert!((named_time(&error) - 1.0).abs() < 1e-3, "{error}");
}

#[test]
fn a_slope_that_turns_nan_is_an_error_after_shorter_steps_were_tried() {
    let mut calls = 0;
    let f = |t: f64, _: &[f64]| {
        calls += 1;
        vec![if t > 0.75 { f64::NAN } else { 1.0 }]
    };
    let error = failure(&tolerance(1e-6), f, &[0.0, 1.0], 1.0);
    assert!((named_time(&error) - 0.75).abs() < 1e-9, "{error}");
    assert!(error.message.contains("not finite"), "{error}");
    assert!(calls < 1000, "{calls}");
}

#[test]
fn a_first_slope_that_is_not_finite_is_an_error_at_once() {
    let error = failure(&tolerance(1e-6), |t, _| vec![1.0 / t], &[0.0, 1.0], 1.0);
    assert_eq!((named_time(&error), error.code), (0.0, "SolverError"));
}

#[test]
fn a_stiff_problem_stops_at_max_steps_and_says_where() {
    let settings = OdeSolver { max_steps: 200, ..tolerance(1e-6) };
    let mut calls = 0;
    let stiff = |t: f64, x: &[f64]| {
        calls += 1;
        vec![-1e6 * (x[0] - t.cos())]
    };
    let error = failure(&settings, stiff, &[0.0, 10.0], 0.0);
    assert!(error.got.starts_with("200 steps, the last of length ") && error.got.ends_with(" times the tolerance"), "{error}");
    assert!(error.expected.contains("t = 10 within 200 steps") && (0.0..1.0).contains(&named_time(&error)), "{error}");
    assert_eq!(calls, 2 + 6 * 200);
}
