//! exact: minibatch optimal transport with cost ‖x₀ − x₁‖²; Tong et al. 2024 (OT-CFM), Pooladian et al. 2023 (multisample flow matching).
//! Between equal masses an optimal plan is a permutation, so that nothing needs to be drawn.

use super::Couple;
use crate::{Batch, Pairing, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_assignment::{Matrix, assignment};

/// The pairs of least total ‖x₀ − x₁‖²: paths are straighter, and cross less.
///
/// Conditions play no part, which skews p(source | condition) away from what a sampler starts from: a conditional model wants
/// `conditional`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exact {}

impl Couple for Exact {
    fn draws(&self, _: usize) -> usize {
        0
    }

    fn couple<T: Copy + Into<f64>>(&self, batch: &Batch<'_, T>, _: usize, _: &[f64]) -> Result<Pairing> {
        Ok(Pairing::in_data_order(source_of_each_datum(&batch.costs()?)?))
    }
}

/// The optimal permutation, by column.
pub(super) fn source_of_each_datum(costs: &Matrix) -> Result<Vec<usize>> {
    let best = assignment(costs)?;
    let mut source = vec![0; best.column_of_row.len()];
    for (row, column) in best.column_of_row.into_iter().enumerate() {
        source[column] = row;
    }
    Ok(source)
}
