//! MLPResNet: residual blocks of two dense layers between two dense layers (Hansen-Estruch et al. 2023, IDQL, appendix).
//! GenerativeRL's network for the policies of control problems.

use super::{Backbone, Widths};
use crate::layers::{Dropout, Layer, LayerNorm, Linear};
use crate::{Activate, Activation, Context, Declare, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// How wide a block is inside, relative to the net.
const EXPANSION: usize = 4;

/// Arguments of `MLPResNet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MlpResNetConfig {
    /// Number of residual blocks.
    pub num_blocks: usize,
    /// Width of all inputs together: state, condition and time.
    #[schemars(range(min = 1))]
    pub input_dim: usize,
    /// Width of the output.
    #[schemars(range(min = 1))]
    pub output_dim: usize,
    /// Share of elements dropped before each block while training, 0 ≤ dropoutRate < 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub dropout_rate: Option<f64>,
    /// Whether each block begins with a layer norm.
    #[serde(default)]
    pub use_layer_norm: bool,
    /// Width of the net.
    #[serde(default = "default_hidden")]
    #[schemars(range(min = 1))]
    pub hidden_dim: usize,
    /// What stands within the blocks and before the last layer.
    #[serde(default = "default_activation")]
    pub activations: Activation,
}

pub(super) fn default_hidden() -> usize {
    256
}

pub(super) fn default_activation() -> Activation {
    Activation::Relu
}

impl MlpResNetConfig {
    /// Declares `fc`, `blocks.<i>` (`layer_norm`, `fc1`, `fc2`, `residual`), `out_fc`.
    ///
    /// # Errors
    /// A width of 0, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<MlpResNet, NnError> {
        let input = check::width("inputDim", self.input_dim)?;
        let output = check::width("outputDim", self.output_dim)?;
        let width = check::width("hiddenDim", self.hidden_dim)?;
        let blocks = check::depth("numBlocks", 0, self.num_blocks)?;
        let dropout = Dropout::new(self.dropout_rate.unwrap_or(0.0)).map_err(|e| NnError { field: "dropoutRate".into(), ..e })?;
        let block = |i: usize| Block::new(&declare.at(&format!("blocks.{i}")), width, self.use_layer_norm, self.activations, dropout.clone());
        Ok(MlpResNet {
            first: Linear::new(declare.at("fc"), input, width),
            blocks: (0..blocks).map(block).collect(),
            activation: Activate::new(declare.at("activations"), self.activations),
            last: Linear::new(declare.at("out_fc"), width, output),
        })
    }
}

/// x + fc2(act(fc1(norm(dropout(x))))).
struct Block {
    dropout: Dropout,
    norm: Option<LayerNorm>,
    first: Linear,
    activation: Activate,
    second: Linear,
}

impl Block {
    fn new(declare: &Declare, width: usize, norm: bool, activation: Activation, dropout: Dropout) -> Block {
        let block = Block {
            dropout,
            norm: norm.then(|| LayerNorm::new(declare.at("layer_norm"), width)),
            first: Linear::new(declare.at("fc1"), width, EXPANSION * width),
            activation: Activate::new(declare.at("activations"), activation),
            second: Linear::new(declare.at("fc2"), EXPANSION * width, width),
        };
        // GenerativeRL's blocks carry a layer that none of them ever applies; checkpoints have it.
        Linear::new(declare.at("residual"), width, width);
        block
    }
}

impl Layer for Block {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        let dropped = self.dropout.forward(ctx, x);
        let normal = self.norm.as_ref().map_or(dropped, |norm| norm.forward(ctx, dropped));
        x + self.second.forward(ctx, self.activation.forward(ctx, self.first.forward(ctx, normal)))
    }
}

/// State, condition and time side by side `[B, inputDim]` → `[B, outputDim]`.
pub struct MlpResNet {
    first: Linear,
    blocks: Vec<Block>,
    activation: Activate,
    last: Linear,
}

impl Layer for MlpResNet {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        let hidden = self.blocks.iter().fold(self.first.forward(ctx, x), |h, block| block.forward(ctx, h));
        self.last.forward(ctx, self.activation.forward(ctx, hidden))
    }
}

impl Backbone for MlpResNet {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let conditions = condition.iter().flat_map(|c| c.values().copied());
        let parts: Vec<Var> = x.values().copied().chain(conditions).chain([t]).collect();
        Leaves::one(Layer::forward(self, ctx, join::join(ctx.builder, &parts)))
    }

    fn widths(&self) -> Widths {
        Widths::default()
    }
}
