//! Steps chosen by their error: a state machine around the controller.
//! Steps ignore `tSpan` but for its end; the points in between come from the dense output.

use super::{Action, Output, PlannedStep, Statistics, Verdict};
use crate::{
    Controller, Quantity, Query, Result, Row, SolverError, Stage, Step, StepControl, Structure, Tableau, first_step, trial_step,
    validate_grid,
};

/// Steps as long as the tolerance allows.
#[derive(Clone, Debug)]
pub struct AdaptiveDriver {
    tableau: &'static Tableau,
    t_span: Vec<f64>,
    controller: Controller,
    error_order: u32,
    max_steps: usize,
    phase: Phase,
    /// Time before the step that was accepted last.
    previous: f64,
    /// Present time.
    t: f64,
    /// Length of the next step, signed.
    h: f64,
    emitted: usize,
    /// Replaces the last state by the datum, if that is wanted and has not been done.
    last: Option<Box<PlannedStep>>,
    statistics: Statistics,
}

/// Which report is awaited.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Slope,
    Probe { slope: f64 },
    Steps,
}

impl AdaptiveDriver {
    /// Steps of `tableau` over `t_span`; at most `max_steps`, accepted and rejected ones together. `last` is one more step at the end, before
    /// the last point is emitted.
    ///
    /// # Errors
    /// A `ConfigError` if `t_span` is not strictly monotone and finite with at least two times, `max_steps` is 0, or the tableau
    /// has no error estimate or no dense output.
    pub fn new(
        tableau: &'static Tableau,
        control: StepControl,
        t_span: &[f64],
        max_steps: usize,
        last: Option<PlannedStep>,
    ) -> Result<AdaptiveDriver> {
        validate_grid(t_span, f64::MIN, f64::MAX)?;
        if max_steps == 0 {
            return Err(SolverError::config("maxSteps", "at least 1", max_steps));
        }
        let Some(error_order) = tableau.error_order.filter(|_| tableau.is_adaptive()) else {
            return Err(SolverError::config("method", "a method with an error estimate and dense output", tableau.name));
        };
        Ok(AdaptiveDriver {
            tableau,
            t_span: t_span.to_vec(),
            controller: Controller::new(control, error_order),
            error_order,
            max_steps,
            phase: Phase::Slope,
            previous: t_span[0],
            t: t_span[0],
            h: 0.0,
            emitted: 0,
            last: last.map(|planned| Box::new(PlannedStep { step: planned.step.after(1), ..planned })),
            statistics: Statistics::default(),
        })
    }

    /// The next action; see [`super::Driver::next`].
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Action {
        if let (true, true, Some(last)) = (self.t == self.end(), self.emitted + 1 == self.t_span.len(), &self.last) {
            return Action::Step(PlannedStep::clone(last));
        }
        if let Some(theta) = self.t_span.get(self.emitted).and_then(|&point| self.part_of_step(point)) {
            self.emitted += 1;
            return Action::Emit { index: self.emitted - 1, output: self.output(theta) };
        }
        match self.phase {
            _ if self.t == self.end() => Action::Done,
            Phase::Slope => Action::Evaluate(Query { quantity: Quantity::Velocity, t: self.t, score: 0.0 }),
            Phase::Probe { .. } => Action::Probe(probe(self.t, self.h)),
            Phase::Steps => {
                let end = self.target();
                Action::Step(PlannedStep { t: self.t, end, step: self.tableau.step(self.t, self.h, true) })
            }
        }
    }

    /// The state `theta` of the way through the step accepted last.
    fn output(&mut self, theta: f64) -> Output {
        let length = self.t - self.previous;
        let step = (theta < 1.0).then(|| self.tableau.dense_step(self.previous, length, theta)).flatten();
        step.map_or(Output::Present, |step| {
            self.statistics.nfe += step.structure.stages;
            Output::Dense(step)
        })
    }

    /// Reports the norms of the state and of its slope; see [`super::Driver::started`].
    ///
    /// # Errors
    /// A `SolverError` that names t if one of them is not finite.
    pub fn started(&mut self, state: f64, slope: f64) -> Result<()> {
        self.statistics.nfe += 1;
        if !state.is_finite() || !slope.is_finite() {
            let got = format!("norms {state} and {slope}");
            return Err(SolverError::at(self.t, "the state or its slope is not finite", "finite numbers", got));
        }
        self.phase = Phase::Probe { slope };
        self.go(trial_step(state, slope))
    }

    /// Reports the norm of the change of slope over the trial step; see [`super::Driver::probed`].
    pub fn probed(&mut self, change: f64) {
        let Phase::Probe { slope } = self.phase else { return };
        self.statistics.nfe += 1;
        self.phase = Phase::Steps;
        let trial = self.h.abs();
        let curvature = change / trial;
        // A trial step that leaves the domain of f says nothing but that it was long enough.
        let length = if curvature.is_finite() { first_step(trial, slope, curvature, self.error_order) } else { trial };
        self.h = self.clipped(length.copysign(self.h));
    }

    /// Reports a step; see [`super::Driver::stepped`].
    ///
    /// # Errors
    /// A `SolverError` that names t if no step is short enough, or `max_steps` were taken and the end is not reached.
    pub fn stepped(&mut self, errors: &[f64]) -> Result<Verdict> {
        if self.t == self.end() && self.last.take().is_some() {
            self.statistics.nfe += 1;
            return self.denoised(errors);
        }
        let error = combined(errors);
        self.statistics.nfe += self.tableau.stages() - 1;
        let decision = self.controller.decide(error, self.h);
        let verdict = if decision.accept {
            self.statistics.accepted += 1;
            self.previous = self.t;
            self.t = self.target();
            Verdict::Accepted
        } else {
            self.statistics.rejected += 1;
            Verdict::Rejected
        };
        if self.t == self.end() {
            return Ok(verdict);
        }
        self.check(error, decision.next_h)?;
        self.h = self.clipped(decision.next_h);
        Ok(verdict)
    }

    /// The last state was replaced by the datum.
    fn denoised(&mut self, errors: &[f64]) -> Result<Verdict> {
        if let Some(error) = errors.iter().find(|e| !e.is_finite()) {
            return Err(SolverError::at(self.t, "the last datum is not finite", "finite numbers", error));
        }
        self.previous = self.t;
        self.statistics.accepted += 1;
        Ok(Verdict::Accepted)
    }

    /// What it took so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Present time.
    pub fn time(&self) -> f64 {
        self.t
    }

    /// Takes up the length of the trial step.
    fn go(&mut self, length: f64) -> Result<()> {
        let h = length.copysign(self.remaining());
        self.check(0.0, h)?;
        self.h = self.clipped(h);
        Ok(())
    }

    /// Whether the integration can go on with a step of length `h` after one of error `error`.
    fn check(&self, error: f64, h: f64) -> Result<()> {
        let taken = self.statistics.accepted + self.statistics.rejected;
        let shortest = self.shortest();
        if h.abs() < shortest && !error.is_finite() {
            let message = "the state or its slope is not finite, however short the step,";
            return Err(SolverError::at(self.t, message, "finite numbers", format!("an error of {error}")));
        }
        if h.abs() < shortest {
            let message = "the step size vanishes: the problem is singular or too stiff";
            return Err(SolverError::at(self.t, message, format!("steps of at least {shortest:e}"), format!("{:e}", h.abs())));
        }
        if taken >= self.max_steps {
            let expected = format!("t = {} within {} steps", self.end(), self.max_steps);
            let got = format!("{taken} steps, the last of length {:e} with an error of {error:.3} times the tolerance", self.h.abs());
            return Err(SolverError::at(self.t, "maxSteps steps were not enough", expected, got));
        }
        Ok(())
    }

    /// The shortest step that still moves every time of the span.
    fn shortest(&self) -> f64 {
        4.0 * f64::EPSILON * self.t_span[0].abs().max(self.end().abs())
    }

    /// Time after the next step.
    fn target(&self) -> f64 {
        if self.h == self.remaining() { self.end() } else { self.t + self.h }
    }

    fn end(&self) -> f64 {
        self.t_span[self.t_span.len() - 1]
    }

    fn remaining(&self) -> f64 {
        self.end() - self.t
    }

    /// `h`, or what remains, if `h` would leave at most a hundredth of a step.
    fn clipped(&self, h: f64) -> f64 {
        let remaining = self.remaining();
        if 1.01 * h.abs() >= remaining.abs() { remaining } else { h }
    }

    /// Where in the step accepted last `point` lies, if it does not lie ahead.
    fn part_of_step(&self, point: f64) -> Option<f64> {
        let length = self.t - self.previous;
        let ahead = if self.end() > self.t_span[0] { point > self.t } else { point < self.t };
        (!ahead).then(|| if point == self.t { 1.0 } else { (point - self.previous) / length })
    }
}

/// One error from the norms of all estimates; see [`Tableau::embedded`].
fn combined(errors: &[f64]) -> f64 {
    match *errors {
        [] => f64::NAN,
        [error] => error,
        [0.0, ..] => 0.0,
        [fine, coarse, ..] => fine * fine / fine.hypot(0.1 * coarse),
    }
}

/// f(t + h, x + h·f(t, x)) − f(t, x), where f(t, x) is the history.
fn probe(t: f64, h: f64) -> Step {
    let structure = Structure { history: 1, ..Structure::new(Quantity::Velocity, 1) };
    let stage = Stage::new(t + h, Row::x() + Row::evaluation(0) * h);
    Step::new(structure, vec![stage], Row::evaluation(1) - Row::evaluation(0), vec![])
}
