//! A training step of a user's own loss on a model.

use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use super::NativeModel;
use crate::exports::graph::NativeGraph;
use crate::exports::train_step::NativeTrainStep;
use crate::guard::guard;
use crate::part::Owner;

#[napi]
impl NativeModel {
    /// A training step that lowers the graph's first output, a float scalar, with an optimiser given as JSON.
    #[napi]
    pub fn train_step(&self, graph: ClassInstance<'_, NativeGraph>, optimizer: String) -> napi::Result<NativeTrainStep> {
        guard("NativeModel.trainStep", || NativeTrainStep::new(Owner::Model(self.model()?), &graph, &optimizer))
    }
}
