//! Learning-rate schedules: the rate as a function of the step. One file and one registry line each.
//! Written once for numbers (tests, progress) and graph values (the training program).

mod constant;
mod cosine;
mod linear;
mod warmup_cosine;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

pub use constant::Constant;
pub use cosine::Cosine;
pub use linear::Linear;
pub use warmup_cosine::WarmupCosine;

/// A rate that depends on the step, counted from 1.
pub trait Schedule {
    /// The rate of step `step`.
    fn rate<S: Scalar>(&self, step: S) -> S;
}

macro_rules! registry {
    ($($(#[$meta:meta])* $tag:literal => $name:ident),* $(,)?) => {
        /// A learning-rate schedule.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        pub enum ScheduleConfig { $($(#[$meta])* #[serde(rename = $tag)] $name($name)),* }

        impl Schedule for ScheduleConfig {
            fn rate<S: Scalar>(&self, step: S) -> S {
                match self { $(ScheduleConfig::$name(schedule) => schedule.rate(step)),* }
            }
        }
    };
}

registry! {
    /// The same rate at every step.
    "constant" => Constant,
    /// From `start` to `end` over `steps` steps, then `end`.
    "linear" => Linear,
    /// Half a cosine from `peak` to `final` over `steps` steps, then `final` (Loshchilov & Hutter 2017, eq. 5, without restarts).
    "cosine" => Cosine,
    /// Linearly from 0 to `peak` over `warmup` steps (Goyal et al. 2017, section 2.2), then half a cosine to `final` at step `steps`.
    "warmupCosine" => WarmupCosine,
}

impl ScheduleConfig {
    /// The rates that it is made of, by name.
    pub fn rates(&self) -> Vec<(&'static str, f64)> {
        match self {
            ScheduleConfig::Constant(s) => vec![("rate", s.rate)],
            ScheduleConfig::Linear(s) => vec![("start", s.start), ("end", s.end)],
            ScheduleConfig::Cosine(s) => vec![("peak", s.peak), ("final", s.last)],
            ScheduleConfig::WarmupCosine(s) => vec![("peak", s.peak), ("final", s.last)],
        }
    }
}

/// A number, or a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LearningRate {
    /// The same rate at every step; > 0.
    Number(f64),
    /// A rate that depends on the step.
    Schedule(ScheduleConfig),
}

impl Default for LearningRate {
    fn default() -> Self {
        LearningRate::Number(1e-3)
    }
}

impl Schedule for LearningRate {
    fn rate<S: Scalar>(&self, step: S) -> S {
        match self {
            LearningRate::Number(rate) => step.constant(*rate),
            LearningRate::Schedule(schedule) => schedule.rate(step),
        }
    }
}

/// `done` = step/steps, held within [0, 1].
fn progress<S: Scalar>(step: S, steps: f64) -> S {
    (step / steps.max(1.0)).maximum(step.constant(0.0)).minimum(step.constant(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warmup_cosine_rises_to_its_peak_and_falls_to_its_final_rate() {
        let s = WarmupCosine { peak: 2.0, steps: 100, warmup: 10, last: 0.5 };
        assert!((s.rate(1.0) - 0.2).abs() < 1e-12);
        assert!((s.rate(10.0) - 2.0).abs() < 1e-12);
        assert!((s.rate(55.0) - 1.25).abs() < 1e-12);
        assert!((s.rate(100.0) - 0.5).abs() < 1e-12);
        assert!((s.rate(1000.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn linear_and_cosine_meet_their_ends() {
        let l = Linear { start: 1.0, end: 0.0, steps: 10 };
        assert!((l.rate(0.0) - 1.0).abs() < 1e-12 && (l.rate(5.0) - 0.5).abs() < 1e-12 && l.rate(10.0).abs() < 1e-12);
        let c = Cosine { peak: 1.0, steps: 10, last: 0.0 };
        assert!((c.rate(0.0) - 1.0).abs() < 1e-12 && (c.rate(5.0) - 0.5).abs() < 1e-12 && c.rate(10.0).abs() < 1e-12);
    }
}
