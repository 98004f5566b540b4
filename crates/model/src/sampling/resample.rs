//! Resampling: after every few steps the state is noised back to where it was before them, and the steps are taken again, so that sampled
//! coordinates come to agree with known ones (Lugmayr et al., CVPR 2022, "RePaint", algorithm 1 and section 4.2).

use super::times::GaussianView;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_solver::{Action, Driver, Output, Plan, Schedule, Statistics, Verdict};

/// How often steps are taken again, and how far back (Lugmayr et al. 2022, RePaint, algorithm 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resample {
    /// How often each stretch of steps is taken; ≥ 1, and 1 is plain replacement. The share of error that replacement leaves falls with it, the work grows with it.
    #[schemars(range(min = 1))]
    pub times: u32,
    /// How many of the solver's steps a stretch has; ≥ 1.
    #[schemars(range(min = 1))]
    pub jump: u32,
}

impl Resample {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` below `resample`.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in [("times", self.times), ("jump", self.jump)] {
            if value == 0 {
                return Err(ModelError::config(format!("resample.{field}"), "an integer ≥ 1", value));
            }
        }
        Ok(())
    }
}

/// Most steps, repeated ones counted: all of them are laid out before the first one is taken.
const MOST: usize = 1_000_000;

/// What comes next.
pub enum Move {
    /// An action of the solver's.
    Action(Action),
    /// x ← scale·x + std·ε: from a time to an earlier one of the sampler's.
    Back(Jump),
}

/// A step of the forward process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// Factor of the state.
    pub scale: f64,
    /// Standard deviation of the noise.
    pub std: f64,
    /// Its number, from 1.
    pub pass: usize,
}

/// What the moves of a chunk come from.
pub enum Pilot {
    /// The solver's driver.
    Driver(Driver),
    /// A plan whose stretches are repeated.
    Resampled(Resampled),
}

/// A plan whose stretches are repeated.
pub struct Resampled {
    plan: Plan,
    script: std::vec::IntoIter<Scripted>,
    statistics: Statistics,
    time: f64,
}

enum Scripted {
    Emit(usize),
    Step(usize),
    Back(Jump),
}

impl Resampled {
    /// Repeats the stretches of `plan`.
    ///
    /// # Errors
    /// A `ConfigError` where a step uses what came before it.
    pub fn new(plan: Plan, view: &GaussianView, how: Resample) -> Result<Resampled> {
        if plan.start.is_some() || plan.steps.iter().any(|p| p.step.structure.history > 0) {
            let expected =
                "a solver whose steps stand alone (euler, heun2, rk4, an SDE solver, DDIM, a singlestep DPM-Solver), or no resample";
            return Err(ModelError::config("resample", expected, "a solver whose steps use earlier ones"));
        }
        // A denoising step at the end goes nowhere in time, and is taken once.
        let again = plan.steps.len().saturating_mul(how.times as usize);
        if again > MOST {
            return Err(ModelError::config("resample.times", format!("at most {MOST} steps in all"), format!("{again} steps")));
        }
        let moving = plan.steps.iter().take_while(|p| p.t != p.end).count();
        let mut script = Vec::new();
        let mut pass = 0;
        let emit = |done: usize, script: &mut Vec<Scripted>| {
            script.extend(plan.outputs.iter().enumerate().filter(|(_, at)| **at == done).map(|(i, _)| Scripted::Emit(i)));
        };
        emit(0, &mut script);
        for first in (0..moving).step_by(how.jump as usize) {
            let last = moving.min(first + how.jump as usize);
            for again in (0..how.times).rev() {
                for k in first..last {
                    script.push(Scripted::Step(k));
                    if again == 0 {
                        emit(k + 1, &mut script);
                    }
                }
                if again > 0 {
                    pass += 1;
                    script.push(Scripted::Back(jump(view, plan.steps[last - 1].end, plan.steps[first].t, pass)));
                }
            }
        }
        for k in moving..plan.steps.len() {
            script.push(Scripted::Step(k));
            emit(k + 1, &mut script);
        }
        let time = plan.steps.first().map_or(f64::NAN, |p| p.t);
        Ok(Resampled { plan, script: script.into_iter(), statistics: Statistics::default(), time })
    }

    fn next(&mut self) -> Move {
        match self.script.next() {
            None => Move::Action(Action::Done),
            Some(Scripted::Emit(index)) => Move::Action(Action::Emit { index, output: Output::Present }),
            Some(Scripted::Back(jump)) => Move::Back(jump),
            Some(Scripted::Step(k)) => {
                let planned = self.plan.steps[k].clone();
                self.time = planned.end;
                self.statistics.nfe += planned.step.structure.stages;
                Move::Action(Action::Step(planned))
            }
        }
    }
}

/// The forward process from time `from` to the noisier time `to`: x_to = (s_to/s_from)·x_from + √(σ_to² − (s_to/s_from)²σ_from²)·ε.
fn jump(view: &GaussianView, from: f64, to: f64, pass: usize) -> Jump {
    let scale = view.s(to) / view.s(from);
    let variance = view.sigma(to).powi(2) - (scale * view.sigma(from)).powi(2);
    Jump { scale, std: variance.max(0.0).sqrt(), pass }
}

impl Pilot {
    /// What comes next.
    pub fn next(&mut self) -> Move {
        match self {
            Pilot::Driver(driver) => Move::Action(driver.next()),
            Pilot::Resampled(resampled) => resampled.next(),
        }
    }

    /// See [`Driver::started`].
    ///
    /// # Errors
    /// Those of the driver.
    pub fn started(&mut self, state: f64, value: f64) -> Result<()> {
        match self {
            Pilot::Driver(driver) => Ok(driver.started(state, value)?),
            Pilot::Resampled(_) => Ok(()),
        }
    }

    /// See [`Driver::probed`].
    pub fn probed(&mut self, change: f64) {
        if let Pilot::Driver(driver) = self {
            driver.probed(change);
        }
    }

    /// See [`Driver::stepped`].
    ///
    /// # Errors
    /// Those of the driver; a state that is not finite.
    pub fn stepped(&mut self, errors: &[f64]) -> Result<Verdict> {
        match self {
            Pilot::Driver(driver) => Ok(driver.stepped(errors)?),
            Pilot::Resampled(resampled) if errors.iter().any(|e| e.is_nan()) => {
                let message = format!("the step gave a state that is not finite at t = {}", resampled.time);
                Err(ModelError::expected("SolverError", message, "finite numbers", "NaN"))
            }
            Pilot::Resampled(resampled) => {
                resampled.statistics.accepted += 1;
                Ok(Verdict::Accepted)
            }
        }
    }

    /// What the integration took so far.
    pub fn statistics(&self) -> Statistics {
        match self {
            Pilot::Driver(driver) => driver.statistics(),
            Pilot::Resampled(resampled) => resampled.statistics,
        }
    }

    /// Present time.
    pub fn time(&self) -> f64 {
        match self {
            Pilot::Driver(driver) => driver.time(),
            Pilot::Resampled(resampled) => resampled.time,
        }
    }
}
