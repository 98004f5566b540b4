//! UViT: a vision transformer with long skips that treats time and label as tokens (Bao et al. 2023, "All are worth words").
//! Between U-Net and DiT: no modulation, and skips that help with few data.

use super::dit::patches_along;
use super::shaped::{Conditioning, state};
use super::{Backbone, Widths};
use crate::encoders::timestep_features;
use crate::layers::{Conv, FeedForward, Layer, LayerNorm, Linear, PatchEmbed, Patches, SelfAttention};
use crate::{Activation, Context, Declare, Init, NnError, Param, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Standard deviation of weights at the start. The paper cuts the normal distribution at 100 of them, which changes nothing.
const STD: f64 = 0.02;

/// Arguments of `UViT`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UvitConfig {
    /// Height and width of the images.
    #[schemars(range(min = 1))]
    pub img_size: usize,
    /// Height and width of a patch; divides `imgSize`.
    #[schemars(range(min = 1))]
    pub patch_size: usize,
    /// Channels of the images.
    #[schemars(range(min = 1))]
    pub in_chans: usize,
    /// Width of a token; divisible by `numHeads`.
    #[schemars(range(min = 2))]
    pub embed_dim: usize,
    /// Number of blocks besides the middle one; half of them down, half up (an odd one is left out).
    pub depth: usize,
    /// Attention heads.
    #[schemars(range(min = 1))]
    pub num_heads: usize,
    /// How wide a block's perceptron is inside, relative to `embedDim`.
    #[serde(default = "super::dit::default_ratio")]
    pub mlp_ratio: f64,
    /// Whether the map to queries, keys and values has a bias.
    #[serde(default)]
    pub qkv_bias: bool,
    /// Whether a small network stands between the time's sinusoids and its token.
    #[serde(default)]
    pub mlp_time_embed: bool,
    /// Number of classes, for a net whose condition is a label per image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_classes: Option<usize>,
    /// Width of the condition, for a net whose condition is a vector per image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// Whether a convolution smooths the edges of the patches.
    #[serde(default = "default_true")]
    pub conv: bool,
    /// Whether blocks on the way up see the output of their mirror image.
    #[serde(default = "default_true")]
    pub skip: bool,
    /// What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
    #[serde(default = "super::dit::default_factor")]
    pub time_factor: f64,
}

fn default_true() -> bool {
    true
}

fn normal(_inputs: usize, _outputs: usize) -> Init {
    Init::Normal { mean: 0.0, std: STD }
}

/// A dense layer as this net starts them.
fn linear(declare: Declare, inputs: usize, outputs: usize) -> Linear {
    Linear::starting(declare, inputs, outputs, normal(inputs, outputs), Some(Init::Zeros))
}

/// x ← x + attn(norm(x)), x ← x + mlp(norm(x)), after joining x with a skip.
struct Block {
    norms: [LayerNorm; 2],
    attention: SelfAttention,
    mlp: FeedForward,
    skip: Option<Linear>,
}

impl Block {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, skip: Option<Var<'g>>) -> Var<'g> {
        let x = match (&self.skip, skip) {
            (Some(linear), Some(skip)) if !x.is_poison() => linear.forward(ctx, Var::concat(&[x, skip], x.rank() - 1)),
            _ => x,
        };
        let x = x + self.attention.forward(ctx, self.norms[0].forward(ctx, x));
        x + self.mlp.forward(ctx, self.norms[1].forward(ctx, x))
    }
}

impl UvitConfig {
    /// Declares `pos_embed`, `patch_embed.proj`, `time_embed` (with `mlpTimeEmbed`), `label_emb` (with a condition), `in_blocks.<i>`, `mid_block`,
    /// `out_blocks.<i>`, `norm`, `decoder_pred`, `final_layer` (with `conv`).
    ///
    /// # Errors
    /// A patch that does not divide the image, heads that do not divide the width, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<Uvit, NnError> {
        let side = patches_along("imgSize", self.img_size, self.patch_size)?;
        let channels = check::width("inChans", self.in_chans)?;
        let width = check::at_least(2, "embedDim", self.embed_dim)?;
        check::positive("mlpRatio", self.mlp_ratio)?;
        let hidden = check::width("mlpRatio", (width as f64 * self.mlp_ratio) as usize)?;
        let depth = check::depth("depth", 0, self.depth)?;
        let has_condition = self.num_classes.is_some() || self.condition_dim.is_some_and(|dim| dim > 0);
        let tokens = side * side + if has_condition { 2 } else { 1 };
        let patches = Patches { channels, grid: vec![side; 2], size: vec![self.patch_size; 2] };
        let features = check::width("patchSize", (self.patch_size * self.patch_size).saturating_mul(channels))?;
        let block = |name: &str, skip: bool| -> Result<Block, NnError> {
            let here = declare.at(name);
            let norm = |name: &str| LayerNorm::new(here.at(name), width);
            let first = norm("norm1");
            let attention = SelfAttention::new(&here.at("attn"), width, self.num_heads, self.qkv_bias, normal)?;
            let norms = [first, norm("norm2")];
            let mlp = FeedForward::new(&here.at("mlp"), width, hidden, Activation::Gelu, normal);
            Ok(Block { norms, attention, mlp, skip: skip.then(|| linear(here.at("skip_linear"), 2 * width, width)) })
        };
        let places = declare.undecayed("pos_embed", &[1, tokens, width], normal(0, 0));
        let start = Init::fan_in(features);
        let embed = PatchEmbed::new(&declare.at("patch_embed"), patches, width, 1, start.clone(), start);
        let time = self.mlp_time_embed.then(|| {
            [linear(declare.at("time_embed.0"), width, 4 * width), linear(declare.at("time_embed.2"), 4 * width, width)]
        });
        let names = ["label_emb", "label_emb"];
        let condition = Conditioning::new(declare, names, self.num_classes, self.condition_dim, width, (false, 1.0))?;
        Ok(Uvit {
            places,
            embed,
            time,
            condition,
            down: (0..depth / 2).map(|i| block(&format!("in_blocks.{i}"), false)).collect::<Result<_, _>>()?,
            middle: block("mid_block", false)?,
            up: (0..depth / 2).map(|i| block(&format!("out_blocks.{i}"), self.skip)).collect::<Result<_, _>>()?,
            norm: LayerNorm::new(declare.at("norm"), width),
            decode: linear(declare.at("decoder_pred"), width, features),
            smooth: self.conv.then(|| Conv::new(declare.at("final_layer"), channels, channels, &[3, 3], 1)),
            sizes: [channels, self.img_size, self.img_size],
            time_factor: check::positive("timeFactor", self.time_factor)?,
            width,
        })
    }
}

/// t `[B]`, x `[B, inChans, imgSize, imgSize]`, condition: labels `[B]` or vectors `[B, conditionDim]` → like x.
pub struct Uvit {
    places: Param,
    embed: PatchEmbed,
    time: Option<[Linear; 2]>,
    condition: Conditioning,
    down: Vec<Block>,
    middle: Block,
    up: Vec<Block>,
    norm: LayerNorm,
    decode: Linear,
    smooth: Option<Conv>,
    sizes: [usize; 3],
    time_factor: f64,
    width: usize,
}

impl Uvit {
    /// The tokens of label, time and patches, in this order, and how many stand before the patches.
    fn tokens<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: Var<'g>, condition: Option<&Leaves<Var<'g>>>) -> (Var<'g>, usize) {
        let features = timestep_features(t * self.time_factor, self.width);
        let time = match &self.time {
            Some([first, second]) => second.forward(ctx, Activation::Silu.apply(first.forward(ctx, features))),
            None => features,
        };
        let patches = self.embed.forward(ctx, x);
        let extras: Vec<Var> = self.condition.forward(ctx, "UViT", condition).into_iter().chain([time]).collect();
        if let Some(poison) = extras.iter().chain([&patches]).find(|v| v.is_poison()) {
            return (*poison, extras.len());
        }
        let batch = patches.shape()[0];
        let token = |v: &Var<'g>| v.reshape(&[v.shape()[0], 1, self.width]).broadcast_to(&[batch, 1, self.width]);
        let all: Vec<Var> = extras.iter().map(token).chain([patches]).collect();
        (Var::concat(&all, 1) + ctx.param(self.places), extras.len())
    }
}

impl Backbone for Uvit {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let x = state(ctx, "UViT", x, &self.sizes);
        let (mut h, extras) = self.tokens(ctx, t, x, condition);
        let mut skips = Vec::new();
        for block in &self.down {
            h = block.forward(ctx, h, None);
            skips.push(h);
        }
        h = self.middle.forward(ctx, h, None);
        for block in &self.up {
            h = block.forward(ctx, h, skips.pop());
        }
        let out = self.decode.forward(ctx, self.norm.forward(ctx, h));
        if out.is_poison() {
            return Leaves::one(out);
        }
        let patches = self.embed.patches();
        let image = patches.join(out.narrow(1, extras, patches.count()), out.shape()[0], self.sizes[0]);
        Leaves::one(self.smooth.as_ref().map_or(image, |conv| conv.forward(ctx, image)))
    }

    fn widths(&self) -> Widths {
        self.condition.widths()
    }

    fn keeps_shape(&self) -> bool {
        true
    }

    fn no_label(&self, size: usize) -> Option<f64> {
        self.condition.no_label(size)
    }
}
