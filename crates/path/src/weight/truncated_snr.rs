//! truncated_snr: max(SNR, 1) of the data error, max(‖D̂ − x₀‖², ‖ε̂ − ε‖²) in one; Salimans and Ho 2022, section 4.
//! The weight does not vanish at the noise end, where SNR does.

use super::{DataWeight, snr};
use crate::Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// max(SNR, 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TruncatedSnr {}

impl DataWeight for TruncatedSnr {
    fn data_weight<S: Scalar>(&self, path: &Path, t: S) -> S {
        snr(path, t).maximum(t.constant(1.0))
    }
}
