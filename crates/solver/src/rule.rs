//! A step rule over a fixed grid: the table of coefficients of each step.
//! Methods implement this one trait, each in its own file.

use crate::{Problem, Quantity, Result, Schedule, SolverError, Step};

/// The times of a fixed grid, and what they are integrated on.
#[derive(Clone, Copy)]
pub struct Mesh<'a> {
    /// Path times, strictly rising or strictly falling; at least two.
    pub times: &'a [f64],
    /// The problem.
    pub problem: Problem<'a>,
}

impl<'a> Mesh<'a> {
    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.times.len() - 1
    }

    /// Signed length of step `i`.
    pub fn h(&self, i: usize) -> f64 {
        self.times[i + 1] - self.times[i]
    }

    /// The Gaussian path.
    ///
    /// # Errors
    /// A `ConfigError` at `type` if the path is not Gaussian.
    pub fn schedule(&self) -> Result<&'a dyn Schedule> {
        let missing =
            || SolverError::config("type", "a solver of ODEs or SDEs (this one needs a Gaussian path)", "a path that is not Gaussian");
        self.problem.schedule.ok_or_else(missing)
    }

    /// h(t) of the sampler's diffusion.
    ///
    /// # Errors
    /// A `ConfigError` at `type` if there is none, or at `tSpan` if it is not a finite number ≥ 0 at `t`.
    pub fn diffusion(&self, t: f64) -> Result<f64> {
        let missing = || SolverError::config("type", "a solver of ODEs (an SDE needs a diffusion)", "no diffusion");
        let h = self.problem.diffusion.ok_or_else(missing)?(t);
        let good = h.is_finite() && h >= 0.0;
        if good {
            Ok(h)
        } else {
            Err(SolverError::config("tSpan", "times at which the diffusion is finite and ≥ 0", format!("{h} at t = {t}")))
        }
    }
}

/// A step rule.
pub trait Rule {
    /// What it evaluates.
    fn quantity(&self) -> Quantity;

    /// Whether the quantity at the first time and state is to be evaluated before the first step, as its newest history.
    fn starts_with_evaluation(&self) -> bool {
        false
    }

    /// Step `i` of a mesh: from `times[i]` to `times[i + 1]`, after the steps before it.
    ///
    /// # Errors
    /// A `ConfigError` that says why the rule cannot make this step, and what to do.
    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step>;
}

impl<R: Rule + ?Sized> Rule for &R {
    fn quantity(&self) -> Quantity {
        (**self).quantity()
    }

    fn starts_with_evaluation(&self) -> bool {
        (**self).starts_with_evaluation()
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        (**self).step(mesh, i)
    }
}
