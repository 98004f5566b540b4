//! Conv: a convolution in one or two dimensions that keeps the size, or divides it by its stride.
//! The local map of U-Nets; its weight is stored as PyTorch stores it.

use super::Layer;
use crate::{Context, Declare, Init, Param};
use thalweg_graph::{GraphError, Var, ops::Window};

/// y = x ⋆ W + b, with `weight` W `[outputs, inputs, …kernel]` and `bias` b `[outputs]`; half a kernel of zeros surrounds x.
///
/// Shapes: `[B, inputs, …s]` → `[B, outputs, …⌈s / stride⌉]` for odd kernels. By default both start as U(±1/√(inputs · Πkernel)).
#[derive(Clone, Debug)]
pub struct Conv {
    name: String,
    weight: Param,
    bias: Param,
    inputs: usize,
    outputs: usize,
    window: Window,
}

impl Conv {
    /// Declares `weight` and `bias`. `kernel` has the size of the window in each of one or two dimensions.
    pub fn new(declare: Declare, inputs: usize, outputs: usize, kernel: &[usize], stride: usize) -> Conv {
        let start = Init::fan_in(inputs * thalweg_graph::count(kernel));
        Conv::starting(declare, inputs, outputs, kernel, stride, start)
    }

    /// As [`Conv::new`] with stride 1, starting as zeros: the last map of a residual branch, which then starts as the identity.
    pub fn zero(declare: Declare, inputs: usize, outputs: usize, kernel: &[usize]) -> Conv {
        Conv::starting(declare, inputs, outputs, kernel, 1, Init::Zeros)
    }

    fn starting(declare: Declare, inputs: usize, outputs: usize, kernel: &[usize], stride: usize, start: Init) -> Conv {
        let padding: Vec<usize> = kernel.iter().map(|k| k / 2).collect();
        let window = Window {
            stride: vec![stride; kernel.len()],
            before: padding.clone(),
            after: padding,
            dilation: vec![1; kernel.len()],
            groups: 1,
        };
        Conv {
            weight: declare.param("weight", &[&[outputs, inputs], kernel].concat(), start.clone()),
            bias: declare.undecayed("bias", &[outputs], start),
            name: declare.name().to_string(),
            inputs,
            outputs,
            window,
        }
    }
}

impl Layer for Conv {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let _scope = ctx.builder.scope(&self.name);
        let dimensions = self.window.stride.len();
        if x.rank() != dimensions + 2 || x.shape()[1] != self.inputs {
            let expected = format!("[batch, {}, {dimensions} sizes]", self.inputs);
            return ctx.builder.fail(GraphError::shape("conv", "wrong input of a convolution", expected, x.ty().to_string()));
        }
        let bias = ctx.param(self.bias).reshape(&[&[self.outputs][..], &vec![1; dimensions]].concat());
        x.conv(ctx.param(self.weight), &self.window) + bias
    }
}
