//! ConcatenateMLP: a multi-layer perceptron of all its inputs side by side.
//! Differs from [`MultiLayerPerceptron`] in its parameters' names only: GenerativeRL nests the network once more.

use super::Backbone;
use super::multi_layer_perceptron::{MultiLayerPerceptron, MultiLayerPerceptronConfig};
use crate::{Context, Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Arguments of `ConcatenateMLP`: those of `MultiLayerPerceptron`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ConcatenateMlpConfig(pub MultiLayerPerceptronConfig);

impl ConcatenateMlpConfig {
    /// Declares the perceptron's parameters below `model`.
    ///
    /// # Errors
    /// Those of [`MultiLayerPerceptronConfig::build`].
    pub fn build(&self, declare: &mut Declare) -> Result<ConcatenateMlp, NnError> {
        Ok(ConcatenateMlp { model: self.0.build(&mut declare.at("model"))? })
    }
}

/// MLP([t, x, condition]): `[B, tDim]`, `[B, D]`, `[B, C]` → `[B, outputSize]`.
pub struct ConcatenateMlp {
    model: MultiLayerPerceptron,
}

impl Backbone for ConcatenateMlp {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        Backbone::forward(&self.model, ctx, t, x, condition)
    }
}
