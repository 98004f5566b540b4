//! ResBlock: two convolutions with norms, the time between them, and a skip (Ho, Jain, Abbeel 2020, appendix B).
//! Starts as its skip, since the last convolution starts as zero.

use super::silu;
use crate::Context;
use crate::layers::{Conv, Dropout, GroupNorm, Layer, Linear};
use thalweg_graph::Var;

/// skip(x) + out(in(x) + emb(time)), or with the norm before `out` scaled and shifted by the time.
pub(super) struct ResBlock {
    pub norm_in: GroupNorm,
    pub conv_in: Conv,
    pub embed: Linear,
    pub norm_out: GroupNorm,
    pub dropout: Dropout,
    pub conv_out: Conv,
    pub skip: Option<Conv>,
    pub outputs: usize,
    pub scale_shift: bool,
}

impl ResBlock {
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, time: Var<'g>) -> Var<'g> {
        let h = self.conv_in.forward(ctx, silu(self.norm_in.forward(ctx, x)));
        let embedded = self.embed.forward(ctx, silu(time));
        if h.is_poison() || embedded.is_poison() {
            return if h.is_poison() { h } else { embedded };
        }
        let ones = vec![1; h.rank() - 2];
        let rows = embedded.shape()[0];
        let part = |i: usize| embedded.narrow(1, i * self.outputs, self.outputs).reshape(&[&[rows, self.outputs], &ones[..]].concat());
        let normal = if self.scale_shift {
            let (scale, shift) = (part(0), part(1));
            self.norm_out.forward(ctx, h) * (scale + scale.constant(1.0)) + shift
        } else {
            self.norm_out.forward(ctx, h + part(0))
        };
        let out = self.conv_out.forward(ctx, self.dropout.forward(ctx, silu(normal)));
        self.skip.as_ref().map_or(x, |skip| skip.forward(ctx, x)) + out
    }
}
