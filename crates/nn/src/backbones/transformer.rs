//! Transformer: the body of diffusion transformers with adaLN-Zero (Peebles, Xie 2023, section 3.2), over the patches of any state.
//! DiT in one, two and three dimensions differ in how states are cut and places numbered; the rest is here.

use super::shaped::Conditioning;
use crate::encoders::ExponentialFourierProjectionTimeEncoder;
use crate::layers::{FeedForward, Layer, Linear, PatchEmbed, Patches, SelfAttention};
use crate::{Activation, Context, Declare, Encoder, Init, NnError, Param, check};
use thalweg_graph::{Leaves, Var, count};

/// Added to variances, as in DiT.
const EPSILON: f64 = 1e-6;
/// Sinusoids of the time.
const FREQUENCIES: usize = 256;
/// Standard deviation of the time's weights and the labels' vectors at the start.
const STD: f64 = 0.02;

/// Sizes of a transformer.
pub(super) struct Shape {
    pub width: usize,
    pub depth: usize,
    pub heads: usize,
    pub mlp_ratio: f64,
    pub time_factor: f64,
}

/// How states become tokens.
pub(super) struct Tokens {
    pub patches: Patches,
    /// 1, or one per channel, which then have parts of a token of their own.
    pub groups: usize,
    /// Shape of the table of places.
    pub places: Vec<usize>,
    pub features: Init,
}

/// The condition of a transformer.
pub(super) struct Condition {
    pub classes: Option<usize>,
    pub has_none: bool,
    pub dim: Option<usize>,
}

/// x scaled and shifted after a norm without weights.
fn modulate<'g>(x: Var<'g>, shift: Var<'g>, scale: Var<'g>) -> Var<'g> {
    x.layer_norm(EPSILON) * (scale + scale.constant(1.0)) + shift
}

/// A linear map of the condition that starts as zero and gives `N` vectors, each `[B, 1, width]`.
struct Modulation<const N: usize> {
    linear: Linear,
    width: usize,
}

impl<const N: usize> Modulation<N> {
    fn new(declare: &Declare, width: usize) -> Modulation<N> {
        let linear = Linear::starting(declare.at("adaLN_modulation.1"), width, N * width, Init::Zeros, Some(Init::Zeros));
        Modulation { linear, width }
    }

    fn forward<'g>(&self, ctx: &Context<'_, 'g>, c: Var<'g>) -> [Var<'g>; N] {
        let all = self.linear.forward(ctx, Activation::Silu.apply(c));
        let rows = all.shape().first().copied().unwrap_or(1);
        let all = all.reshape(&[rows, 1, N * self.width]);
        std::array::from_fn(|i| all.narrow(2, i * self.width, self.width))
    }
}

/// x ← x + g₁ attn(modulate(x)), x ← x + g₂ mlp(modulate(x)), shifts, scales and gates from the condition.
struct Block {
    attention: SelfAttention,
    mlp: FeedForward,
    modulation: Modulation<6>,
}

impl Block {
    fn new(declare: &Declare, shape: &Shape) -> Result<Block, NnError> {
        let hidden = (shape.width as f64 * shape.mlp_ratio) as usize;
        Ok(Block {
            attention: SelfAttention::new(&declare.at("attn"), shape.width, shape.heads, true, Init::xavier)?,
            mlp: FeedForward::new(&declare.at("mlp"), shape.width, check::width("mlpRatio", hidden)?, Activation::GeluTanh, Init::xavier),
            modulation: Modulation::new(declare, shape.width),
        })
    }

    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, c: Var<'g>) -> Var<'g> {
        let [shift_1, scale_1, gate_1, shift_2, scale_2, gate_2] = self.modulation.forward(ctx, c);
        let x = x + gate_1 * self.attention.forward(ctx, modulate(x, shift_1, scale_1));
        x + gate_2 * self.mlp.forward(ctx, modulate(x, shift_2, scale_2))
    }
}

/// Tokens in, tokens out; see [`Transformer::forward`].
pub(super) struct Transformer {
    places: Param,
    embed: PatchEmbed,
    time: ExponentialFourierProjectionTimeEncoder,
    condition: Conditioning,
    blocks: Vec<Block>,
    modulation: Modulation<2>,
    last: Linear,
    width: usize,
    outputs: usize,
}

impl Transformer {
    /// Declares `pos_embed`, `x_embedder`, `t_embedder`, `y_embedder` (if there is a condition), `blocks.<i>`, `final_layer`. `outputs` is the
    /// number of channels that come out.
    ///
    /// # Errors
    /// A number out of range, or heads that do not divide the width.
    pub fn new(declare: &Declare, shape: &Shape, tokens: Tokens, condition: &Condition, outputs: usize) -> Result<Transformer, NnError> {
        let Tokens { patches, groups, places, features } = tokens;
        let width = shape.width;
        let inside = count(&patches.size);
        let elements = check::width("patchSize", inside.saturating_mul(patches.channels))? / groups;
        let factor = check::positive("timeFactor", shape.time_factor)?;
        check::positive("mlpRatio", shape.mlp_ratio)?;
        check::depth("depth", 0, shape.depth)?;
        let normal = Init::Normal { mean: 0.0, std: STD };
        let names = ["y_embedder.embedding_table", "y_embedder"];
        Ok(Transformer {
            places: declare.frozen("pos_embed", &places, features),
            embed: PatchEmbed::new(&declare.at("x_embedder"), patches, width, groups, Init::xavier(elements, width), Init::Zeros),
            time: ExponentialFourierProjectionTimeEncoder::new(&declare.at("t_embedder"), width, FREQUENCIES, factor, Some(normal)),
            condition: Conditioning::new(declare, names, condition.classes, condition.dim, width, (condition.has_none, STD))?,
            blocks: (0..shape.depth).map(|i| Block::new(&declare.at(&format!("blocks.{i}")), shape)).collect::<Result<_, _>>()?,
            last: Linear::starting(declare.at("final_layer.linear"), width, inside * outputs, Init::Zeros, Some(Init::Zeros)),
            modulation: Modulation::new(&declare.at("final_layer"), width),
            width,
            outputs,
        })
    }

    /// How it reads its condition.
    pub fn condition(&self) -> &Conditioning {
        &self.condition
    }

    /// t `[B]`, x `[B, channels, …sizes]` → `[B, outputs, …sizes]`.
    pub fn forward<'g>(
        &self,
        ctx: &Context<'_, 'g>,
        network: &str,
        t: Var<'g>,
        x: Var<'g>,
        condition: Option<&Leaves<Var<'g>>>,
    ) -> Var<'g> {
        let patches = self.embed.patches();
        let places = ctx.param(self.places).reshape(&[1, patches.count(), self.width]);
        let tokens = self.embed.forward(ctx, x) + places;
        let time = self.time.forward(ctx, &Leaves::one(t));
        let c = self.condition.forward(ctx, network, condition).map_or(time, |y| time + y);
        let h = self.blocks.iter().fold(tokens, |h, block| block.forward(ctx, h, c));
        let [shift, scale] = self.modulation.forward(ctx, c);
        let out = self.last.forward(ctx, modulate(h, shift, scale));
        if out.is_poison() { out } else { patches.join(out, out.shape()[0], self.outputs) }
    }
}
