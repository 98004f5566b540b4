//! TemporalConcatenateMLPResNet: an MLPResNet of state, condition and a small network's view of the time.
//! GenerativeRL's network for policies, here for any width of the time.

use super::mlp_res_net::{MlpResNet, MlpResNetConfig, default_activation, default_hidden};
use super::multi_layer_perceptron::{Activations, MultiLayerPerceptron, MultiLayerPerceptronConfig, Norms};
use super::{Backbone, Widths};
use crate::{Activation, Context, Declare, Layer, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Arguments of `TemporalConcatenateMLPResNet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporalConcatenateMlpResNetConfig {
    /// Width of the encoded time.
    #[serde(default = "default_t")]
    #[schemars(range(min = 1))]
    pub t_dim: usize,
    /// What stands within the time's network.
    #[serde(default = "default_time_activation")]
    pub activation: Activation,
    /// Number of residual blocks.
    pub num_blocks: usize,
    /// Width of state and condition together.
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

fn default_t() -> usize {
    64
}

fn default_time_activation() -> Activation {
    Activation::Mish
}

impl TemporalConcatenateMlpResNetConfig {
    /// Declares the residual net below `main`, then the time's perceptron below `t_cond`.
    ///
    /// # Errors
    /// A width of 0, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<TemporalConcatenateMlpResNet, NnError> {
        let t = check::width("tDim", self.t_dim)?;
        let input = check::width("inputDim", self.input_dim)?;
        let main = MlpResNetConfig {
            num_blocks: self.num_blocks,
            input_dim: input + 2 * t,
            output_dim: self.output_dim,
            dropout_rate: self.dropout_rate,
            use_layer_norm: self.use_layer_norm,
            hidden_dim: self.hidden_dim,
            activations: self.activations,
        };
        let time = MultiLayerPerceptronConfig {
            hidden_sizes: vec![t, 2 * t],
            output_size: 2 * t,
            activation: Activations::All(self.activation),
            dropout: None,
            layernorm: Norms::default(),
            final_activation: None,
            scale: None,
            shrink: None,
        };
        Ok(TemporalConcatenateMlpResNet { main: main.build(&mut declare.at("main"))?, time: time.build(&mut declare.at("t_cond"))?, t })
    }
}

/// main([x, condition, t_cond(t)]): t `[B, tDim]`, x `[B, D]`, condition `[B, inputDim − D]` → `[B, outputDim]`.
pub struct TemporalConcatenateMlpResNet {
    main: MlpResNet,
    time: MultiLayerPerceptron,
    t: usize,
}

impl Backbone for TemporalConcatenateMlpResNet {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let time = Layer::forward(&self.time, ctx, join::align(t, 2));
        Backbone::forward(&self.main, ctx, time, x, condition)
    }

    fn widths(&self) -> Widths {
        Widths { t: Some(self.t), ..Widths::default() }
    }
}
