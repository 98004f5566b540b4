//! likelihood: g²/σ² = −2λ̇ of the noise error; Song et al. 2021, "Maximum likelihood training of score-based diffusion models", theorem 1.
//! With t uniform, the loss bounds the negative log-likelihood; `inverse_lambda` draws t in this proportion instead.

use super::{DataWeight, snr};
use crate::{Path, likelihood_weight};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// −2λ̇ of the noise error, SNR times that of the data error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Likelihood {}

impl DataWeight for Likelihood {
    fn data_weight<S: Scalar>(&self, path: &Path, t: S) -> S {
        likelihood_weight(path, t) * snr(path, t)
    }
}
