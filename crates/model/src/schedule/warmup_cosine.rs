//! Linear warm-up (Goyal et al. 2017, section 2.2), then cosine annealing.

use super::{Schedule, progress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Scalar, ops::Comparison};

/// Linearly from 0 to `peak` over `warmup` steps, then half a cosine to `final` at step `steps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WarmupCosine {
    /// Highest rate.
    pub peak: f64,
    /// Step at which the final rate is reached.
    pub steps: u32,
    /// Steps of warm-up.
    #[serde(default = "default_warmup")]
    pub warmup: u32,
    /// Last rate.
    #[serde(rename = "final", default)]
    pub last: f64,
}

fn default_warmup() -> u32 {
    100
}

impl Schedule for WarmupCosine {
    fn rate<S: Scalar>(&self, step: S) -> S {
        let rest = (self.steps.max(self.warmup) - self.warmup) as f64;
        let falling =
            ((progress(step - self.warmup as f64, rest) * std::f64::consts::PI).cos() + 1.0) * (0.5 * (self.peak - self.last)) + self.last;
        let rising = progress(step, self.warmup as f64) * self.peak;
        step.choose(Comparison::Lt, step.constant(self.warmup as f64), rising, falling)
    }
}
