//! Time grids: what `tSpan` may be, and the uniform one.
//! A span may rise or fall; drivers take it as it comes.

use crate::{Result, SolverError};

/// `steps` + 1 times from `t0` to `t1`, equally spaced, both ends exact. `steps` ≥ 1.
///
/// ```
/// assert_eq!(thalweg_solver::uniform_grid(1.0, 0.0, 4), vec![1.0, 0.75, 0.5, 0.25, 0.0]);
/// ```
pub fn uniform_grid(t0: f64, t1: f64, steps: usize) -> Vec<f64> {
    let inner = (0..steps).map(|i| t0 + (t1 - t0) * (i as f64 / steps as f64));
    inner.chain([t1]).collect()
}

/// Checks that `t_span` has at least two times, all finite, within [`lowest`, `highest`], strictly rising or strictly falling.
///
/// # Errors
/// A `ConfigError` at `tSpan` that names the first time at fault.
pub fn validate_grid(t_span: &[f64], lowest: f64, highest: f64) -> Result<()> {
    let fail = |expected: String, got: String| Err(SolverError::config("tSpan", expected, got));
    if t_span.len() < 2 {
        return fail("at least 2 times".into(), t_span.len().to_string());
    }
    if let Some((i, t)) = t_span.iter().enumerate().find(|(_, t)| !t.is_finite()) {
        return fail("finite times".into(), format!("{t} at index {i}"));
    }
    if let Some((i, t)) = t_span.iter().enumerate().find(|(_, t)| !(lowest..=highest).contains(*t)) {
        return fail(format!("times from {lowest} to {highest}"), format!("{t} at index {i}"));
    }
    let rising = t_span[1] > t_span[0];
    match t_span.windows(2).position(|w| if rising { w[1] <= w[0] } else { w[1] >= w[0] }) {
        None => Ok(()),
        Some(i) => {
            fail("strictly rising or strictly falling times".into(), format!("{} then {} at index {}", t_span[i], t_span[i + 1], i + 1))
        }
    }
}

/// The times of a fixed grid, and where among them the points of `tSpan` lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// Path times, all points of `tSpan` among them.
    pub times: Vec<f64>,
    /// Index of each point of `tSpan`.
    pub outputs: Vec<usize>,
}

/// At least `steps` steps over `t_span`, equal within each of its intervals: n in an interval that is a part p of the whole,
/// n ≥ p·`steps`, n ≥ 1. So two times give exactly `steps` steps, and `steps` = 1 makes each interval one step.
///
/// # Errors
/// A `ConfigError` if `t_span` is not strictly monotone and finite with at least two times, or `steps` is 0.
pub fn uniform_nodes(t_span: &[f64], steps: usize) -> Result<Nodes> {
    validate_grid(t_span, f64::MIN, f64::MAX)?;
    if steps == 0 {
        return Err(SolverError::config("steps", "at least 1", steps));
    }
    let whole = t_span[t_span.len() - 1] - t_span[0];
    let (mut times, mut outputs) = (vec![t_span[0]], vec![0]);
    for w in t_span.windows(2) {
        // A share that is a whole number up to rounding must not become one step more.
        let share = ((w[1] - w[0]) / whole * steps as f64 * (1.0 - 1e-12)).ceil().max(1.0) as usize;
        times.extend(&uniform_grid(w[0], w[1], share)[1..]);
        outputs.push(times.len() - 1);
    }
    Ok(Nodes { times, outputs })
}
