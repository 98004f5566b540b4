//! edm: (σ̃² + σd²)/(σ̃σd)² of the data error, σ̃ = σ/s; Karras et al. 2022, table 1.
//! The loss of the preconditioned network, unit at every noise level at the start.

use super::DataWeight;
use crate::error::Result;
use crate::{Path, Preconditioning};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// (σ̃² + σd²)/(σ̃σd)².
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Edm {
    /// Standard deviation of the data; positive.
    pub sigma_data: f64,
}

impl Default for Edm {
    fn default() -> Edm {
        let Preconditioning { sigma_data } = Preconditioning::default();
        Edm { sigma_data }
    }
}

impl DataWeight for Edm {
    fn validate(&self) -> Result<()> {
        Preconditioning { sigma_data: self.sigma_data }.validate()
    }

    fn data_weight<S: Scalar>(&self, path: &Path, t: S) -> S {
        Preconditioning { sigma_data: self.sigma_data }.loss_weight(path, t)
    }
}
