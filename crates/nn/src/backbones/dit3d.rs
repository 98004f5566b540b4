//! DiT3D: the diffusion transformer of videos and volumes `[time, channels, height, width]`.
//! Patches reach over time and space; places have a part of each token for each of the three coordinates.

use super::dit::{default_dropout, default_factor, default_ratio, patches_along};
use super::shaped::state;
use super::transformer::{Condition, Shape, Tokens, Transformer};
use super::{Backbone, Widths};
use crate::layers::Patches;
use crate::{Context, Coordinate, Declare, Init, NnError, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var, count};

/// One size for all three dimensions, or one for each: time, height, width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Edges {
    /// The same in all.
    All(usize),
    /// Time, height, width.
    Each([usize; 3]),
}

impl Edges {
    fn each(self) -> [usize; 3] {
        match self {
            Edges::All(edge) => [edge; 3],
            Edges::Each(edges) => edges,
        }
    }
}

/// Channels in one dimension, or in several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Channels {
    /// `[time, channels, height, width]`.
    One(usize),
    /// `[time, …channels, height, width]`.
    Several(Vec<usize>),
}

/// Arguments of `DiT3D`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dit3dConfig {
    /// Time, height and width of the states.
    pub patch_block_size: Edges,
    /// Time, height and width of a patch; they divide `patchBlockSize`.
    #[serde(default = "default_patch")]
    pub patch_size: Edges,
    /// Channels of the states.
    pub in_channels: Channels,
    /// Width of a token; divisible by `numHeads`, and by 2 and the number of places along time, height and width together, or by 6.
    #[schemars(range(min = 6))]
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
    /// Whether a token is a map of all channels; otherwise each channel fills a part of it, and the channels divide `hiddenSize`.
    #[serde(default)]
    pub convolved: bool,
    /// Number of classes, for a net whose condition is a label per state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub num_classes: Option<usize>,
    /// Above 0, the label "no class" has a trained vector, else the vector 0. Which share of the labels training hides is the model's
    /// `conditionDropout`.
    #[serde(default = "default_dropout")]
    #[schemars(range(min = 0, max = 1))]
    pub class_dropout_prob: f64,
    /// Width of the condition, for a net whose condition is a vector per state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// What times are multiplied by first. The net was made for times of 0 … 1000, so 1000 suits times of 0 … 1.
    #[serde(default = "default_factor")]
    pub time_factor: f64,
}

fn default_patch() -> Edges {
    Edges::All(2)
}

impl Dit3dConfig {
    /// Declares `pos_embed`, `x_embedder.proj`, `t_embedder.mlp`, `y_embedder` (with a condition), `blocks.<i>`, `final_layer`.
    ///
    /// # Errors
    /// A patch that does not divide the state, heads or channels that do not divide the width, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<Dit3d, NnError> {
        let (edges, patch) = (self.patch_block_size.each(), self.patch_size.each());
        let along = |i: usize| patches_along("patchBlockSize", edges[i], patch[i]);
        let grid = [along(0)?, along(1)?, along(2)?];
        let listed = match &self.in_channels {
            Channels::One(channels) => vec![*channels],
            Channels::Several(all) => all.clone(),
        };
        check::widths("inChannels", &listed)?;
        let channels = check::width("inChannels", count(&listed))?;
        let width = check::multiple("hiddenSize", 2, self.hidden_size)?;
        check::rate("classDropoutProb", self.class_dropout_prob)?;
        let groups = if self.convolved { 1 } else { check::divisor("inChannels", channels, width).map(|_| channels)? };
        let tokens = Tokens {
            places: [&grid[..], &[width]].concat(),
            features: Init::SinCos { grid: grid.to_vec(), features: coordinates(width, grid)? },
            patches: Patches { channels, grid: grid.to_vec(), size: patch.to_vec() },
            groups,
        };
        let shape = Shape { width, depth: self.depth, heads: self.num_heads, mlp_ratio: self.mlp_ratio, time_factor: self.time_factor };
        let condition = Condition { classes: self.num_classes, has_none: self.class_dropout_prob > 0.0, dim: self.condition_dim };
        let outputs = if self.learn_sigma { 2 * channels } else { channels };
        let body = Transformer::new(declare, &shape, tokens, &condition, outputs)?;
        // Two predictions per channel stand behind each other in the first of the channels' dimensions.
        let mut given = listed.clone();
        given[0] *= outputs / channels;
        Ok(Dit3d { body, edges, listed, given })
    }
}

/// Parts of a token for time, height and width: in the ratio of the places along each, or equal where that is no even number.
fn coordinates(width: usize, grid: [usize; 3]) -> Result<Vec<Coordinate>, NnError> {
    let all: usize = grid.iter().sum();
    let widths = match width.is_multiple_of(all) && grid.iter().all(|n| (width / all * n).is_multiple_of(2)) {
        true => grid.map(|n| width / all * n),
        false if width.is_multiple_of(6) => [width / 3; 3],
        false => return Err(NnError::new("hiddenSize", format!("a multiple of {} or of 6", 2 * all), width)),
    };
    Ok(widths.into_iter().enumerate().map(|(axis, width)| Coordinate { axis, width }).collect())
}

/// t `[B]`, x `[B, time, …inChannels, height, width]`, condition: labels `[B]` or vectors `[B, conditionDim]` → like x, or with twice the
/// channels.
pub struct Dit3d {
    body: Transformer,
    edges: [usize; 3],
    listed: Vec<usize>,
    given: Vec<usize>,
}

impl Backbone for Dit3d {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let [time, height, width] = self.edges;
        let x = state(ctx, "DiT3D", x, &[&[time], &self.listed[..], &[height, width]].concat());
        if x.is_poison() {
            return Leaves::one(x);
        }
        let batch = x.shape()[0];
        let first = x.reshape(&[batch, time, count(&self.listed), height, width]).transpose(&[0, 2, 1, 3, 4]);
        let out = self.body.forward(ctx, "DiT3D", t, first, condition).transpose(&[0, 2, 1, 3, 4]);
        Leaves::one(out.reshape(&[&[batch, time], &self.given[..], &[height, width]].concat()))
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
