//! SelfAttention: every token looks at all tokens (Vaswani et al. 2017, section 3.2.2).
//! Names are those of timm's vision transformers, which DiT and U-ViT are built from.

use super::{Layer, Linear};
use crate::{Context, Declare, Init, NnError, check};
use thalweg_graph::{GraphError, Var};

/// proj(concat over heads of softmax(q kᵀ/√d) v) with [q, k, v] = qkv(x) and d = width / heads.
///
/// Shapes: `[B, tokens, width]` → the same.
#[derive(Clone, Debug)]
pub struct SelfAttention {
    name: String,
    qkv: Linear,
    proj: Linear,
    width: usize,
    heads: usize,
}

impl SelfAttention {
    /// Declares `qkv` (with a bias where `qkv_bias`) and `proj`. Weights start as `weight(inputs, outputs)`, biases as zeros.
    ///
    /// # Errors
    /// Heads that do not divide the width; the field is `numHeads`.
    pub fn new(
        declare: &Declare,
        width: usize,
        heads: usize,
        qkv_bias: bool,
        weight: fn(usize, usize) -> Init,
    ) -> Result<SelfAttention, NnError> {
        let bias = Some(Init::Zeros);
        Ok(SelfAttention {
            heads: check::divisor("numHeads", heads, width)?,
            qkv: Linear::starting(declare.at("qkv"), width, 3 * width, weight(width, 3 * width), bias.clone().filter(|_| qkv_bias)),
            proj: Linear::starting(declare.at("proj"), width, width, weight(width, width), bias),
            name: declare.name().to_string(),
            width,
        })
    }
}

impl Layer for SelfAttention {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let _scope = ctx.builder.scope(&self.name);
        let [batch, tokens, _] = x.shape()[..] else {
            let expected = format!("[batch, tokens, {}]", self.width);
            return ctx.builder.fail(GraphError::shape("attention", "no batch of tokens", expected, x.ty().to_string()));
        };
        let size = self.width / self.heads;
        let parts = self.qkv.forward(ctx, x).reshape(&[batch, tokens, 3, self.heads, size]).transpose(&[2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|i| parts.narrow(0, i, 1).reshape(&[batch, self.heads, tokens, size]));
        let seen = q.attention(k, v, (size as f64).powf(-0.5), false);
        self.proj.forward(ctx, seen.transpose(&[0, 2, 1, 3]).reshape(&[batch, tokens, self.width]))
    }
}
