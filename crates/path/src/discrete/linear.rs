//! linear: κ = t, the schedule of Gat et al. 2024, "Discrete flow matching", and of Campbell et al. 2024, "Generative flows on discrete state-spaces".
//! Data comes in at a constant rate.

use super::MixtureSchedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// κ = t.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Linear {}

impl MixtureSchedule for Linear {
    fn kappa<S: Scalar>(&self, t: S) -> S {
        t
    }

    fn d_kappa<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0)
    }
}
