//! DiT1D: the diffusion transformer of series `[time, channels]`: adaLN-Zero blocks over tokens along the time.
//! For trajectories, forecasts and other sequences of vectors.

use super::dit::{default_dropout, default_factor, default_ratio, patches_along};
use super::shaped::state;
use super::transformer::{Condition, Shape, Tokens, Transformer};
use super::{Backbone, Widths};
use crate::layers::Patches;
use crate::{Context, Coordinate, Declare, Init, NnError, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Arguments of `DiT1D`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dit1dConfig {
    /// Length of the series.
    #[schemars(range(min = 1))]
    pub token_size: usize,
    /// Steps of the series in one token; divides `tokenSize`.
    #[serde(default = "default_patch")]
    #[schemars(range(min = 1))]
    pub patch_size: usize,
    /// Numbers per step.
    #[schemars(range(min = 1))]
    pub in_channels: usize,
    /// Width of a token; even, and divisible by `numHeads`.
    #[schemars(range(min = 2))]
    pub hidden_size: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads.
    #[schemars(range(min = 1))]
    pub num_heads: usize,
    /// How wide a block's perceptron is inside, relative to `hiddenSize`.
    #[serde(default = "default_ratio")]
    pub mlp_ratio: f64,
    /// Number of classes, for a net whose condition is a label per series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_classes: Option<usize>,
    /// Above 0, the label "no class" has a trained vector, else the vector 0. Which share of the labels training hides is the model's
    /// `conditionDropout`.
    #[serde(default = "default_dropout")]
    #[schemars(range(min = 0, max = 1))]
    pub class_dropout_prob: f64,
    /// Width of the condition, for a net whose condition is a vector per series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
    #[serde(default = "default_factor")]
    pub time_factor: f64,
}

fn default_patch() -> usize {
    1
}

impl Dit1dConfig {
    /// Declares `pos_embed`, `x_embedder.proj`, `t_embedder.mlp`, `y_embedder` (with a condition), `blocks.<i>`, `final_layer`.
    ///
    /// # Errors
    /// A patch that does not divide the series, heads that do not divide the width, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<Dit1d, NnError> {
        let count = patches_along("tokenSize", self.token_size, self.patch_size)?;
        let channels = check::width("inChannels", self.in_channels)?;
        let width = check::multiple("hiddenSize", 2, self.hidden_size)?;
        check::rate("classDropoutProb", self.class_dropout_prob)?;
        let tokens = Tokens {
            places: vec![count, width],
            features: Init::SinCos { grid: vec![count], features: vec![Coordinate { axis: 0, width }] },
            patches: Patches { channels, grid: vec![count], size: vec![self.patch_size] },
            groups: 1,
        };
        let shape = Shape { width, depth: self.depth, heads: self.num_heads, mlp_ratio: self.mlp_ratio, time_factor: self.time_factor };
        let condition = Condition { classes: self.num_classes, has_none: self.class_dropout_prob > 0.0, dim: self.condition_dim };
        Ok(Dit1d { body: Transformer::new(declare, &shape, tokens, &condition, channels)?, sizes: [self.token_size, channels] })
    }
}

/// t `[B]`, x `[B, tokenSize, inChannels]`, condition: labels `[B]` or vectors `[B, conditionDim]` → like x.
pub struct Dit1d {
    body: Transformer,
    sizes: [usize; 2],
}

impl Backbone for Dit1d {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let x = state(ctx, "DiT1D", x, &self.sizes);
        if x.is_poison() {
            return Leaves::one(x);
        }
        Leaves::one(self.body.forward(ctx, "DiT1D", t, x.transpose(&[0, 2, 1]), condition).transpose(&[0, 2, 1]))
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
