//! Cosine annealing (Loshchilov, Hutter, ICLR 2017, eq. 5, without restarts).

use super::{Schedule, progress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// Half a cosine from `peak` to `final` over `steps` steps, then `final`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cosine {
    /// First rate.
    pub peak: f64,
    /// Steps between them.
    pub steps: u32,
    /// Last rate.
    #[serde(rename = "final", default)]
    pub last: f64,
}

impl Schedule for Cosine {
    fn rate<S: Scalar>(&self, step: S) -> S {
        let wave = ((progress(step, self.steps as f64) * std::f64::consts::PI).cos() + 1.0) * 0.5;
        wave * (self.peak - self.last) + self.last
    }
}
