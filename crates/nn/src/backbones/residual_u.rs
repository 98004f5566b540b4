//! ResidualU: residual blocks down to a narrow middle and up again, with skips, each block fed by the time.
//! The body of the temporal-spatial nets.

use super::TemporalSpatialResBlock;
use crate::layers::{Layer, Linear};
use crate::{Context, Declare, join};
use thalweg_graph::Var;

/// d₀ = first(e, x); dᵢ₊₁ = down(e, dᵢ); u = middle(e, dₙ); u ← up(e, [u, dᵢ]) for i = n … 1; the output is last([u, d₀]).
pub(super) struct ResidualU {
    first: TemporalSpatialResBlock,
    down: Vec<TemporalSpatialResBlock>,
    middle: TemporalSpatialResBlock,
    up: Vec<TemporalSpatialResBlock>,
    last: Linear,
}

impl ResidualU {
    /// Declares `first_block`, `down_block.<i>`, `middle_block`, `up_block.<i>`, `last_block`. `hidden` has at least one width.
    pub fn new(declare: &Declare, hidden: &[usize], inputs: usize, outputs: usize, t_dim: usize) -> ResidualU {
        let block = |name: &str, inputs, outputs| TemporalSpatialResBlock::new(&declare.at(name), inputs, outputs, t_dim);
        let deepest = hidden[hidden.len() - 1];
        ResidualU {
            first: block("first_block", inputs, hidden[0]),
            down: hidden.windows(2).enumerate().map(|(i, w)| block(&format!("down_block.{i}"), w[0], w[1])).collect(),
            middle: block("middle_block", deepest, deepest),
            // Each way up joins the value below with the skip of the same width.
            up: hidden.windows(2).rev().enumerate().map(|(i, w)| block(&format!("up_block.{i}"), 2 * w[1], w[0])).collect(),
            last: Linear::new(declare.at("last_block"), 2 * hidden[0], outputs),
        }
    }

    /// e `[B, tDim]`, x `[B, …, inputs]` → `[B, …, outputs]`.
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, e: Var<'g>, x: Var<'g>) -> Var<'g> {
        let mut skips = vec![self.first.forward(ctx, e, x)];
        for block in &self.down {
            skips.push(block.forward(ctx, e, skips[skips.len() - 1]));
        }
        let mut u = self.middle.forward(ctx, e, skips[skips.len() - 1]);
        for (block, skip) in self.up.iter().zip(skips.iter().rev()) {
            u = block.forward(ctx, e, join::join(ctx.builder, &[u, *skip]));
        }
        self.last.forward(ctx, join::join(ctx.builder, &[u, skips[0]]))
    }
}
