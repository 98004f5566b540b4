//! Measured orders: halving the step divides the error by 2ᵖ, on problems that depend on time and on exact probability flows.
//! A method whose stages sit at wrong times passes autonomous problems and fails these.

use crate::problems::{self, Problem, log_slope};
use thalweg_solver::{Method, OdeSolver, Tableau, dense, solve, step, uniform_grid};

/// The largest error at eight times along the solution, so that no cancellation at one of them counts.
fn worst_error(problem: &Problem, method: Method, steps: u32) -> f64 {
    let settings = OdeSolver { method, steps: Some(steps), ..OdeSolver::default() };
    let t_span = uniform_grid(problem.t_span[0], problem.t_span[1], 8);
    let x0 = (problem.exact)(t_span[0]);
    let solution = solve(&settings, |t, x| vec![(problem.f)(t, x[0])], &t_span, &[x0]).unwrap();
    assert_eq!(solution.statistics.accepted, steps as usize);
    t_span.iter().zip(&solution.states).map(|(&t, x)| (x[0] - (problem.exact)(t)).abs()).fold(0.0, f64::max)
}

/// The order measured over the three finest grids whose errors are still well above rounding.
fn measured_order(problem: &Problem, method: Method) -> f64 {
    let finest = if method.tableau().order < 4 { 8192 } else { 2048 };
    let counts = (3..).map(|i| 2u32.pow(i)).take_while(|&n| n <= finest);
    let errors: Vec<(f64, f64)> = counts.map(|n| (1.0 / f64::from(n), worst_error(problem, method, n))).collect();
    let above_rounding = errors.iter().position(|&(_, e)| e < 2e-13).unwrap_or(errors.len());
    assert!(above_rounding >= 3, "{} {method}: {errors:?}", problem.name);
    log_slope(&errors[above_rounding - 3..above_rounding])
}

#[test]
fn every_method_has_its_order_on_nonlinear_problems() {
    for problem in &problems::NONLINEAR {
        for &method in Method::ALL {
            let (order, stated) = (measured_order(problem, method), f64::from(method.tableau().order));
            assert!((order - stated).abs() < 0.2, "{} {method}: order {order:.2}", problem.name);
        }
    }
}

/// At least: on the linear path the midpoint rule happens to have order 3 for Gaussian data.
#[test]
fn every_method_reaches_its_order_on_the_exact_probability_flow_of_every_path() {
    for problem in &problems::PROBABILITY_FLOWS {
        for &method in Method::ALL {
            let (order, stated) = (measured_order(problem, method), f64::from(method.tableau().order));
            assert!((stated - 0.2..stated + 1.2).contains(&order), "{} {method}: order {order:.2}", problem.name);
        }
    }
}

#[test]
fn stages_are_evaluated_at_their_nodes() {
    for &method in Method::ALL {
        let mut times = Vec::new();
        let mut f = |t: f64, _: &[f64]| {
            times.push(t);
            vec![0.0]
        };
        step(method.tableau(), &mut f, 3.0, 0.5, &[0.0], None);
        let expected: Vec<f64> = method.tableau().nodes.iter().map(|c| 3.0 + 0.5 * c).collect();
        assert_eq!(times, expected, "{method}");
    }
}

#[test]
fn stages_at_wrong_times_lose_the_order_on_problems_that_depend_on_time() {
    let wrong = Tableau { nodes: &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0], ..*Method::Rk4.tableau() };
    let problem = &problems::NONLINEAR[0];
    let worst_error = |tableau: &Tableau, steps: u32| {
        let grid = uniform_grid(problem.t_span[0], problem.t_span[1], steps as usize);
        let mut f = |t: f64, x: &[f64]| vec![(problem.f)(t, x[0])];
        let mut x = vec![(problem.exact)(grid[0])];
        let along = grid.windows(2).map(|w| {
            x = step(tableau, &mut f, w[0], w[1] - w[0], &x, None).x;
            (x[0] - (problem.exact)(w[1])).abs()
        });
        along.fold(0.0, f64::max)
    };
    let order = |tableau: &Tableau| log_slope(&[256, 512, 1024].map(|n| (1.0 / f64::from(n), worst_error(tableau, n))));
    assert!((order(Method::Rk4.tableau()) - 4.0).abs() < 0.2, "{}", order(Method::Rk4.tableau()));
    assert!(order(&wrong) < 2.5, "{}", order(&wrong));
}

#[test]
fn quadrature_is_exact_for_polynomials_below_the_order() {
    for &method in Method::ALL {
        let order = method.tableau().order as i32;
        let mut f = |t: f64, _: &[f64]| vec![f64::from(order) * t.powi(order - 1)];
        let x = step(method.tableau(), &mut f, -1.0, 3.0, &[0.0], None).x[0];
        assert!((x - (2f64.powi(order) - (-1f64).powi(order))).abs() < 1e-12, "{method}: {x}");
    }
}

#[test]
fn a_given_first_slope_is_used_instead_of_an_evaluation() {
    for &method in Method::ALL {
        let mut calls = 0;
        let mut f = |t: f64, x: &[f64]| {
            calls += 1;
            vec![t - x[0]]
        };
        let plain = step(method.tableau(), &mut f, 0.3, 0.1, &[2.0], None).x;
        let given = step(method.tableau(), &mut f, 0.3, 0.1, &[2.0], Some(vec![0.3 - 2.0])).x;
        assert_eq!(plain, given, "{method}");
        assert_eq!(calls, 2 * method.tableau().stages() - 1, "{method}");
    }
}

#[test]
fn the_embedded_error_of_a_dopri5_step_is_of_order_5() {
    let problem = &problems::NONLINEAR[0];
    let error = |h: f64| {
        let mut f = |t: f64, x: &[f64]| vec![(problem.f)(t, x[0])];
        step(Method::Dopri5.tableau(), &mut f, 0.4, h, &[(problem.exact)(0.4)], None).error.unwrap()[0].abs()
    };
    let points: Vec<(f64, f64)> = [0.1, 0.05, 0.025].map(|h| (h, error(h))).to_vec();
    assert!((log_slope(&points) - 5.0).abs() < 0.2, "{points:?}");
}

#[test]
fn dense_output_is_as_accurate_as_its_order_within_a_step() {
    for problem in problems::all() {
        let tableau = Method::Dopri5.tableau();
        let within = |t: f64, h: f64| {
            let h = h.copysign(problem.t_span[1] - problem.t_span[0]);
            let x0 = [(problem.exact)(t)];
            let mut f = |t: f64, x: &[f64]| vec![(problem.f)(t, x[0])];
            let result = step(tableau, &mut f, t, h, &x0, None);
            let error = |theta: f64| (dense(tableau, theta, h, &x0, &result.x, &result.slopes)[0] - (problem.exact)(t + theta * h)).abs();
            (1..20).map(|i| error(f64::from(i) / 20.0)).fold(0.0, f64::max)
        };
        let worst = |h: f64| [0.2, 0.35, 0.6, 0.8].map(|t| within(t, h)).into_iter().fold(0.0, f64::max);
        let points = [0.04, 0.02, 0.01].map(|h| (h, worst(h)));
        let order = log_slope(&points);
        assert!((order - 5.0).abs() < 0.3, "{}: local order {order:.2} {points:?}", problem.name);
    }
}
