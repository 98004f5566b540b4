//! TemporalSpatialResBlock: a residual block of two dense layers, with the time added between them.
//! The building block of the temporal-spatial nets; parameter names are GenerativeRL's.

use crate::layers::{Layer, Linear};
use crate::{Activation, Context, Declare, join};
use thalweg_graph::Var;

/// act(W₂(act(W₁x) + W_t act(t))) + proj(x) with act = silu; proj is the identity where the widths agree.
#[derive(Clone, Debug)]
pub struct TemporalSpatialResBlock {
    time: Linear,
    dense1: Linear,
    dense2: Linear,
    project: Option<Linear>,
}

impl TemporalSpatialResBlock {
    /// Declares `time_mlp.1`, `dense1.0`, `dense2.0` and, where `inputs` ≠ `outputs`, `modify_x`.
    pub fn new(declare: &Declare, inputs: usize, outputs: usize, t_dim: usize) -> TemporalSpatialResBlock {
        TemporalSpatialResBlock {
            time: Linear::new(declare.at("time_mlp.1"), t_dim, outputs),
            dense1: Linear::new(declare.at("dense1.0"), inputs, outputs),
            dense2: Linear::new(declare.at("dense2.0"), outputs, outputs),
            project: (inputs != outputs).then(|| Linear::new(declare.at("modify_x"), inputs, outputs)),
        }
    }

    /// t `[B, tDim]`, x `[B, …, inputs]` → `[B, …, outputs]`.
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: Var<'g>) -> Var<'g> {
        let act = |v: Var<'g>| Activation::Silu.apply(v);
        let time = self.time.forward(ctx, act(t));
        let hidden = act(self.dense1.forward(ctx, x)) + join::align(time, x.rank());
        let residual = match &self.project {
            Some(project) => project.forward(ctx, x),
            None => x,
        };
        act(self.dense2.forward(ctx, hidden)) + residual
    }
}
