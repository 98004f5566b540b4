//! An ODE integrated on the host in f64: the loop that every owner of a state writes around a driver, in its plainest form.
//! Tests and closed-form references use it; models write the same loop around programs.

use crate::{Action, OdeSolver, Result, Statistics, StepResult, Tolerance, Verdict, dense, scaled_error, step};

/// A solution at the times asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The state at each time of `t_span`.
    pub states: Vec<Vec<f64>>,
    /// What it took.
    pub statistics: Statistics,
}

/// Integrates dx/dt = f(t, x) from `x0` at the first time of `t_span` to the last.
///
/// # Errors
/// A `ConfigError` if a setting or the time span is wrong; a `SolverError` that names t if the integration cannot go on.
///
/// ```
/// use thalweg_solver::{Method, OdeSolver, solve};
/// let settings = OdeSolver { method: Method::Rk4, steps: Some(10), ..OdeSolver::default() };
/// let circle = solve(&settings, |_t, x| vec![-x[1], x[0]], &[0.0, std::f64::consts::PI], &[1.0, 0.0])?;
/// assert!((circle.states[1][0] + 1.0).abs() < 1e-3);
/// assert_eq!(circle.statistics.nfe, 40);
/// # Ok::<(), thalweg_solver::SolverError>(())
/// ```
pub fn solve(settings: &OdeSolver, mut f: impl FnMut(f64, &[f64]) -> Vec<f64>, t_span: &[f64], x0: &[f64]) -> Result<Solution> {
    let (tableau, tolerance) = (settings.method.tableau(), settings.tolerance());
    let mut driver = settings.driver(t_span)?;
    let mut x = x0.to_vec();
    let mut slope: Option<Vec<f64>> = None;
    let mut last: Option<(Vec<f64>, f64, StepResult<f64>)> = None;
    let mut states = Vec::with_capacity(t_span.len());
    loop {
        match driver.next() {
            Action::Emit { theta, .. } => states.push(match &last {
                Some((before, h, result)) if theta < 1.0 => dense(tableau, theta, *h, before, &x, &result.slopes),
                _ => x.clone(),
            }),
            Action::Slope { t } => {
                let k = f(t, &x);
                driver.started(norm(&x, &x, &x, tolerance), norm(&k, &x, &x, tolerance))?;
                slope = Some(k);
            }
            Action::Probe { t, h } => {
                let k = slope.as_deref().unwrap_or_default();
                let trial: Vec<f64> = x.iter().zip(k).map(|(x, k)| x + h * k).collect();
                let change: Vec<f64> = f(t + h, &trial).iter().zip(k).map(|(a, b)| a - b).collect();
                driver.probed(norm(&change, &x, &x, tolerance));
            }
            Action::Step { t, h } => {
                let first = slope.clone().filter(|_| tableau.fsal);
                let result = step(tableau, &mut f, t, h, &x, first);
                let error = result.error.as_ref().filter(|_| settings.fixed_steps().is_none());
                let size = error.map_or_else(|| result.x.iter().map(|x| x * 0.0).sum(), |e| norm(e, &x, &result.x, tolerance));
                if driver.stepped(size)? == Verdict::Accepted {
                    slope = result.slopes.last().cloned();
                    let before = std::mem::replace(&mut x, result.x.clone());
                    last = Some((before, h, result));
                }
            }
            Action::Done => return Ok(Solution { states, statistics: driver.statistics() }),
        }
    }
}

/// As [`crate::error_norm`], on the host.
fn norm(error: &[f64], x0: &[f64], x1: &[f64], tolerance: Tolerance) -> f64 {
    let squares = error.iter().zip(x0.iter().zip(x1)).map(|(&e, (&a, &b))| scaled_error(e, a, b, tolerance).powi(2));
    (squares.sum::<f64>() / error.len().max(1) as f64).sqrt()
}
