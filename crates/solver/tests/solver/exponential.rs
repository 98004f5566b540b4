//! Every exponential solver reaches the order that theory says, on every path, for a Gaussian and a mixture, from exact answers.
//! Theory is data: one table.

use crate::mixtures::{GAUSSIAN, Mixture, TWO};
use crate::schedules::{Edm, Gvp, Linear, Path, Rising, Ve, VpLinear, exponential_odes};
use thalweg_solver::{DeisSolver, DeisStart, DpmMethod, DpmSolver, Grid, Problem, Query, SolverConfig, ThirdOrder, UniPcSolver, solve};

/// The global order of a solver.
fn theory(config: &SolverConfig) -> f64 {
    f64::from(match config {
        SolverConfig::Dpm(DpmSolver { order: 3, method: DpmMethod::Multistep, third_order: ThirdOrder::Published, .. }) => 2,
        SolverConfig::Dpm(DpmSolver { order, .. }) => *order,
        // The corrector adds one to the order; but the first step, of order 1 and corrected, has an error of O(h³).
        SolverConfig::UniPc(UniPcSolver { order, .. }) => (*order + 1).min(3),
        // The first step, of order 1, has an error of O(h²).
        SolverConfig::Deis(DeisSolver { order, start: DeisStart::LowerOrder, .. }) => (*order).min(2),
        SolverConfig::Deis(DeisSolver { order, .. }) => *order,
        _ => unreachable!("not an exponential solver of ODEs"),
    })
}

/// How many evaluations a solver made, and its error: the sum over three starting points and four times, so that they do not all cancel at once.
struct Measured {
    nfe: f64,
    error: f64,
}

fn measure(path: &dyn Path, mixture: &Mixture, config: &SolverConfig) -> Measured {
    let [t, end] = path.span();
    let starts = [-1.5, 0.4, 2.0].map(|z| mixture.start(path, t, z));
    let mut host = |query: &Query, x: &[f64]| x.iter().map(|&x| mixture.answer(path, query, x)).collect::<Vec<_>>();
    let problem = Problem { schedule: Some(path), diffusion: None };
    let between = |part: f64| path.t_of_lambda(path.lambda(t) + part * (path.lambda(end) - path.lambda(t)));
    let t_span = [t, between(0.4), between(0.6), between(0.8), end];
    let solution = solve(config, problem, &mut host, &t_span, &starts).unwrap();
    let at = |x: &[f64], end: f64| x.iter().zip(starts).map(|(x, x0)| (x - mixture.flow(path, t, x0, end)).abs()).sum::<f64>();
    let error = solution.states.iter().zip(t_span).skip(1).map(|(x, end)| at(x, end)).sum();
    Measured { nfe: solution.statistics.nfe as f64, error }
}

/// What a search for the asymptotic order found.
#[derive(Debug)]
enum Found {
    /// The slope of the error against evaluations: doubling them changed it by less than 0.05.
    Slope(f64),
    /// No error above rounding is left to measure.
    Exact,
}

/// Doubles the steps until the slope of the error has settled above `stated` − 0.1, where a method of lower order never settles, or at most
/// 7680 steps are reached; the slope differs from the order by O(h), so that it may settle slowly.
fn slope(measure: impl Fn(u32) -> Measured, stated: f64) -> Found {
    let (mut before, mut slope) = (measure(120), f64::INFINITY);
    for steps in (1..7).map(|k| 120 << k) {
        let present = measure(steps);
        if present.error < 1e-11 {
            return Found::Exact;
        }
        let next = (before.error / present.error).ln() / (present.nfe / before.nfe).ln();
        let settled = (next - slope).abs() < 0.05;
        (before, slope) = (present, next);
        if settled && slope > stated - 0.1 {
            break;
        }
    }
    Found::Slope(slope)
}

fn check(path: &dyn Path, mixture: &Mixture) {
    let grid = Grid::Karras { rho: 3.0 };
    for (i, config) in exponential_odes(1, &grid).iter().enumerate() {
        let stated = theory(config);
        let found = slope(|steps| measure(path, mixture, &exponential_odes(steps, &grid)[i]), stated);
        let good = matches!(found, Found::Exact) || matches!(found, Found::Slope(slope) if slope > stated - 0.1);
        assert!(good, "{} {}: {found:?} of {stated}: {config:?}", path.name(), mixture.name);
    }
}

/// One test per path and mixture, so that they run beside each other. Steps are uniform neither in time nor in λ.
macro_rules! orders {
    ($($name:ident: $path:ident, $mixture:ident;)*) => {
        $(#[test] fn $name() { check(&$path, &$mixture); })*
    };
}

orders! {
    every_solver_reaches_the_order_of_theory_on_vp: VpLinear, GAUSSIAN;
    every_solver_reaches_the_order_of_theory_on_vp_for_a_mixture: VpLinear, TWO;
    every_solver_reaches_the_order_of_theory_on_linear: Linear, GAUSSIAN;
    every_solver_reaches_the_order_of_theory_on_linear_for_a_mixture: Linear, TWO;
    every_solver_reaches_the_order_of_theory_on_gvp: Gvp, GAUSSIAN;
    every_solver_reaches_the_order_of_theory_on_gvp_for_a_mixture: Gvp, TWO;
    every_solver_reaches_the_order_of_theory_on_ve: Ve, GAUSSIAN;
    every_solver_reaches_the_order_of_theory_on_ve_for_a_mixture: Ve, TWO;
    every_solver_reaches_the_order_of_theory_on_edm: Edm, GAUSSIAN;
    every_solver_reaches_the_order_of_theory_on_edm_for_a_mixture: Edm, TWO;
    every_solver_reaches_the_order_of_theory_in_rising_time: Rising, GAUSSIAN;
}

#[test]
fn the_published_third_order_is_second_order_and_the_corrected_one_is_third() {
    let order = |third_order: ThirdOrder| {
        let config = |steps| {
            let solver = DpmSolver { order: 3, steps, third_order, lower_order_final: Some(false), ..DpmSolver::default() };
            SolverConfig::Dpm(DpmSolver { grid: Grid::Karras { rho: 3.0 }, ..solver })
        };
        let [a, b] = [1920, 3840].map(|steps| measure(&Linear, &TWO, &config(steps)).error);
        (a / b).log2()
    };
    let (published, corrected) = (order(ThirdOrder::Published), order(ThirdOrder::Corrected));
    assert!((published - 2.0).abs() < 0.1 && corrected > 2.9, "{published:.2} {corrected:.2}");
}
