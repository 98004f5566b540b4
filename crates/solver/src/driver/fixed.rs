//! Steps given beforehand: every interval of `tSpan` is cut into equal steps, so that outputs lie on step ends.
//! Serves Runge–Kutta methods and Euler–Maruyama alike.

use super::{Action, Statistics, Verdict};
use crate::{Result, SolverError, Tableau, validate_grid};

/// Equal steps within each interval of `tSpan`.
#[derive(Clone, Debug)]
pub struct FixedDriver {
    t_span: Vec<f64>,
    /// Steps of each interval.
    counts: Vec<usize>,
    /// Evaluations of f per step.
    evaluations: usize,
    /// Whether the slope of the first state is still to be evaluated.
    wants_slope: bool,
    /// Points emitted; the present interval ends at the next one.
    emitted: usize,
    /// Steps taken in the present interval.
    taken: usize,
    statistics: Statistics,
}

impl FixedDriver {
    /// At least `steps` steps of `tableau` over `t_span`: n equal ones in an interval that is a part p of the whole, n ≥ p·`steps`, n ≥ 1.
    /// So two times give exactly `steps` steps, and `steps` = 1 makes each interval one step.
    ///
    /// # Errors
    /// A `ConfigError` if `t_span` is not strictly monotone and finite with at least two times, or `steps` is 0.
    pub fn new(tableau: &Tableau, t_span: &[f64], steps: usize) -> Result<FixedDriver> {
        FixedDriver::build(t_span, steps, tableau.evaluations(), tableau.fsal)
    }

    /// The same for [`crate::euler_maruyama_step`]: one drift per step. Times may fall, for an SDE in reversed time: dt is |h|.
    ///
    /// # Errors
    /// As [`FixedDriver::new`].
    pub fn euler_maruyama(t_span: &[f64], steps: usize) -> Result<FixedDriver> {
        FixedDriver::build(t_span, steps, 1, false)
    }

    fn build(t_span: &[f64], steps: usize, evaluations: usize, wants_slope: bool) -> Result<FixedDriver> {
        validate_grid(t_span, f64::MIN, f64::MAX)?;
        if steps == 0 {
            return Err(SolverError::config("steps", "at least 1", steps));
        }
        let whole = t_span[t_span.len() - 1] - t_span[0];
        // A share that is a whole number up to rounding must not become one step more.
        let share = |w: &[f64]| ((w[1] - w[0]) / whole * steps as f64 * (1.0 - 1e-12)).ceil().max(1.0) as usize;
        let counts = t_span.windows(2).map(share).collect();
        let t_span = t_span.to_vec();
        Ok(FixedDriver { t_span, counts, evaluations, wants_slope, emitted: 0, taken: 0, statistics: Statistics::default() })
    }

    /// Number of steps in all.
    pub fn steps(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The next action; see [`super::Driver::next`]. Never a probe.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Action {
        let interval = self.emitted.saturating_sub(1);
        if self.emitted == 0 || self.counts.get(interval) == Some(&self.taken) {
            self.taken = 0;
            self.emitted += 1;
            return Action::Emit { index: self.emitted - 1, theta: 1.0 };
        }
        if interval == self.counts.len() {
            return Action::Done;
        }
        let t = self.time();
        if self.wants_slope { Action::Slope { t } } else { Action::Step { t, h: self.node(interval, self.taken + 1) - t } }
    }

    /// Reports the slope of the first state.
    pub fn started(&mut self) {
        if self.wants_slope {
            self.wants_slope = false;
            self.statistics.nfe += 1;
        }
    }

    /// Reports a step; see [`super::Driver::stepped`].
    ///
    /// # Errors
    /// A `SolverError` that names t if `error` is not finite.
    pub fn stepped(&mut self, error: f64) -> Result<Verdict> {
        if !error.is_finite() {
            return Err(SolverError::at(self.time(), "the step gave a state that is not finite", "finite numbers", error));
        }
        self.taken += 1;
        self.statistics.nfe += self.evaluations;
        self.statistics.accepted += 1;
        Ok(Verdict::Accepted)
    }

    /// What it took so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Present time.
    pub fn time(&self) -> f64 {
        self.node(self.emitted.saturating_sub(1), self.taken)
    }

    /// End of step `taken` of an interval.
    fn node(&self, interval: usize, taken: usize) -> f64 {
        let a = self.t_span[interval];
        match self.counts.get(interval) {
            Some(&count) if taken == count => self.t_span[interval + 1],
            Some(&count) => a + (self.t_span[interval + 1] - a) * (taken as f64 / count as f64),
            None => a,
        }
    }
}
