//! TensorDictConcatenateEncoder: the parts of a nested state or condition side by side, in their order.
//! How states such as `{ position, velocity }` reach networks that read one vector.

use super::Encoder;
use crate::{Context, Declare, NnError, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{GraphError, Leaves, Var, count};

/// Arguments of `TensorDictConcatenateEncoder`: none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TensorDictConcatenateEncoderConfig {}

impl TensorDictConcatenateEncoderConfig {
    /// Declares nothing.
    ///
    /// # Errors
    /// None.
    pub fn build(&self, _declare: &mut Declare) -> Result<TensorDictConcatenateEncoder, NnError> {
        Ok(TensorDictConcatenateEncoder)
    }
}

/// Parts `[B, …]` → all their numbers, `[B, sum of the parts' sizes]`.
pub struct TensorDictConcatenateEncoder;

impl Encoder for TensorDictConcatenateEncoder {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g> {
        if let Some(bare) = x.values().find(|part| !part.is_poison() && part.rank() == 0) {
            let error = GraphError::shape("TensorDictConcatenateEncoder", "a part has no batch", "[batch, …]", bare.ty().to_string());
            return ctx.builder.fail(error);
        }
        let rows = |part: &Var<'g>| match part.shape()[..] {
            _ if part.is_poison() => *part,
            [batch, ref rest @ ..] => part.reshape(&[batch, count(rest)]),
            [] => *part,
        };
        join::join(ctx.builder, &x.values().map(rows).collect::<Vec<_>>())
    }

    fn output_shape(&self) -> Option<Vec<usize>> {
        None
    }
}
