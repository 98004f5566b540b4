//! A rate that changes linearly.

use super::{Schedule, progress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// From `start` to `end` over `steps` steps, then `end`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Linear {
    /// First rate.
    pub start: f64,
    /// Last rate.
    pub end: f64,
    /// Steps between them.
    pub steps: u32,
}

impl Schedule for Linear {
    fn rate<S: Scalar>(&self, step: S) -> S {
        progress(step, self.steps as f64) * (self.end - self.start) + self.start
    }
}
