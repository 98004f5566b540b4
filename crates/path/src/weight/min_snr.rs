//! min_snr: min(SNR, γ) of the data error; Hang et al. 2023, "Efficient diffusion training via min-SNR weighting strategy".
//! On the noise error it is min(SNR, γ)/SNR.

use super::{DataWeight, snr};
use crate::Path;
use crate::error::{PathError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// min(SNR, gamma).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MinSnr {
    /// The signal-to-noise ratio above which the weight stays the same; positive.
    pub gamma: f64,
}

impl Default for MinSnr {
    fn default() -> MinSnr {
        MinSnr { gamma: 5.0 }
    }
}

impl DataWeight for MinSnr {
    fn validate(&self) -> Result<()> {
        PathError::require(self.gamma.is_finite() && self.gamma > 0.0, "gamma", "a positive finite number", self.gamma)
    }

    fn data_weight<S: Scalar>(&self, path: &Path, t: S) -> S {
        snr(path, t).minimum(t.constant(self.gamma))
    }
}
