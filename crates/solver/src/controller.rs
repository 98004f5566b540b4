//! Which steps are accepted, and how long the next one is.
//! A proportional–integral–derivative controller: smoother than the error alone, so that fewer steps are rejected.

use crate::{Result, SolverError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an adaptive method chooses its steps (Söderlind 2003, *ACM TOMS* 29): with k the order of the error estimate and eₙ the present error in units of what
/// is tolerated, a step is followed by one longer by the factor safety·eₙ^(−(p+i+d)/k)·eₙ₋₁^((p+2d)/k)·eₙ₋₂^(−d/k). The default is the PI controller of
/// the code DOPRI5 (Gustafsson 1991; Hairer & Wanner, *Solving Ordinary Differential Equations II*, section IV.2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct StepControl {
    /// p: weight of the change of the error; ≥ 0.
    #[schemars(range(min = 0))]
    pub proportional: f64,
    /// i: weight of the error itself; > 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub integral: f64,
    /// d: weight of the change of the change; ≥ 0. Not 0 makes it a PID controller.
    #[schemars(range(min = 0))]
    pub derivative: f64,
    /// Part of the step that would just be accepted; in (0, 1).
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub safety: f64,
    /// Smallest factor between two steps; in (0, 1).
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub min_factor: f64,
    /// Largest factor between two steps; > 1.
    #[schemars(extend("exclusiveMinimum" = 1))]
    pub max_factor: f64,
}

impl Default for StepControl {
    fn default() -> Self {
        StepControl { proportional: 0.2, integral: 0.65, derivative: 0.0, safety: 0.9, min_factor: 0.2, max_factor: 10.0 }
    }
}

impl StepControl {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `control`.
    pub fn validate(&self) -> Result<()> {
        let fraction = |x: f64| x > 0.0 && x < 1.0;
        let named = [
            ("a finite proportional ≥ 0", self.proportional, self.proportional >= 0.0),
            ("a finite integral > 0", self.integral, self.integral > 0.0),
            ("a finite derivative ≥ 0", self.derivative, self.derivative >= 0.0),
            ("a safety in (0, 1)", self.safety, fraction(self.safety)),
            ("a minFactor in (0, 1)", self.min_factor, fraction(self.min_factor)),
            ("a finite maxFactor > 1", self.max_factor, self.max_factor > 1.0),
        ];
        let wrong = named.into_iter().find(|(_, value, good)| !(*good && value.is_finite()));
        wrong.map_or(Ok(()), |(expected, value, _)| Err(SolverError::config("control", expected, value)))
    }
}

/// The errors of the last steps, and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    control: StepControl,
    /// 1/k.
    exponent: f64,
    /// Errors of the last two accepted steps, the last one first.
    before: [f64; 2],
    after_rejection: bool,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Whether the step counts.
    pub accept: bool,
    /// Length of the next step, or of the next attempt; signed as the step was.
    pub next_h: f64,
}

/// Errors below this count as this: one lucky step must not forbid the next ones to be as long.
const SMALLEST: f64 = 1e-4;

impl Controller {
    /// The controller of a method whose error estimate is O(h^(`error_order`+1)).
    pub fn new(control: StepControl, error_order: u32) -> Controller {
        Controller { control, exponent: 1.0 / f64::from(error_order + 1), before: [SMALLEST; 2], after_rejection: false }
    }

    /// What becomes of a step of length `h` whose error is `error` times what is tolerated. An error that is not finite
    /// rejects the step and shortens the next one as far as is allowed. After a rejection the next step is not longer.
    ///
    /// ```
    /// use thalweg_solver::{Controller, StepControl};
    /// let mut controller = Controller::new(StepControl::default(), 4);
    /// assert!(controller.decide(0.5, 0.1).accept);
    /// let refused = controller.decide(f64::NAN, 0.1);
    /// assert!(!refused.accept && (refused.next_h - 0.02).abs() < 1e-15);
    /// ```
    pub fn decide(&mut self, error: f64, h: f64) -> Decision {
        let StepControl { proportional: p, integral: i, derivative: d, safety, min_factor, max_factor } = self.control;
        let power = |base: f64, weight: f64| base.powf(weight * self.exponent);
        if !error.is_finite() {
            self.after_rejection = true;
            return Decision { accept: false, next_h: h * min_factor };
        }
        let shrink = power(error, p + i + d);
        if error > 1.0 {
            self.after_rejection = true;
            return Decision { accept: false, next_h: h * (safety / shrink).max(min_factor) };
        }
        let largest = if self.after_rejection { 1.0 } else { max_factor };
        let factor = safety * power(self.before[0], p + 2.0 * d) / (shrink * power(self.before[1], d));
        self.before = [error.max(SMALLEST), self.before[0]];
        self.after_rejection = false;
        Decision { accept: true, next_h: h * factor.clamp(min_factor, largest) }
    }
}
