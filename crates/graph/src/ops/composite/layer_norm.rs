//! layer_norm: rows shifted and scaled to mean 0 and variance 1 (Ba, Kiros, Hinton 2016).

use super::CompositeRule;
use crate::{GraphError, Result, Type, Var};

/// (x − mean) / √(variance + epsilon) over the last dimension (biased variance); scale and shift are separate ops.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LayerNorm {
    /// Bits of the f64 added to the variance.
    pub epsilon: u64,
}

impl CompositeRule for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs[0].rank() == 0 || !inputs[0].dtype.is_float() {
            return Err(GraphError::shape("layer_norm", "nothing to normalise", "a float tensor of rank ≥ 1", inputs[0].to_string()));
        }
        Ok(inputs[0].clone())
    }
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Var<'g> {
        let x = inputs[0];
        let last = x.rank() - 1;
        let centred = x - x.mean(&[last]).unsqueeze(&[last]);
        let variance = (centred * centred).mean(&[last]).unsqueeze(&[last]);
        centred / (variance + f64::from_bits(self.epsilon)).sqrt()
    }
}
