//! LayerNorm: rows normalised, then scaled and shifted (Ba, Kiros, Hinton 2016, eq. 3).
//! Keeps the activations of deep nets in range, whatever the batch.

use super::Layer;
use crate::{Context, Declare, Init, Param};
use thalweg_graph::{GraphError, Var};

/// PyTorch's default, added to the variance.
const EPSILON: f64 = 1e-5;

/// y = (x − mean)/√(variance + 1e-5) · `weight` + `bias` over the last dimension (biased variance); `weight` starts as ones,
/// `bias` as zeros, both of shape `[width]`.
///
/// Shapes: `[…, width]` → the same.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    name: String,
    weight: Param,
    bias: Param,
    width: usize,
}

impl LayerNorm {
    /// Declares `weight` and `bias`.
    pub fn new(declare: Declare, width: usize) -> LayerNorm {
        LayerNorm {
            weight: declare.undecayed("weight", &[width], Init::Ones),
            bias: declare.undecayed("bias", &[width], Init::Zeros),
            name: declare.name().to_string(),
            width,
        }
    }
}

impl Layer for LayerNorm {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let _scope = ctx.builder.scope(&self.name);
        if x.shape().last() != Some(&self.width) {
            let expected = format!("[…, {}]", self.width);
            return ctx.builder.fail(GraphError::shape("layer_norm", "wrong width of the input", expected, x.ty().to_string()));
        }
        x.layer_norm(EPSILON) * ctx.param(self.weight) + ctx.param(self.bias)
    }
}
