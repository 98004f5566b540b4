//! sigmoid: w(log SNR) = sigmoid(bias − log SNR) over uniform log SNR; Kingma and Gao 2023, "Understanding diffusion objectives as the ELBO".
//! Monotone in time, so that the loss is a likelihood bound of noise-augmented data.

use super::{DataWeight, snr};
use crate::error::{PathError, Result};
use crate::{GaussianPath, Path, likelihood_weight};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// −2λ̇ · sigmoid(bias − 2λ) of the noise error: the paper's w(log SNR) · (−d log SNR/dt), so that with t uniform the objective does not
/// depend on the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Sigmoid {
    /// The log signal-to-noise ratio 2λ at which the weight has fallen to half; finite.
    pub bias: f64,
}

impl Default for Sigmoid {
    fn default() -> Sigmoid {
        Sigmoid { bias: 2.0 }
    }
}

impl DataWeight for Sigmoid {
    fn validate(&self) -> Result<()> {
        PathError::require(self.bias.is_finite(), "bias", "a finite number", self.bias)
    }

    fn data_weight<S: Scalar>(&self, path: &Path, t: S) -> S {
        likelihood_weight(path, t) * snr(path, t) * (path.half_log_snr(t) * -2.0 + self.bias).sigmoid()
    }
}
