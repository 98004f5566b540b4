//! DiT: the diffusion transformer of images (Peebles, Xie 2023), with adaLN-Zero, fixed sin-cos places and labels or vectors as condition.
//! Scales with data and width where convolutions stop to; needs more data than a U-Net.

use super::shaped::state;
use super::transformer::{Condition, Shape, Tokens, Transformer};
use super::{Backbone, Widths};
use crate::layers::Patches;
use crate::{Context, Coordinate, Declare, Init, NnError, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// One size for both dimensions of an image, or one for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Side {
    /// Height and width.
    Both(usize),
    /// Height, then width.
    Each([usize; 2]),
}

impl Side {
    /// Height, then width.
    pub(super) fn each(self) -> [usize; 2] {
        match self {
            Side::Both(side) => [side, side],
            Side::Each(sides) => sides,
        }
    }
}

/// Arguments of `DiT`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DitConfig {
    /// Height and width of the images.
    pub input_size: Side,
    /// Height and width of a patch; divides `inputSize`.
    #[serde(default = "default_patch")]
    #[schemars(range(min = 1))]
    pub patch_size: usize,
    /// Channels of the images.
    #[schemars(range(min = 1))]
    pub in_channels: usize,
    /// Width of a token; divisible by 4 and by `numHeads`.
    #[schemars(range(min = 4))]
    pub hidden_size: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads.
    #[schemars(range(min = 1))]
    pub num_heads: usize,
    /// How wide a block's perceptron is inside, relative to `hiddenSize`.
    #[serde(default = "default_ratio")]
    pub mlp_ratio: f64,
    /// Whether the output has twice the channels, as nets that learn variances have.
    #[serde(default)]
    pub learn_sigma: bool,
    /// Number of classes, for a net whose condition is a label per image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_classes: Option<usize>,
    /// Above 0, the label "no class" has a trained vector, else the vector 0. Which share of the labels training hides is the model's
    /// `conditionDropout`.
    #[serde(default = "default_dropout")]
    #[schemars(range(min = 0, max = 1))]
    pub class_dropout_prob: f64,
    /// Width of the condition, for a net whose condition is a vector per image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
    #[serde(default = "default_factor")]
    pub time_factor: f64,
}

pub(super) fn default_patch() -> usize {
    2
}

pub(super) fn default_ratio() -> f64 {
    4.0
}

pub(super) fn default_dropout() -> f64 {
    0.1
}

pub(super) fn default_factor() -> f64 {
    1.0
}

/// The number of patches along a side.
pub(super) fn patches_along(field: &str, side: usize, patch: usize) -> Result<usize, NnError> {
    let patch = check::width("patchSize", patch)?;
    if check::width(field, side)?.is_multiple_of(patch) {
        return Ok(side / patch);
    }
    Err(NnError::new("patchSize", format!("a divisor of {side} ({field})"), patch))
}

impl DitConfig {
    /// Declares `pos_embed`, `x_embedder.proj`, `t_embedder.mlp`, `y_embedder` (with a condition), `blocks.<i>`, `final_layer`.
    ///
    /// # Errors
    /// A patch that does not divide the image, heads that do not divide the width, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<Dit, NnError> {
        let sides = self.input_size.each();
        let grid = [patches_along("inputSize", sides[0], self.patch_size)?, patches_along("inputSize", sides[1], self.patch_size)?];
        let channels = check::width("inChannels", self.in_channels)?;
        let width = check::multiple("hiddenSize", 4, self.hidden_size)?;
        check::rate("classDropoutProb", self.class_dropout_prob)?;
        // The first half of a token's place is the column, as in DiT's code, where the width of the image goes first.
        let coordinate = |axis| Coordinate { axis, width: width / 2 };
        let tokens = Tokens {
            places: vec![1, grid[0] * grid[1], width],
            features: Init::SinCos { grid: grid.to_vec(), features: vec![coordinate(1), coordinate(0)] },
            patches: Patches { channels, grid: grid.to_vec(), size: vec![self.patch_size; 2] },
            groups: 1,
        };
        let shape = Shape {
            width,
            depth: self.depth,
            heads: self.num_heads,
            mlp_ratio: self.mlp_ratio,
            time_factor: self.time_factor,
        };
        let condition = Condition { classes: self.num_classes, has_none: self.class_dropout_prob > 0.0, dim: self.condition_dim };
        let outputs = if self.learn_sigma { 2 * channels } else { channels };
        Ok(Dit { body: Transformer::new(declare, &shape, tokens, &condition, outputs)?, sizes: [channels, sides[0], sides[1]] })
    }
}

/// t `[B]`, x `[B, channels, height, width]`, condition: labels `[B]` or vectors `[B, conditionDim]` → like x, or with twice the channels.
pub struct Dit {
    body: Transformer,
    sizes: [usize; 3],
}

impl Backbone for Dit {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let x = state(ctx, "DiT", x, &self.sizes);
        Leaves::one(self.body.forward(ctx, "DiT", t, x, condition))
    }

    fn widths(&self) -> Widths {
        self.body.condition().widths()
    }

    fn keeps_shape(&self) -> bool {
        true
    }

    fn no_label(&self, size: usize) -> Option<f64> {
        self.body.condition().no_label(size)
    }
}
