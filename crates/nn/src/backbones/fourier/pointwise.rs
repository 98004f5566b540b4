//! Pointwise: a linear map of the channels at each place, what a convolution with a kernel of 1 is.
//! Carries the frequencies that a spectral map drops.

use crate::{Context, Declare, Init, Param};
use thalweg_graph::{Var, count};

/// The same linear map of the channels everywhere: a convolution with a kernel of 1.
pub(super) struct Pointwise {
    pub weight: Param,
    pub bias: Param,
    pub inputs: usize,
    pub outputs: usize,
}

impl Pointwise {
    /// Declares `weight` `[outputs, inputs, 1 …]` with as many ones as the field has dimensions, and `bias` `[outputs]`.
    pub fn new(declare: &Declare, inputs: usize, outputs: usize, dimensions: usize) -> Pointwise {
        let shape = [&[outputs, inputs][..], &vec![1; dimensions]].concat();
        Pointwise {
            weight: declare.param("weight", &shape, Init::fan_in(inputs)),
            bias: declare.undecayed("bias", &[outputs], Init::fan_in(inputs)),
            inputs,
            outputs,
        }
    }

    /// `[B, inputs, …] → [B, outputs, …]`.
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        let shape = x.shape();
        let rows = x.reshape(&[shape[0], self.inputs, count(&shape[2..])]);
        let weight = ctx.param(self.weight).reshape(&[self.outputs, self.inputs]);
        let mapped = weight.matmul(rows) + ctx.param(self.bias).reshape(&[self.outputs, 1]);
        mapped.reshape(&[&[shape[0], self.outputs], &shape[2..]].concat())
    }
}
