//! conv_input_grad: the transpose of a convolution in its input (also called transposed convolution).

use super::conv::{Window, bilinear, floats, forward, input_grad, weight_grad};
use super::{Jvp, Rule, Vjp, show};
use crate::{GraphError, Result, Type, Var};

/// `g [n, o, *out], w [o, c / groups, *kernel] → [n, c, *spatial]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConvInputGrad {
    /// The window of the convolution that this transposes.
    pub window: Window,
    /// Spatial sizes of that convolution's input.
    pub spatial: Vec<usize>,
}

impl Rule for ConvInputGrad {
    fn name(&self) -> &'static str {
        "conv_input_grad"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        floats("conv_input_grad", inputs)?;
        let (g, w) = (&inputs[0], &inputs[1]);
        if g.rank() != self.spatial.len() + 2 || w.rank() != g.rank() {
            return Err(GraphError::shape("conv_input_grad", "wrong number of dimensions", "gradient and kernel of the convolution's rank", show(inputs)));
        }
        let shape = [&[g.shape[0], w.shape[1] * self.window.groups], &self.spatial[..]].concat();
        let forward = self.window.output_shape("conv_input_grad", &shape, &w.shape)?;
        if forward != g.shape {
            return Err(GraphError::shape("conv_input_grad", "gradient does not fit", format!("{forward:?}"), show(inputs)));
        }
        Ok(g.with_shape(shape))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let (g, w, c) = (ctx.inputs[0], ctx.inputs[1], ctx.cotangent);
        vec![
            ctx.wanted[0].then(|| forward(&self.window, c, w)),
            ctx.wanted[1].then(|| weight_grad(&self.window, c, g, &w.shape()[2..])),
        ]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        bilinear(ctx, |g, w| input_grad(&self.window, g, w, &self.spatial))
    }
}
