//! A rate that does not change.

use super::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The same rate at every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Constant {
    /// The rate; > 0.
    pub rate: f64,
}

impl Schedule for Constant {
    fn rate<S: Scalar>(&self, step: S) -> S {
        step.constant(self.rate)
    }
}
