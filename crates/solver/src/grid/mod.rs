//! Time grids: how steps are spread over `tSpan`, and what `tSpan` may be.
//! A grid is a strictly monotone function of time in which steps are equal; outputs always lie on step ends.

mod karras;
mod log_snr;
mod quadratic;
mod uniform;

use crate::{Problem, Result, Schedule, SolverError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the steps of a fixed grid are spread over the time span, in the time of the path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Grid {
    /// That of the path: equal steps in time; along `edm`, whose time is σ itself, those of `karras`.
    Path {},
    /// Equal steps in time.
    Uniform {},
    /// Equal steps in √t: short ones near t = 0 (Song, Meng & Ermon 2021, appendix D.2).
    Quadratic {},
    /// Equal steps in λ = log(s/σ), which are equal steps in log σ where s = 1 (also called exponential), as in DPM-Solver (Lu et al. 2022). The span must end
    /// where s > 0 and σ > 0.
    LogSnr {},
    /// Equal steps in (σ/s)^(1/rho), as in EDM (Karras et al. 2022, equation 5). The span must begin where s > 0.
    Karras {
        /// Larger values make steps near the data shorter; > 0.
        #[serde(default = "karras::default_rho")]
        #[schemars(extend("exclusiveMinimum" = 0))]
        rho: f64,
    },
    /// The ends of all steps. They replace the number of steps; those of tSpan are added, those outside it left out.
    Times {
        /// Times in the units of tSpan.
        times: Vec<f64>,
    },
}

impl Default for Grid {
    fn default() -> Self {
        Grid::Path {}
    }
}

/// The variable in which steps are equal, and the way back.
struct Warp<'a> {
    to: Box<dyn Fn(f64) -> f64 + 'a>,
    back: Box<dyn Fn(f64) -> f64 + 'a>,
}

impl Grid {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `grid`.
    pub fn validate(&self) -> Result<()> {
        match self {
            Grid::Karras { rho } if !(rho.is_finite() && *rho > 0.0) => Err(SolverError::config("grid", "a finite rho > 0", rho)),
            Grid::Times { times } if times.is_empty() || times.iter().any(|t| !t.is_finite()) => {
                Err(SolverError::config("grid", "at least one time, all finite", format!("{times:?}")))
            }
            _ => Ok(()),
        }
    }

    /// At least `steps` steps over the path times `t_span`, equal in the grid's variable within each of its intervals: n in an interval that
    /// is a part p of the whole, n ≥ p·`steps`, n ≥ 1. So two times give exactly `steps` steps, and `steps` = 1 makes each interval
    /// one step. Of [`Grid::Times`], the times themselves.
    ///
    /// # Errors
    /// A `ConfigError` if `t_span` is not strictly monotone and finite with at least two times, `steps` is 0, the grid needs a path
    /// that is Gaussian, or its variable is infinite within the span.
    pub fn nodes(&self, problem: Problem<'_>, t_span: &[f64], steps: usize) -> Result<Nodes> {
        self.rounded_nodes(problem, t_span, steps, &|_, share| share)
    }

    /// The same with `round(interval, n)` ≥ n steps in an interval, except of [`Grid::Times`].
    pub(crate) fn rounded_nodes(
        &self,
        problem: Problem<'_>,
        t_span: &[f64],
        steps: usize,
        round: &dyn Fn(usize, usize) -> usize,
    ) -> Result<Nodes> {
        validate_grid(t_span, f64::MIN, f64::MAX)?;
        if steps == 0 {
            return Err(SolverError::config("steps", "at least 1", steps));
        }
        let schedule = || {
            let expected = "a grid in time (this one needs a Gaussian path)";
            problem.schedule.ok_or_else(|| SolverError::config("grid", expected, "a path that is not Gaussian"))
        };
        match self {
            Grid::Path {} => match problem.schedule.map_or(Grid::Uniform {}, Schedule::grid) {
                Grid::Path {} => spread(&uniform::warp(), t_span, steps, round),
                own => own.rounded_nodes(problem, t_span, steps, round),
            },
            Grid::Uniform {} => spread(&uniform::warp(), t_span, steps, round),
            Grid::Quadratic {} => spread(&quadratic::warp(), t_span, steps, round),
            Grid::LogSnr {} => spread(&log_snr::warp(schedule()?), t_span, steps, round),
            Grid::Karras { rho } => spread(&karras::warp(schedule()?, *rho), t_span, steps, round),
            Grid::Times { times } => Ok(merge(times, t_span)),
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

/// Steps equal in the variable of `warp`.
fn spread(warp: &Warp<'_>, t_span: &[f64], steps: usize, round: &dyn Fn(usize, usize) -> usize) -> Result<Nodes> {
    let ends: Vec<f64> = t_span.iter().map(|&t| (warp.to)(t)).collect();
    if let Some(i) = ends.iter().position(|w| !w.is_finite()) {
        let expected = "a tSpan within which the grid's variable is finite (another grid, or other ends)";
        return Err(SolverError::config("grid", expected, format!("{} at t = {}", ends[i], t_span[i])));
    }
    let whole = ends[ends.len() - 1] - ends[0];
    let (mut times, mut outputs) = (vec![t_span[0]], vec![0]);
    for (interval, (w, t)) in ends.windows(2).zip(t_span.windows(2)).enumerate() {
        // A share that is a whole number up to rounding must not become one step more.
        let share = ((w[1] - w[0]) / whole * steps as f64 * (1.0 - 1e-12)).ceil().max(1.0) as usize;
        let share = round(interval, share);
        let inner = (1..share).map(|i| (warp.back)(w[0] + (w[1] - w[0]) * (i as f64 / share as f64)));
        times.extend(inner.chain([t[1]]));
        outputs.push(times.len() - 1);
    }
    validate_grid(&times, f64::MIN, f64::MAX).map_err(|e| SolverError::config("grid", "steps that time can tell apart", e.got))?;
    Ok(Nodes { times, outputs })
}

/// The times of `t_span`, and those of `given` that lie between them.
fn merge(given: &[f64], t_span: &[f64]) -> Nodes {
    let (mut times, mut outputs) = (vec![t_span[0]], vec![0]);
    for w in t_span.windows(2) {
        let (low, high) = (w[0].min(w[1]), w[0].max(w[1]));
        let mut between: Vec<f64> = given.iter().copied().filter(|&t| low < t && t < high).collect();
        between.sort_by(|a, b| if w[0] < w[1] { a.total_cmp(b) } else { b.total_cmp(a) });
        between.dedup();
        times.extend(between.into_iter().chain([w[1]]));
        outputs.push(times.len() - 1);
    }
    Nodes { times, outputs }
}

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
