//! UNet: convolutions down to a coarse grid and up again, with skips, attention on coarse grids, and the time in every block
//! (Ho, Jain, Abbeel 2020, appendix B; Dhariwal, Nichol 2021). The body of `unet_1D` and `unet_2D`; names are improved-diffusion's.

use super::shaped::{Conditioning, state};
use super::{Backbone, Widths};
use crate::encoders::timestep_features;
use crate::layers::{Conv, Dropout, GroupNorm, Layer, Linear};
use crate::{Activation, Context, Declare, NnError, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var, count};

/// As many groups of channels as norms have at most, and as many channels as a group has at least, by default.
const MOST_GROUPS: usize = 32;
const LEAST_CHANNELS: usize = 4;
/// How much wider than the net the time is inside.
const TIME_EXPANSION: usize = 4;

/// Arguments of `unet_1D` and `unet_2D`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UNetConfig {
    /// Channels of the state `[B, inChannels, …sizes]`.
    #[schemars(range(min = 1))]
    pub in_channels: usize,
    /// Channels of the finest level.
    #[schemars(range(min = 2))]
    pub model_channels: usize,
    /// Channels of the output; `inChannels` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub out_channels: Option<usize>,
    /// Residual blocks of each level.
    #[schemars(range(min = 1))]
    pub num_res_blocks: usize,
    /// Levels with attention, by how much coarser than the state they are: 1, 2, 4 ….
    #[serde(default)]
    pub attention_resolutions: Vec<usize>,
    /// Share of elements dropped within each block while training, 0 ≤ dropout < 1.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub dropout: f64,
    /// Channels of each level, relative to `modelChannels`; each level is half as fine as the one before.
    #[serde(default = "default_multipliers")]
    #[schemars(length(min = 1))]
    pub channel_mult: Vec<usize>,
    /// Whether levels are joined by convolutions; otherwise by means and copies.
    #[serde(default = "default_true")]
    pub conv_resample: bool,
    /// Number of classes, for a net whose condition is a label per row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_classes: Option<usize>,
    /// Width of the condition, for a net whose condition is a vector per row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// Attention heads.
    #[serde(default = "default_heads")]
    #[schemars(range(min = 1))]
    pub num_heads: usize,
    /// Attention heads on the way up; `numHeads` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_heads_upsample: Option<usize>,
    /// Groups of channels of each norm, or as many fewer as divide its channels. By default 32, or as many fewer as leave 4 channels in each: in
    /// a group of one channel, the norm undoes the time, which is added to channels before it. Nets of improved-diffusion have 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_groups: Option<usize>,
    /// Whether the time scales and shifts the norms; otherwise it is added.
    #[serde(default)]
    pub use_scale_shift_norm: bool,
    /// What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
    #[serde(default = "default_factor")]
    pub time_factor: f64,
}

fn default_multipliers() -> Vec<usize> {
    vec![1, 2, 4, 8]
}

fn default_true() -> bool {
    true
}

fn default_heads() -> usize {
    1
}

fn default_factor() -> f64 {
    1.0
}

fn silu(x: Var<'_>) -> Var<'_> {
    Activation::Silu.apply(x)
}

/// skip(x) + out(in(x) + emb(time)), or with the norm before `out` scaled and shifted by the time.
struct ResBlock {
    norm_in: GroupNorm,
    conv_in: Conv,
    embed: Linear,
    norm_out: GroupNorm,
    dropout: Dropout,
    conv_out: Conv,
    skip: Option<Conv>,
    outputs: usize,
    scale_shift: bool,
}

impl ResBlock {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, time: Var<'g>) -> Var<'g> {
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

/// x + proj_out(attention of all positions), heads side by side in the channels.
struct AttentionBlock {
    norm: GroupNorm,
    qkv: Conv,
    proj: Conv,
    channels: usize,
    heads: usize,
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

/// Half the size along every dimension, by a strided convolution or by means.
enum Down {
    Conv(Conv),
    Mean,
}

impl Layer for Down {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        match self {
            Down::Conv(conv) => conv.forward(ctx, x),
            Down::Mean => halved(x),
        }
    }
}

/// The mean of each 2 (by 2) positions; the last of an odd number counts twice.
fn halved(x: Var<'_>) -> Var<'_> {
    if x.is_poison() {
        return x;
    }
    let shape = x.shape();
    let even = (2..shape.len()).fold(x, |x, axis| match shape[axis] % 2 {
        0 => x,
        _ => Var::concat(&[x, x.narrow(axis, shape[axis] - 1, 1)], axis),
    });
    let pairs = shape[2..].iter().flat_map(|size| [size.div_ceil(2), 2]);
    let paired: Vec<usize> = shape[..2].iter().copied().chain(pairs).collect();
    let within: Vec<usize> = (0..shape.len() - 2).map(|i| 3 + 2 * i).collect();
    even.reshape(&paired).mean(&within)
}

/// Every position as 2 (by 2), cut to the sizes of `like`, then perhaps a convolution.
struct Up {
    conv: Option<Conv>,
}

impl Up {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, like: Var<'g>) -> Var<'g> {
        if x.is_poison() || like.is_poison() {
            return if x.is_poison() { x } else { like };
        }
        let shape = x.shape();
        let spread = |copies: usize| shape[2..].iter().flat_map(|size| [*size, copies]).collect::<Vec<_>>();
        let doubled: Vec<usize> = shape[..2].iter().copied().chain(shape[2..].iter().map(|size| 2 * size)).collect();
        let copies = x.reshape(&[&shape[..2], &spread(1)[..]].concat()).broadcast_to(&[&shape[..2], &spread(2)[..]].concat());
        let stops = [&shape[..2], &like.shape()[2..]].concat();
        let cut = copies.reshape(&doubled).slice(&vec![0; shape.len()], &stops, &vec![1; shape.len()]);
        self.conv.as_ref().map_or(cut, |conv| conv.forward(ctx, cut))
    }
}

/// A residual block, on coarse grids followed by attention.
struct Stage {
    block: ResBlock,
    attention: Option<AttentionBlock>,
}

impl Stage {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, time: Var<'g>) -> Var<'g> {
        let h = self.block.forward(ctx, x, time);
        self.attention.as_ref().map_or(h, |attention| attention.forward(ctx, h))
    }
}

/// One step on the way down.
enum Descent {
    Conv(Conv),
    Stage(Box<Stage>),
    Down(Down),
}

/// One step on the way up; it takes the skip of its mirror image in.
struct Ascent {
    stage: Stage,
    up: Option<Up>,
}

/// t `[B]`, x `[B, inChannels, …sizes]`, condition: labels `[B]` or vectors `[B, conditionDim]` → `[B, outChannels, …sizes]`.
pub struct UNet {
    network: &'static str,
    in_channels: usize,
    dimensions: usize,
    width: usize,
    time_factor: f64,
    time: [Linear; 2],
    condition: Conditioning,
    down: Vec<Descent>,
    middle: (ResBlock, AttentionBlock, ResBlock),
    up: Vec<Ascent>,
    norm: GroupNorm,
    last: Conv,
}

/// Declares the parts of one U-Net.
struct Parts<'a> {
    options: &'a UNetConfig,
    dimensions: usize,
    time_width: usize,
}

impl Parts<'_> {
    fn norm(&self, declare: Declare, channels: usize) -> GroupNorm {
        let groups = self.options.num_groups.unwrap_or((channels / LEAST_CHANNELS).clamp(1, MOST_GROUPS));
        GroupNorm::new(declare, channels, groups)
    }

    fn kernel(&self, size: usize) -> Vec<usize> {
        vec![size; self.dimensions]
    }

    fn block(&self, declare: &Declare, inputs: usize, outputs: usize) -> Result<ResBlock, NnError> {
        let parts = if self.options.use_scale_shift_norm { 2 } else { 1 };
        Ok(ResBlock {
            norm_in: self.norm(declare.at("in_layers.0"), inputs),
            conv_in: Conv::new(declare.at("in_layers.2"), inputs, outputs, &self.kernel(3), 1),
            embed: Linear::new(declare.at("emb_layers.1"), self.time_width, parts * outputs),
            norm_out: self.norm(declare.at("out_layers.0"), outputs),
            dropout: Dropout::new(self.options.dropout).map_err(|e| NnError { field: "dropout".into(), ..e })?,
            conv_out: Conv::zero(declare.at("out_layers.3"), outputs, outputs, &self.kernel(3)),
            skip: (inputs != outputs).then(|| Conv::new(declare.at("skip_connection"), inputs, outputs, &self.kernel(1), 1)),
            outputs,
            scale_shift: self.options.use_scale_shift_norm,
        })
    }

    fn attention(&self, declare: &Declare, channels: usize, field: &str, heads: usize) -> Result<AttentionBlock, NnError> {
        Ok(AttentionBlock {
            heads: check::divisor(field, heads, channels)?,
            norm: self.norm(declare.at("norm"), channels),
            qkv: Conv::new(declare.at("qkv"), channels, 3 * channels, &[1], 1),
            proj: Conv::zero(declare.at("proj_out"), channels, channels, &[1]),
            channels,
        })
    }

    fn down(&self, declare: &Declare, channels: usize) -> Down {
        if !self.options.conv_resample {
            return Down::Mean;
        }
        Down::Conv(Conv::new(declare.at("op"), channels, channels, &self.kernel(3), 2))
    }

    fn up(&self, declare: &Declare, channels: usize) -> Up {
        let conv = || Conv::new(declare.at("conv"), channels, channels, &self.kernel(3), 1);
        Up { conv: self.options.conv_resample.then(conv) }
    }
}

impl UNet {
    /// Declares `time_embed`, `label_emb` (with a condition), `input_blocks.<i>.<j>`, `middle_block.<j>`, `output_blocks.<i>.<j>`, `out`.
    ///
    /// # Errors
    /// A width of 0, heads that do not divide a width, or a number out of range.
    pub(super) fn new(declare: &Declare, network: &'static str, dimensions: usize, options: &UNetConfig) -> Result<UNet, NnError> {
        let inputs = check::width("inChannels", options.in_channels)?;
        let outputs = check::width("outChannels", options.out_channels.unwrap_or(inputs))?;
        let width = check::at_least(2, "modelChannels", options.model_channels)?;
        check::widths("channelMult", &options.channel_mult)?;
        check::at_most("channelMult.length", 32, options.channel_mult.len())?;
        options.num_groups.map_or(Ok(1), |groups| check::width("numGroups", groups))?;
        let blocks = check::depth("numResBlocks", 1, options.num_res_blocks)?;
        let time_width = TIME_EXPANSION * width;
        let parts = Parts { options, dimensions, time_width };
        let heads_up = options.num_heads_upsample.unwrap_or(options.num_heads);
        let time =
            [Linear::new(declare.at("time_embed.0"), width, time_width), Linear::new(declare.at("time_embed.2"), time_width, time_width)];
        let condition =
            Conditioning::new(declare, ["label_emb", "label_emb"], options.num_classes, options.condition_dim, time_width, (false, 1.0))?;

        let mut down = vec![Descent::Conv(Conv::new(declare.at("input_blocks.0.0"), inputs, width, &parts.kernel(3), 1))];
        let (mut skips, mut channels, mut scale) = (vec![width], width, 1);
        for (level, multiplier) in options.channel_mult.iter().enumerate() {
            for _ in 0..blocks {
                let here = declare.at(&format!("input_blocks.{}", down.len()));
                let next = check::width("channelMult", multiplier * width)?;
                let block = parts.block(&here.at("0"), channels, next)?;
                channels = next;
                let sees = options.attention_resolutions.contains(&scale);
                let attention = sees.then(|| parts.attention(&here.at("1"), channels, "numHeads", options.num_heads)).transpose()?;
                down.push(Descent::Stage(Box::new(Stage { block, attention })));
                skips.push(channels);
            }
            if level + 1 < options.channel_mult.len() {
                down.push(Descent::Down(parts.down(&declare.at(&format!("input_blocks.{}.0", down.len())), channels)));
                skips.push(channels);
                scale *= 2;
            }
        }
        let middle = (
            parts.block(&declare.at("middle_block.0"), channels, channels)?,
            parts.attention(&declare.at("middle_block.1"), channels, "numHeads", options.num_heads)?,
            parts.block(&declare.at("middle_block.2"), channels, channels)?,
        );
        let mut up = Vec::new();
        for (level, multiplier) in options.channel_mult.iter().enumerate().rev() {
            for i in 0..=blocks {
                let here = declare.at(&format!("output_blocks.{}", up.len()));
                let block = parts.block(&here.at("0"), channels + skips.pop().unwrap_or(0), multiplier * width)?;
                channels = multiplier * width;
                let sees = options.attention_resolutions.contains(&scale);
                let attention = sees.then(|| parts.attention(&here.at("1"), channels, "numHeadsUpsample", heads_up)).transpose()?;
                let rises = level > 0 && i == blocks;
                let place = if attention.is_some() { "2" } else { "1" };
                let rise = rises.then(|| parts.up(&here.at(place), channels));
                scale /= if rises { 2 } else { 1 };
                up.push(Ascent { stage: Stage { block, attention }, up: rise });
            }
        }
        Ok(UNet {
            network,
            in_channels: inputs,
            dimensions,
            width,
            time_factor: check::positive("timeFactor", options.time_factor)?,
            time,
            condition,
            down,
            middle,
            up,
            norm: parts.norm(declare.at("out.0"), channels),
            last: Conv::zero(declare.at("out.2"), channels, outputs, &parts.kernel(3)),
        })
    }

    /// Time and condition as one vector per row.
    fn embed<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, condition: Option<&Leaves<Var<'g>>>) -> Var<'g> {
        let features = timestep_features(t * self.time_factor, self.width);
        let time = self.time[1].forward(ctx, silu(self.time[0].forward(ctx, features)));
        self.condition.forward(ctx, self.network, condition).map_or(time, |c| time + c)
    }
}

impl Backbone for UNet {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let sizes = [&[self.in_channels][..], &vec![0; self.dimensions]].concat();
        let mut h = state(ctx, self.network, x, &sizes);
        let e = self.embed(ctx, t, condition);
        let mut skips = Vec::new();
        for step in &self.down {
            h = match step {
                Descent::Conv(conv) => conv.forward(ctx, h),
                Descent::Stage(stage) => stage.forward(ctx, h, e),
                Descent::Down(down) => down.forward(ctx, h),
            };
            skips.push(h);
        }
        let (first, attention, second) = &self.middle;
        h = second.forward(ctx, attention.forward(ctx, first.forward(ctx, h, e)), e);
        for step in &self.up {
            // There are as many skips as steps.
            let Some(skip) = skips.pop() else { break };
            h = step.stage.forward(ctx, Var::concat(&[h, skip], 1), e);
            if let (Some(up), Some(finer)) = (&step.up, skips.last()) {
                h = up.forward(ctx, h, *finer);
            }
        }
        Leaves::one(self.last.forward(ctx, silu(self.norm.forward(ctx, h))))
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
