//! paired: source and data come in pairs, as in image-to-image translation or forecasting; Albergo et al. 2024, data-dependent couplings.
//! Nothing is decided here; the name keeps a batch of pairs from being taken for two independent ones.

use super::Couple;
use crate::{Batch, Pairing, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Source row k belongs to data row k.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Paired {}

impl Couple for Paired {
    fn draws(&self, _: usize) -> usize {
        0
    }

    fn couple<T: Copy + Into<f64>>(&self, _: &Batch<'_, T>, rows: usize, _: &[f64]) -> Result<Pairing> {
        Ok(Pairing::in_data_order((0..rows).collect()))
    }
}
