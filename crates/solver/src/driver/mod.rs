//! Drivers: what to do next, one action per call, without ever seeing the state.
//! Whoever owns the state asks, does it, and reports; so a job can stop between any two steps, and a device is never waited for here.

mod adaptive;
mod fixed;
mod plan;

pub use adaptive::AdaptiveDriver;
pub use fixed::FixedDriver;
pub(crate) use plan::denoise_step;
pub use plan::{Plan, PlannedStep, Run};

use crate::{Query, Result, Step};

/// What to do next. Whoever owns the state also keeps the history: before the first step as many zeros as the first step's
/// structure wants, after an accepted step the evaluations that its structure keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A point of `tSpan` is reached. Nothing to report.
    Emit {
        /// Index into `tSpan`; all of them come, in order.
        index: usize,
        /// The state there.
        output: Output,
    },
    /// Evaluate the query in the present state and keep it as the newest history of the first step; then call [`Driver::started`].
    Evaluate(Query),
    /// Run the step from the present state with the evaluation kept as its only history: what it gives is no state but a change
    /// of slope. Discard it, and call [`Driver::probed`] with its norm.
    Probe(Step),
    /// Run the step from the present state; then call [`Driver::stepped`], and go to the new state and history if it answers
    /// `Accepted`.
    Step(PlannedStep),
    /// The last point was emitted.
    Done,
}

/// Where the state at a point of `tSpan` comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// It is the present state, also before the first step.
    Present,
    /// It is what this step gives, from the state before the step accepted last, with all evaluations of that step as history.
    Dense(Step),
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The new state is the present state from now on.
    Accepted,
    /// The present state stays; a shorter step follows.
    Rejected,
}

/// What the integration took so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Evaluations of the quantity, each one run of the network.
    pub nfe: usize,
    /// Steps that counted.
    pub accepted: usize,
    /// Steps that were refused and tried again shorter.
    pub rejected: usize,
}

/// Fixed or adaptive steps.
///
/// ```
/// use thalweg_solver::{Action, Method, OdeSolver, Problem, SolverConfig, interpret};
/// let settings = OdeSolver { method: Method::Euler, steps: Some(2), ..OdeSolver::default() };
/// let mut driver = SolverConfig::Ode(settings).driver(Problem::default(), &[0.0, 1.0])?;
/// let mut x = vec![1.0]; // dx/dt = −x
/// loop {
///     match driver.next() {
///         Action::Step(planned) => {
///             x = interpret(&planned.step, &mut |_, x| vec![-x[0]], &x, &[], &[]).x;
///             driver.stepped(&[])?;
///         }
///         Action::Done => break,
///         _ => {}
///     }
/// }
/// assert_eq!((x[0], driver.statistics().nfe), (0.25, 2));
/// # Ok::<(), thalweg_solver::SolverError>(())
/// ```
#[derive(Clone, Debug)]
pub enum Driver {
    /// Steps given beforehand.
    Fixed(FixedDriver),
    /// Steps chosen by their error.
    Adaptive(AdaptiveDriver),
}

impl Driver {
    /// The next action. Until an action that wants a report has had it, the same action comes again.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Action {
        match self {
            Driver::Fixed(driver) => driver.next(),
            Driver::Adaptive(driver) => driver.next(),
        }
    }

    /// Reports an [`Action::Evaluate`]: the norms of the state and of its slope, in units of atol + rtol·|x| ([`crate::error_norm`]).
    /// Fixed steps ignore them.
    ///
    /// # Errors
    /// A `SolverError` if a norm is not finite.
    pub fn started(&mut self, state: f64, slope: f64) -> Result<()> {
        match self {
            Driver::Fixed(driver) => {
                driver.started();
                Ok(())
            }
            Driver::Adaptive(driver) => driver.started(state, slope),
        }
    }

    /// Reports an [`Action::Probe`]: the norm of the change of slope, in the same units. Fixed steps never ask.
    pub fn probed(&mut self, change: f64) {
        if let Driver::Adaptive(driver) = self {
            driver.probed(change);
        }
    }

    /// Reports an [`Action::Step`]: the [`crate::error_norm`] of each of its errors. Of a fixed step, which has none: nothing, or a
    /// number that is not finite if the new state is known not to be.
    ///
    /// # Errors
    /// A `SolverError` that names t if the integration cannot go on.
    pub fn stepped(&mut self, errors: &[f64]) -> Result<Verdict> {
        match self {
            Driver::Fixed(driver) => driver.stepped(errors),
            Driver::Adaptive(driver) => driver.stepped(errors),
        }
    }

    /// What it took so far.
    pub fn statistics(&self) -> Statistics {
        match self {
            Driver::Fixed(driver) => driver.statistics(),
            Driver::Adaptive(driver) => driver.statistics(),
        }
    }

    /// Present time.
    pub fn time(&self) -> f64 {
        match self {
            Driver::Fixed(driver) => driver.time(),
            Driver::Adaptive(driver) => driver.time(),
        }
    }
}
