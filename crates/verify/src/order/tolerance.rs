//! Adaptive steps: the error of a solution is proportional to the tolerance that it was asked for.
//! Tolerances go down by halves of a decade; the slope of log error over log tolerance is to be 1.

use super::ode::Problem;
use crate::case::Case;
use crate::{Bound, Row};
use serde_json::json;
use thalweg_model::Result;
use thalweg_path::Parameterization;
use thalweg_solver::Method;

/// −log₁₀ of the tolerances.
const DECADES: [f64; 9] = [5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0];
const SOURCE: &str = "local errors held at the tolerance: Hairer, Nørsett & Wanner 1993, II.4";

/// The rows of one path: how far the slope is from 1, and the largest error in units of the tolerance.
///
/// # Errors
/// Those of the jobs.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    let problem = Problem::new(case, Parameterization::Velocity)?;
    let mut out = Vec::new();
    for method in Method::ALL.iter().filter(|m| m.adaptive().is_some()) {
        let mut points = Vec::new();
        for decade in DECADES {
            let tolerance = 10f64.powf(-decade);
            let args = json!({ "method": method.name(), "rtol": tolerance, "atol": tolerance });
            let error = problem.error_with(json!({ "type": "ODESolver", "args": args }))?;
            points.push((tolerance.ln(), error.ln()));
        }
        let largest = points.iter().map(|(tolerance, error)| (error - tolerance).exp()).fold(0.0, f64::max);
        let labelled = |row: Row| row.label("solver", method.name()).label("path", case.name);
        let name = |what: &str| format!("{} on {}: {what}", method.name(), case.name);
        out.push(labelled(Row::new("tolerance", name("slope of error over tolerance"), slope(&points), Bound::AtLeast(0.8), SOURCE)));
        out.push(labelled(Row::new("tolerance", name("largest error / tolerance"), largest, Bound::AtMost(20.0), SOURCE)));
    }
    Ok(out)
}

/// Least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let (xy, xx) = points.iter().fold((0.0, 0.0), |(xy, xx), p| (xy + (p.0 - x) * (p.1 - y), xx + (p.0 - x).powi(2)));
    xy / xx
}
