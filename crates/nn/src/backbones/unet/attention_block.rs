//! AttentionBlock: every position of a grid looks at all positions (Ho, Jain, Abbeel 2020, appendix B).
//! Affordable on coarse grids only.

use crate::Context;
use crate::layers::{Conv, GroupNorm, Layer};
use thalweg_graph::{Var, count};

/// x + proj_out(attention of all positions), heads side by side in the channels.
pub(super) struct AttentionBlock {
    pub norm: GroupNorm,
    pub qkv: Conv,
    pub proj: Conv,
    pub channels: usize,
    pub heads: usize,
}

impl Layer for AttentionBlock {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let shape = x.shape();
        let (batch, places, size) = (shape[0], count(&shape[2..]), self.channels / self.heads);
        let rows = x.reshape(&[batch, self.channels, places]);
        let parts = self.qkv.forward(ctx, self.norm.forward(ctx, rows)).reshape(&[batch, self.heads, 3, size, places]);
        let [q, k, v] = [0, 1, 2].map(|i| parts.narrow(2, i, 1).reshape(&[batch, self.heads, size, places]).t());
        let seen = q.attention(k, v, (size as f64).powf(-0.5), false);
        let out = self.proj.forward(ctx, seen.t().reshape(&[batch, self.channels, places]));
        (rows + out).reshape(&shape)
    }
}
