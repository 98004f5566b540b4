//! Steps given beforehand: a driver that hands out a plan.
//! Serves every rule alike; outputs lie on step ends.

use super::{Action, Output, Plan, Statistics, Verdict};
use crate::{Result, SolverError};

/// The steps of a plan, one by one.
#[derive(Clone, Debug)]
pub struct FixedDriver {
    plan: Plan,
    /// Whether the first evaluation is still to come.
    starting: bool,
    /// Outputs emitted.
    emitted: usize,
    /// Steps taken.
    taken: usize,
    statistics: Statistics,
}

impl FixedDriver {
    /// A driver of `plan`.
    pub fn new(plan: Plan) -> FixedDriver {
        let starting = plan.start.is_some();
        FixedDriver { plan, starting, emitted: 0, taken: 0, statistics: Statistics::default() }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The next action; see [`super::Driver::next`]. Never a probe.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Action {
        if self.plan.outputs.get(self.emitted) == Some(&self.taken) {
            self.emitted += 1;
            return Action::Emit { index: self.emitted - 1, output: Output::Present };
        }
        match (self.plan.start, self.plan.steps.get(self.taken)) {
            (_, None) => Action::Done,
            (Some(query), _) if self.starting => Action::Evaluate(query),
            (_, Some(planned)) => Action::Step(planned.clone()),
        }
    }

    /// Reports the first evaluation.
    pub fn started(&mut self) {
        if self.starting {
            self.starting = false;
            self.statistics.nfe += 1;
        }
    }

    /// Reports a step; see [`super::Driver::stepped`].
    ///
    /// # Errors
    /// A `SolverError` that names t if one of `errors` is not finite.
    pub fn stepped(&mut self, errors: &[f64]) -> Result<Verdict> {
        if let Some(error) = errors.iter().find(|e| !e.is_finite()) {
            return Err(SolverError::at(self.time(), "the step gave a state that is not finite", "finite numbers", error));
        }
        if let Some(planned) = self.plan.steps.get(self.taken) {
            self.statistics.nfe += planned.step.structure.stages;
            self.statistics.accepted += 1;
            self.taken += 1;
        }
        Ok(Verdict::Accepted)
    }

    /// What it took so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Present time.
    pub fn time(&self) -> f64 {
        let steps = &self.plan.steps;
        steps.get(self.taken).map(|s| s.t).or(steps.last().map(|s| s.end)).unwrap_or(f64::NAN)
    }
}
