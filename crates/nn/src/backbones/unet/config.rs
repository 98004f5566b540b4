//! The configuration of U-Nets, in either number of dimensions.
//! Keys are improved-diffusion's, as GenerativeRL spells them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
