//! independent: the product coupling of conditional flow matching; Lipman et al. 2023, Tong et al. 2024 (I-CFM).
//! The rows are permuted, so that pairs are independent even where source and data come in matching order.

use super::Couple;
use crate::{Batch, Pairing, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Each datum meets a source sample chosen without regard to either: a uniformly random permutation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Independent {}

impl Couple for Independent {
    fn draws(&self, rows: usize) -> usize {
        rows
    }

    /// Source row k goes where its uniform ranks: every order of independent numbers is equally likely.
    fn couple<T: Copy + Into<f64>>(&self, _: &Batch<'_, T>, rows: usize, uniforms: &[f64]) -> Result<Pairing> {
        let mut source: Vec<usize> = (0..rows).collect();
        source.sort_by(|&i, &j| uniforms[i].total_cmp(&uniforms[j]));
        Ok(Pairing::in_data_order(source))
    }
}
