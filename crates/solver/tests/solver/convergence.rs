//! Measured orders: halving the step divides the error by 2ᵖ, on problems that depend on time and on exact probability flows.
//! A method whose stages sit at wrong times passes autonomous problems and fails these.

use crate::problems::{self, Problem, integrate, log_slope};
use thalweg_solver::{Method, OdeSolver, Query, StepResult, Tableau, interpret, uniform_grid};

/// One step without history.
fn step(tableau: &Tableau, f: &mut dyn FnMut(f64, &[f64]) -> Vec<f64>, t: f64, h: f64, x: &[f64]) -> StepResult<f64> {
    interpret(&tableau.step(t, h, false), &mut |q: &Query, x: &[f64]| f(q.t, x), x, &[], &[])
}

/// One step with its error and a first slope that is given.
fn adaptive_step(tableau: &Tableau, f: &mut dyn FnMut(f64, &[f64]) -> Vec<f64>, t: f64, h: f64, x: &[f64]) -> StepResult<f64> {
    let first = f(t, x);
    interpret(&tableau.step(t, h, true), &mut |q: &Query, x: &[f64]| f(q.t, x), x, &[first], &[])
}

/// The largest error at eight times along the solution, so that no cancellation at one of them counts.
fn worst_error(problem: &Problem, method: Method, steps: u32) -> f64 {
    let settings = OdeSolver { method, steps: Some(steps), ..OdeSolver::default() };
    let t_span = uniform_grid(problem.t_span[0], problem.t_span[1], 8);
    let x0 = (problem.exact)(t_span[0]);
    let solution = integrate(&settings, |t, x| vec![(problem.f)(t, x[0])], &t_span, &[x0]).unwrap();
    assert_eq!(solution.statistics.accepted, steps as usize);
    t_span.iter().zip(&solution.states).map(|(&t, x)| (x[0] - (problem.exact)(t)).abs()).fold(0.0, f64::max)
}

/// The order measured over the three finest grids whose errors are still well above rounding.
fn measured_order(problem: &Problem, method: Method) -> f64 {
    let finest = if method.order() < 4 { 8192 } else { 2048 };
    let counts = (3..).flat_map(|i| [2u32.pow(i), 3 * 2u32.pow(i - 1)]).filter(|n| n % 8 == 0).take_while(|&n| n <= finest);
    let errors: Vec<(f64, f64)> = counts.map(|n| (1.0 / f64::from(n), worst_error(problem, method, n))).collect();
    // Of high orders, few grids have errors that are neither coarse nor rounding: the two finest of these.
    let (floor, kept) = if method.order() >= 5 { (1e-13, 2) } else { (1e-12, 3) };
    let above_rounding = errors.iter().position(|&(_, e)| e < floor).unwrap_or(errors.len());
    assert!(above_rounding >= kept, "{} {method}: {errors:?}", problem.name);
    log_slope(&errors[above_rounding - kept..above_rounding])
}

#[test]
fn every_method_has_its_order_on_nonlinear_problems() {
    for problem in &problems::NONLINEAR {
        for &method in Method::ALL {
            let (order, stated) = (measured_order(problem, method), f64::from(method.order()));
            assert!((stated - 0.2..stated + 1.0).contains(&order), "{} {method}: order {order:.2}", problem.name);
        }
    }
}

/// At least: on the linear path the midpoint rule happens to have order 3 for Gaussian data.
#[test]
fn every_method_reaches_its_order_on_the_exact_probability_flow_of_every_path() {
    for problem in &problems::PROBABILITY_FLOWS {
        for &method in Method::ALL {
            let (order, stated) = (measured_order(problem, method), f64::from(method.order()));
            assert!((stated - 0.2..stated + 2.2).contains(&order), "{} {method}: order {order:.2}", problem.name);
        }
    }
}

#[test]
fn stages_are_evaluated_at_their_nodes() {
    for tableau in Method::ALL.iter().filter_map(|m| m.tableau()) {
        let mut times = Vec::new();
        let mut f = |t: f64, _: &[f64]| {
            times.push(t);
            vec![0.0]
        };
        adaptive_step(tableau, &mut f, 3.0, 0.5, &[0.0]);
        let expected: Vec<f64> = tableau.nodes.iter().map(|c| 3.0 + 0.5 * c).collect();
        assert_eq!(times, expected, "{}", tableau.name);
    }
}

#[test]
fn stages_at_wrong_times_lose_the_order_on_problems_that_depend_on_time() {
    let wrong = Tableau { nodes: &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0], dense: None, ..*Method::Rk4.tableau().unwrap() };
    let problem = &problems::NONLINEAR[0];
    let worst_error = |tableau: &Tableau, steps: u32| {
        let grid = uniform_grid(problem.t_span[0], problem.t_span[1], steps as usize);
        let mut f = |t: f64, x: &[f64]| vec![(problem.f)(t, x[0])];
        let mut x = vec![(problem.exact)(grid[0])];
        let along = grid.windows(2).map(|w| {
            x = step(tableau, &mut f, w[0], w[1] - w[0], &x).x;
            (x[0] - (problem.exact)(w[1])).abs()
        });
        along.fold(0.0, f64::max)
    };
    let order = |tableau: &Tableau| log_slope(&[256, 512, 1024].map(|n| (1.0 / f64::from(n), worst_error(tableau, n))));
    assert!((order(Method::Rk4.tableau().unwrap()) - 4.0).abs() < 0.2, "{}", order(Method::Rk4.tableau().unwrap()));
    assert!(order(&wrong) < 2.5, "{}", order(&wrong));
}

#[test]
fn quadrature_is_exact_for_polynomials_below_the_order_on_a_grid_that_is_not_uniform() {
    let times = vec![-1.0, -0.7, 0.1, 0.4, 1.1, 1.3, 2.0];
    for &method in Method::ALL {
        // The Runge–Kutta steps in front of ab2 and ab4 are exact for these too.
        let order = method.order() as i32;
        let settings = OdeSolver { method, grid: thalweg_solver::Grid::Times { times: times.clone() }, ..OdeSolver::default() };
        let f = |t: f64, _: &[f64]| vec![f64::from(order) * t.powi(order - 1)];
        let solution = integrate(&settings, f, &[-1.0, 2.0], &[0.0]).unwrap();
        let (x, exact) = (solution.states[1][0], 2f64.powi(order) - (-1f64).powi(order));
        assert!((x - exact).abs() < 1e-12 * exact.abs(), "{method}: {x}");
        assert_eq!(solution.statistics.accepted, 6);
    }
}

#[test]
fn a_given_first_slope_is_used_instead_of_an_evaluation() {
    for tableau in Method::ALL.iter().filter_map(|m| m.tableau()) {
        let mut calls = 0;
        let mut f = |t: f64, x: &[f64]| {
            calls += 1;
            vec![t - x[0]]
        };
        let plain = step(tableau, &mut f, 0.3, 0.1, &[2.0]).x;
        let given = adaptive_step(tableau, &mut f, 0.3, 0.1, &[2.0]).x;
        assert!((plain[0] - given[0]).abs() < 1e-15, "{}", tableau.name);
        assert_eq!(calls, 2 * tableau.stages() - usize::from(tableau.fsal), "{}", tableau.name);
    }
}

#[test]
fn embedded_errors_of_a_step_are_of_the_stated_order() {
    let problem = &problems::NONLINEAR[0];
    for tableau in Method::ALL.iter().filter_map(|m| m.adaptive()) {
        let error = |h: f64| {
            let mut f = |t: f64, x: &[f64]| vec![(problem.f)(t, x[0])];
            let errors = adaptive_step(tableau, &mut f, 0.4, h, &[(problem.exact)(0.4)]).errors;
            let [fine, coarse] = [errors[0][0].abs(), errors.get(1).map_or(f64::NAN, |e| e[0].abs())];
            if errors.len() == 1 { fine } else { fine * fine / (0.1 * coarse) }
        };
        let lengths = if tableau.order > 5 { [0.14, 0.1, 0.07] } else { [0.1, 0.05, 0.025] };
        let points = lengths.map(|h| (h, error(h)));
        let stated = f64::from(tableau.error_order.unwrap() + 1);
        assert!(log_slope(&points) > stated - 0.4, "{}: {} {points:?}", tableau.name, log_slope(&points));
    }
}

#[test]
fn dense_output_is_as_accurate_as_its_order_within_a_step() {
    for (problem, method) in problems::all().flat_map(|p| [Method::Bosh3, Method::Dopri5, Method::Tsit5, Method::Dopri8].map(|m| (p, m))) {
        let tableau = method.tableau().unwrap();
        let within = |t: f64, h: f64| {
            let h = h.copysign(problem.t_span[1] - problem.t_span[0]);
            let x0 = [(problem.exact)(t)];
            let mut f = |t: f64, x: &[f64]| vec![(problem.f)(t, x[0])];
            let result = adaptive_step(tableau, &mut f, t, h, &x0);
            let error = |theta: f64| {
                let step = tableau.dense_step(t, h, theta).unwrap();
                let x = interpret(&step, &mut |q: &Query, x: &[f64]| f(q.t, x), &x0, &result.evaluations, &[]).x[0];
                (x - (problem.exact)(t + theta * h)).abs()
            };
            (1..20).map(|i| error(f64::from(i) / 20.0)).fold(0.0, f64::max)
        };
        let worst = |h: f64| [0.35, 0.5, 0.6].map(|t| within(t, h)).into_iter().fold(0.0, f64::max);
        let lengths = if method == Method::Dopri8 { [0.32, 0.24, 0.16] } else { [0.04, 0.02, 0.01] };
        let points = lengths.map(|h| (h, worst(h)));
        let (order, stated) = (log_slope(&points), f64::from(tableau.dense.as_ref().unwrap().order + 1));
        assert!(order > stated - 0.3, "{} {method}: local order {order:.2} {points:?}", problem.name);
    }
}
