//! UNet: convolutions down to a coarse grid and up again, with skips, attention on coarse grids, and the time in every block
//! (Ho, Jain, Abbeel 2020, appendix B; Dhariwal, Nichol 2021). The body of `unet_1D` and `unet_2D`; names are improved-diffusion's.

mod attention_block;
mod config;
mod res_block;
mod resample;

use super::shaped::{Conditioning, state};
use super::{Backbone, Widths};
use crate::encoders::timestep_features;
use crate::layers::{Conv, Dropout, GroupNorm, Layer, Linear};
use crate::{Activation, Context, Declare, NnError, check};
use attention_block::AttentionBlock;
use res_block::ResBlock;
use resample::{Down, Up};
use thalweg_graph::{Leaves, Var};

pub use config::UNetConfig;

/// As many groups of channels as norms have at most, and as many channels as a group has at least, by default.
const MOST_GROUPS: usize = 32;
const LEAST_CHANNELS: usize = 4;
/// How much wider than the net the time is inside.
const TIME_EXPANSION: usize = 4;

fn silu(x: Var<'_>) -> Var<'_> {
    Activation::Silu.apply(x)
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
