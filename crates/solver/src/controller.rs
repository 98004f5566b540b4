//! Which steps are accepted, and how long the next one is.
//! A proportional–integral controller: smoother than the error alone, so that fewer steps are rejected.

/// A proportional–integral step-size controller (Gustafsson 1991, *ACM TOMS* 17; Hairer & Wanner, *Solving Ordinary Differential
/// Equations II*, section IV.2, with the constants of their code DOPRI5).
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    /// Part of the step that would just be accepted; in (0, 1).
    pub safety: f64,
    /// Smallest factor between two steps; in (0, 1).
    pub min_factor: f64,
    /// Largest factor between two steps; > 1.
    pub max_factor: f64,
    /// Exponent of the present error.
    pub proportional: f64,
    /// Exponent of the error of the last accepted step.
    pub integral: f64,
    last_error: f64,
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

impl Controller {
    /// The controller of a method whose error estimate is O(h^(`error_order`+1)).
    pub fn new(error_order: u32) -> Controller {
        let exponent = 1.0 / f64::from(error_order + 1);
        let integral = 0.2 * exponent;
        Controller {
            safety: 0.9,
            min_factor: 0.2,
            max_factor: 10.0,
            proportional: exponent - 0.75 * integral,
            integral,
            last_error: 1e-4,
            after_rejection: false,
        }
    }

    /// What becomes of a step of length `h` whose error is `error` times what is tolerated. An error that is not finite
    /// rejects the step and shortens the next one as far as is allowed. After a rejection the next step is not longer.
    ///
    /// ```
    /// use thalweg_solver::Controller;
    /// let mut controller = Controller::new(4);
    /// assert!(controller.decide(0.5, 0.1).accept);
    /// let refused = controller.decide(f64::NAN, 0.1);
    /// assert!(!refused.accept && (refused.next_h - 0.02).abs() < 1e-15);
    /// ```
    pub fn decide(&mut self, error: f64, h: f64) -> Decision {
        if !error.is_finite() {
            self.after_rejection = true;
            return Decision { accept: false, next_h: h * self.min_factor };
        }
        let shrink = error.powf(self.proportional);
        if error > 1.0 {
            self.after_rejection = true;
            return Decision { accept: false, next_h: h * (self.safety / shrink).max(self.min_factor) };
        }
        let largest = if self.after_rejection { 1.0 } else { self.max_factor };
        let factor = self.safety * self.last_error.powf(self.integral) / shrink;
        self.last_error = error.max(1e-4);
        self.after_rejection = false;
        Decision { accept: true, next_h: h * factor.clamp(self.min_factor, largest) }
    }
}
