//! GroupNorm: channels normalised in groups, then scaled and shifted (Wu, He 2018, eq. 1 and 7).
//! The norm of convolutional nets whose batches are small.

use super::Layer;
use crate::{Context, Declare, Init, Param};
use thalweg_graph::{GraphError, Var, count};

/// PyTorch's default, added to the variance.
const EPSILON: f64 = 1e-5;

/// y = (x − mean)/√(variance + 1e-5) · `weight` + `bias` with mean and variance over each group of channels and all positions;
/// `weight` `[channels]` starts as ones, `bias` `[channels]` as zeros.
///
/// Shapes: `[B, channels, …]` → the same.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    name: String,
    weight: Param,
    bias: Param,
    channels: usize,
    groups: usize,
}

impl GroupNorm {
    /// Declares `weight` and `bias`. There are `groups` of them, or as many fewer as divide the channels.
    pub fn new(declare: Declare, channels: usize, groups: usize) -> GroupNorm {
        GroupNorm {
            weight: declare.undecayed("weight", &[channels], Init::Ones),
            bias: declare.undecayed("bias", &[channels], Init::Zeros),
            name: declare.name().to_string(),
            channels,
            groups: (1..=groups).rev().find(|groups| channels.is_multiple_of(*groups)).unwrap_or(1),
        }
    }
}

impl Layer for GroupNorm {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let _scope = ctx.builder.scope(&self.name);
        let shape = x.shape();
        if shape.get(1) != Some(&self.channels) {
            let expected = format!("[batch, {}, …]", self.channels);
            return ctx.builder.fail(GraphError::shape("group_norm", "wrong number of channels", expected, x.ty().to_string()));
        }
        let group = self.channels / self.groups * count(&shape[2..]);
        let normal = x.reshape(&[shape[0], self.groups, group]).layer_norm(EPSILON).reshape(&shape);
        let per_channel = |param| ctx.param(param).reshape(&[&[self.channels][..], &vec![1; shape.len() - 2]].concat());
        normal * per_channel(self.weight) + per_channel(self.bias)
    }
}
