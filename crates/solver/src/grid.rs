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
