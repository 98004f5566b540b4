//! Any solver run on the host in f64: the loop that every owner of a state writes around a driver, in its plainest form.
//! Tests and closed-form references use it; models write the same loop around programs.

use crate::{
    Action, Output, PlannedStep, Problem, Quantity, Query, Result, SolverConfig, SolverError, Statistics, StepResult, Thresholding,
    Tolerance,
};
use crate::{Verdict, interpret, scaled_error};

/// A solution at the times asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The state at each time of `t_span`.
    pub states: Vec<Vec<f64>>,
    /// What it took.
    pub statistics: Statistics,
}

/// What a host loop asks of its caller.
pub trait Host {
    /// The answer to a query in the point `x`: one number per element.
    fn evaluate(&mut self, query: &Query, x: &[f64]) -> Vec<f64>;

    /// The noises of a step: `structure.noises` lists of standard normal numbers, one per element. Rules without noise never ask.
    ///
    /// # Errors
    /// A `SolverError` if this host has no noise, as a plain function has not.
    fn noise(&mut self, step: &PlannedStep, elements: usize) -> Result<Vec<Vec<f64>>> {
        let expected = format!("a host that draws {} × {elements} normal numbers", step.step.structure.noises);
        Err(SolverError::at(step.t, "the step wants noise", expected, "one without"))
    }
}

impl<F: FnMut(&Query, &[f64]) -> Vec<f64>> Host for F {
    fn evaluate(&mut self, query: &Query, x: &[f64]) -> Vec<f64> {
        self(query, x)
    }
}

/// Integrates from `x0` at the first time of `t_span` to the last; both are path times.
///
/// # Errors
/// A `ConfigError` if a setting or the time span is wrong, or the solver cannot run on `problem`; a `SolverError` that names t
/// if the integration cannot go on.
///
/// ```
/// use thalweg_solver::{Method, OdeSolver, Problem, Query, SolverConfig, solve};
/// let settings = OdeSolver { method: Method::Rk4, steps: Some(10), ..OdeSolver::default() };
/// let mut turn = |_: &Query, x: &[f64]| vec![-x[1], x[0]];
/// let circle = solve(&SolverConfig::Ode(settings), Problem::default(), &mut turn, &[0.0, std::f64::consts::PI], &[1.0, 0.0])?;
/// assert!((circle.states[1][0] + 1.0).abs() < 1e-3);
/// assert_eq!(circle.statistics.nfe, 40);
/// # Ok::<(), thalweg_solver::SolverError>(())
/// ```
pub fn solve(settings: &SolverConfig, problem: Problem<'_>, host: &mut dyn Host, t_span: &[f64], x0: &[f64]) -> Result<Solution> {
    let mut driver = settings.driver(problem, t_span)?;
    let host = &mut Clipped { host, thresholding: settings.thresholding() };
    let tolerance = settings.tolerance();
    let mut x = x0.to_vec();
    let mut history: Vec<Vec<f64>> = Vec::new();
    let mut last: Option<(Vec<f64>, StepResult<f64>)> = None;
    let mut states = Vec::with_capacity(t_span.len());
    loop {
        match driver.next() {
            Action::Emit { output, .. } => states.push(match (output, &last) {
                (Output::Dense(step), Some((before, result))) => run(&step, host, before, &result.evaluations, &[]).x,
                _ => x.clone(),
            }),
            Action::Evaluate(query) => {
                let value = host.evaluate(&query, &x);
                driver.started(norm(&x, &x, &x, tolerance), norm(&value, &x, &x, tolerance))?;
                history = vec![value];
            }
            Action::Probe(step) => {
                let change = run(&step, host, &x, &history, &[]).x;
                driver.probed(norm(&change, &x, &x, tolerance));
            }
            Action::Step(planned) => {
                let structure = &planned.step.structure;
                fill(&mut history, structure.history, x.len());
                let noise = if structure.noises > 0 { host.noise(&planned, x.len())? } else { Vec::new() };
                let result = run(&planned.step, host, &x, &history, &noise);
                let mut sizes: Vec<f64> = result.errors.iter().map(|e| norm(e, &x, &result.x, tolerance)).collect();
                if sizes.is_empty() {
                    sizes.extend(result.x.iter().find(|x| !x.is_finite()));
                }
                if driver.stepped(&sizes)? == Verdict::Accepted {
                    history = result.history(structure);
                    let before = std::mem::replace(&mut x, result.x.clone());
                    last = Some((before, result));
                }
            }
            Action::Done => return Ok(Solution { states, statistics: driver.statistics() }),
        }
    }
}

/// A host whose data are thresholded, as if all elements of a state were one sample.
struct Clipped<'a> {
    host: &'a mut dyn Host,
    thresholding: Option<Thresholding>,
}

impl Host for Clipped<'_> {
    fn evaluate(&mut self, query: &Query, x: &[f64]) -> Vec<f64> {
        let value = self.host.evaluate(query, x);
        match self.thresholding {
            Some(thresholding) if query.quantity == Quantity::Data => {
                let quantile = thresholding.quantile(&value);
                value.into_iter().map(|d| thresholding.apply(d, quantile)).collect()
            }
            _ => value,
        }
    }

    fn noise(&mut self, step: &PlannedStep, elements: usize) -> Result<Vec<Vec<f64>>> {
        self.host.noise(step, elements)
    }
}

fn run(step: &crate::Step, host: &mut dyn Host, x: &[f64], history: &[Vec<f64>], noise: &[Vec<f64>]) -> StepResult<f64> {
    interpret(step, &mut |query, point| host.evaluate(query, point), x, history, noise)
}

/// Puts zeros before the evaluations that there are, up to `slots`.
fn fill(history: &mut Vec<Vec<f64>>, slots: usize, elements: usize) {
    while history.len() < slots {
        history.insert(0, vec![0.0; elements]);
    }
}

/// As [`crate::error_norm`], on the host.
fn norm(error: &[f64], x0: &[f64], x1: &[f64], tolerance: Tolerance) -> f64 {
    let squares = error.iter().zip(x0.iter().zip(x1)).map(|(&e, (&a, &b))| scaled_error(e, a, b, tolerance).powi(2));
    (squares.sum::<f64>() / error.len().max(1) as f64).sqrt()
}
