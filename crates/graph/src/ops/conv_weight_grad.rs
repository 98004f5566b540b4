//! conv_weight_grad: the transpose of a convolution in its kernel.

use super::conv::{Window, bilinear, floats, forward, input_grad, weight_grad};
use super::{Jvp, Rule, Vjp, show};
use crate::{GraphError, Result, Type, Var};

/// `x [n, c, *spatial], g [n, o, *out] → [o, c / groups, *kernel]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConvWeightGrad {
    /// The window of the convolution that this transposes.
    pub window: Window,
    /// Spatial sizes of that convolution's kernel.
    pub kernel: Vec<usize>,
}

impl Rule for ConvWeightGrad {
    fn name(&self) -> &'static str {
        "conv_weight_grad"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        floats("conv_weight_grad", inputs)?;
        let (x, g) = (&inputs[0], &inputs[1]);
        if x.rank() != self.kernel.len() + 2 || g.rank() != x.rank() || self.window.groups == 0 || x.shape[1] % self.window.groups != 0 {
            return Err(GraphError::shape("conv_weight_grad", "wrong dimensions", "input and gradient of the convolution's rank", show(inputs)));
        }
        let shape = [&[g.shape[1], x.shape[1] / self.window.groups], &self.kernel[..]].concat();
        let forward = self.window.output_shape("conv_weight_grad", &x.shape, &shape)?;
        if forward != g.shape {
            return Err(GraphError::shape("conv_weight_grad", "gradient does not fit", format!("{forward:?}"), show(inputs)));
        }
        Ok(x.with_shape(shape))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let (x, g, c) = (ctx.inputs[0], ctx.inputs[1], ctx.cotangent);
        vec![
            ctx.wanted[0].then(|| input_grad(&self.window, g, c, &x.shape()[2..])),
            ctx.wanted[1].then(|| forward(&self.window, x, c)),
        ]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        bilinear(ctx, |x, g| weight_grad(&self.window, x, g, &self.kernel))
    }
}
