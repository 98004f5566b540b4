//! DiscreteEmbeddingEncoder: labels as trained vectors, brought to one vector (GenerativeRL's encoder of discrete actions).
//! How categories reach networks that read vectors.

use super::Encoder;
use crate::layers::{LabelEmbedding, Layer, Linear};
use crate::{Context, Declare, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{GraphError, Leaves, Var, count};

/// Arguments of `DiscreteEmbeddingEncoder`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscreteEmbeddingEncoderConfig {
    /// Number of different labels.
    #[schemars(range(min = 1))]
    pub x_dim: usize,
    /// Number of labels per row.
    #[schemars(range(min = 1))]
    pub x_num: usize,
    /// Width of a label's vector, and of the encoding.
    #[schemars(range(min = 1))]
    pub hidden_dim: usize,
}

impl DiscreteEmbeddingEncoderConfig {
    /// Declares `embedding` and `linear`.
    ///
    /// # Errors
    /// A width of 0.
    pub fn build(&self, declare: &mut Declare) -> Result<DiscreteEmbeddingEncoder, NnError> {
        let labels = check::width("xDim", self.x_dim)?;
        let each = check::width("xNum", self.x_num)?;
        let width = check::width("hiddenDim", self.hidden_dim)?;
        Ok(DiscreteEmbeddingEncoder {
            embedding: LabelEmbedding::new(declare.at("embedding"), labels, false, width, 1.0),
            linear: Linear::new(declare.at("linear"), each * width, width),
            each,
            width,
        })
    }
}

/// Labels `[B, xNum]`, whole numbers 0 … xDim − 1 → linear(their vectors side by side) `[B, hiddenDim]`. The label xDim stands for none
/// and has the vector 0.
pub struct DiscreteEmbeddingEncoder {
    embedding: LabelEmbedding,
    linear: Linear,
    each: usize,
    width: usize,
}

impl Encoder for DiscreteEmbeddingEncoder {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g> {
        let labels = join::single(ctx.builder, "DiscreteEmbeddingEncoder", "the condition", x);
        let shape = labels.shape();
        if labels.is_poison() {
            return labels;
        }
        if shape.is_empty() || count(&shape[1..]) != self.each {
            let expected = format!("[batch, {}]", self.each);
            return ctx.builder.fail(GraphError::shape("DiscreteEmbeddingEncoder", "wrong number of labels", expected, labels.ty().to_string()));
        }
        let vectors = self.embedding.forward(ctx, labels.reshape(&[shape[0] * self.each]));
        self.linear.forward(ctx, vectors.reshape(&[shape[0], self.each * self.width]))
    }

    fn output_shape(&self) -> Option<Vec<usize>> {
        Some(vec![self.width])
    }

    fn no_label(&self, size: usize) -> Option<f64> {
        (size == self.each).then(|| self.embedding.none())
    }
}
