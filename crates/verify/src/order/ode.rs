//! Order of every ODE solver on every path, from exact networks of each parameterization, through the sampler itself.
//! The reference is the exact flow of a mixture on the line, which keeps quantiles.

use crate::case::Case;
use crate::exact::{Exact, spread};
use crate::mixture::TWO;
use crate::slope::{Found, ROUNDING, Search};
use crate::solvers::Entry;
use crate::{Bound, Row, call};
use serde_json::{Value, json};
use thalweg_model::{Model, Result};
use thalweg_path::Parameterization;

/// Where trajectories begin, in standard deviations of x.
const STARTS: [f64; 4] = [-1.4, -0.3, 0.5, 1.7];
/// Parts of the span at which the error is taken.
const PARTS: [f64; 3] = [0.0, 0.5, 1.0];

/// The rows of these solvers on one path.
///
/// # Errors
/// Those of the jobs.
pub fn rows(case: &Case, solvers: &[Entry], search: Search) -> Result<Vec<Row>> {
    let mut out = Vec::new();
    for &predicts in case.predictions {
        let problem = Problem::new(case, predicts)?;
        for solver in solvers.iter().filter(|s| problem.defines(s)) {
            let found = search.order(solver.order, |steps| problem.error(solver, steps))?;
            let (measured, bound) = match found {
                Found::Slope(slope) => (slope, Bound::AtLeast(solver.order - 0.1)),
                Found::Exact(error) => (error, Bound::AtMost(ROUNDING)),
            };
            let name = format!("{} on {} from {}", solver.name, case.name, predicts.name());
            let row = Row::new("order", name, measured, bound, solver.source);
            let row = row.label("solver", &solver.name).label("path", case.name).label("parameterization", predicts.name());
            let kind = if matches!(found, Found::Slope(_)) { "order" } else { "error" };
            out.push(row.label("theory", solver.order.to_string()).label("kind", kind));
        }
    }
    Ok(out)
}

/// A model, and exact trajectories.
pub(super) struct Problem<'a> {
    case: &'a Case,
    model: Model,
    times: Vec<f64>,
    starts: Vec<f64>,
    /// At each time, one state per start.
    exact: Vec<f64>,
}

impl Problem<'_> {
    pub(super) fn new(case: &Case, predicts: Parameterization) -> Result<Problem<'_>> {
        let process = &case.process;
        let exact = Exact { case, predicts, dimensions: 1, rows: &[STARTS.len()], parameters: vec![1] };
        let model = exact.model(&|which, t, x| TWO.exact(process, which, spread(t, x), x))?;
        // The sampler counts from its own end: the times are those that it comes back to.
        let [from, to] = case.span;
        let there = |part: f64| case.sampler_time(case.sampler_time(from + part * (to - from)));
        let times: Vec<f64> = PARTS.iter().map(|&part| there(part)).collect();
        let starts: Vec<f64> = STARTS.iter().map(|&z| TWO.point(process, times[0], z)).collect();
        let exact = times.iter().flat_map(|&t| starts.iter().map(move |&x| (t, x)));
        let exact = exact.map(|(t, x)| TWO.flow(process, times[0], x, t)).collect();
        Ok(Problem { case, model, times, starts, exact })
    }

    /// Whether the model has what the solver evaluates, and the solver what it needs of the path.
    fn defines(&self, solver: &Entry) -> bool {
        self.model.definition().range(solver.evaluates).is_some()
    }

    fn error(&self, solver: &Entry, steps: usize) -> Result<f64> {
        self.error_with(solver.config(steps, &self.case.grid))
    }

    /// Root mean square of the errors of all trajectories at all times, of a solver with these settings.
    pub(super) fn error_with(&self, solver: Value) -> Result<f64> {
        let options = json!({ "solver": solver, "trajectory": true });
        let states = call::states(&self.model, self.case, &self.times, &self.starts, options)?;
        let squares: f64 = states.iter().zip(&self.exact).map(|(x, exact)| (x - exact).powi(2)).sum();
        Ok((squares / self.exact.len() as f64).sqrt())
    }
}
