//! Drivers: what to do next, one action per call, without ever seeing the state.
//! Whoever owns the state asks, does it, and reports; so a job can stop between any two steps, and a device is never waited for here.

mod adaptive;
mod fixed;

pub use adaptive::AdaptiveDriver;
pub use fixed::FixedDriver;

use crate::Result;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// The point `index` of `tSpan` is `theta` ∈ (0, 1] of the way through the step that was accepted last. 1 is the present
    /// state itself, also before the first step; below 1 it is the dense output. Nothing to report.
    Emit {
        /// Index into `tSpan`; all of them come, in order.
        index: usize,
        /// Part of the step.
        theta: f64,
    },
    /// Evaluate the slope f(t, x) of the present state and keep it as the first slope of the next step; then call
    /// [`Driver::started`].
    Slope {
        /// Present time.
        t: f64,
    },
    /// Evaluate the slope at (t + h, x + h·f(t, x)), where f(t, x) is the slope kept, and discard it; then call [`Driver::probed`].
    Probe {
        /// Present time.
        t: f64,
        /// Length of the trial step, signed.
        h: f64,
    },
    /// Step from the present state; then call [`Driver::stepped`], and go to the new state if it answers `Accepted`. The first
    /// slope is given if, and only if, the tableau is first-same-as-last: the slope kept, or the last one of the step accepted last.
    Step {
        /// Present time.
        t: f64,
        /// Length of the step, signed.
        h: f64,
    },
    /// The last point was emitted.
    Done,
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
    /// Evaluations of f.
    pub nfe: usize,
    /// Steps that counted.
    pub accepted: usize,
    /// Steps that were refused and tried again shorter.
    pub rejected: usize,
}

/// Fixed or adaptive steps.
///
/// ```
/// use thalweg_solver::{Action, Driver, FixedDriver, Method};
/// let mut driver = Driver::Fixed(FixedDriver::new(Method::Euler.tableau(), &[0.0, 1.0], 2)?);
/// let mut x = 1.0; // dx/dt = −x
/// loop {
///     match driver.next() {
///         Action::Step { h, .. } => {
///             x -= h * x;
///             driver.stepped(0.0)?;
///         }
///         Action::Done => break,
///         _ => {}
///     }
/// }
/// assert_eq!((x, driver.statistics().nfe), (0.25, 2));
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

    /// Reports a [`Action::Slope`]: the norms of the state and of its slope, in units of atol + rtol·|x| ([`crate::error_norm`]).
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

    /// Reports a [`Action::Probe`]: the norm of the change of slope, in the same units, not divided by h. Fixed steps never ask.
    pub fn probed(&mut self, change: f64) {
        if let Driver::Adaptive(driver) = self {
            driver.probed(change);
        }
    }

    /// Reports a [`Action::Step`]: the [`crate::error_norm`] of its error. Fixed steps only want it finite: 0, or anything that
    /// is not finite if the new state is known not to be.
    ///
    /// # Errors
    /// A `SolverError` that names t if the integration cannot go on.
    pub fn stepped(&mut self, error: f64) -> Result<Verdict> {
        match self {
            Driver::Fixed(driver) => driver.stepped(error),
            Driver::Adaptive(driver) => driver.stepped(error),
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
