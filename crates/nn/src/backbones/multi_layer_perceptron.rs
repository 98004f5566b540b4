//! MultiLayerPerceptron: fully connected layers with activations, dropout and norms between them.
//! The plainest network; parameter names are GenerativeRL's (`model.linear0.weight` …).

use super::Backbone;
use crate::layers::{Dropout, Layer, LayerNorm, Linear, Sequential};
use crate::{Activate, Activation, Context, Declare, Init, NnError, Param, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// One activation for all hidden layers, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Activations {
    /// The same after every hidden layer.
    All(Activation),
    /// One per hidden layer.
    Each(Vec<Activation>),
}

/// Where layer norms stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Norms {
    /// After every hidden layer (`true`) or nowhere (`false`).
    Every(bool),
    /// Only after the first hidden layer.
    First(FirstNorm),
}

/// The word for [`Norms::First`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FirstNorm {
    /// What GenerativeRL builds for any number of hidden layers, since its norms share one name: for loading its checkpoints.
    #[serde(rename = "first")]
    First,
}

impl Default for Norms {
    fn default() -> Norms {
        Norms::Every(false)
    }
}

/// Arguments of `MultiLayerPerceptron`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MultiLayerPerceptronConfig {
    /// Width of the input, then of each hidden layer.
    #[schemars(length(min = 1))]
    pub hidden_sizes: Vec<usize>,
    /// Width of the output.
    #[schemars(range(min = 1))]
    pub output_size: usize,
    /// What follows each hidden layer.
    pub activation: Activations,
    /// Share of elements dropped after each hidden activation while training, 0 ≤ dropout < 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub dropout: Option<f64>,
    /// Layer norms after the hidden activations.
    #[serde(default)]
    pub layernorm: Norms,
    /// What follows the last layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_activation: Option<Activation>,
    /// A fixed factor of the output, stored with the parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Standard deviation that the last layer's weight starts with instead of the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub shrink: Option<f64>,
}

impl MultiLayerPerceptronConfig {
    /// Declares `scale`, `model.linear<i>`, `model.activation<i>.beta` of learned activations, and the norms: `model.layernorm`
    /// after the first hidden layer, `model.layernorm<i>` after the `i`-th.
    ///
    /// # Errors
    /// A width of 0, a list of activations of the wrong length, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<MultiLayerPerceptron, NnError> {
        check::widths("hiddenSizes", &self.hidden_sizes)?;
        let outputs = check::width("outputSize", self.output_size)?;
        let activations = self.activations()?;
        let scale = self.scale.map(|value| check::finite("scale", value)).transpose()?;
        let shrink = self.shrink.map(|value| check::not_negative("shrink", value)).transpose()?;
        let dropout = Dropout::new(self.dropout.unwrap_or(0.0)).map_err(|e| NnError { field: "dropout".into(), ..e })?;

        let scale = scale.map(|value| declare.frozen("scale", &[], Init::Constant { value }));
        let mut model = Sequential::new();
        for (i, (pair, activation)) in self.hidden_sizes.windows(2).zip(activations).enumerate() {
            model = model
                .then(Linear::new(declare.at(&format!("model.linear{i}")), pair[0], pair[1]))
                .then(Activate::new(declare.at(&format!("model.activation{i}")), activation))
                .then(dropout.clone());
            if self.layernorm == Norms::Every(true) || (i == 0 && self.layernorm != Norms::Every(false)) {
                let name = if i == 0 { "model.layernorm".to_string() } else { format!("model.layernorm{i}") };
                model = model.then(LayerNorm::new(declare.at(&name), pair[1]));
            }
        }
        let (first, last) = (self.hidden_sizes[0], self.hidden_sizes[self.hidden_sizes.len() - 1]);
        let weight = shrink.map_or(Init::fan_in(last), |std| Init::Normal { mean: 0.0, std });
        let name = format!("model.linear{}", self.hidden_sizes.len() - 1);
        model = model.then(Linear::with_weight(declare.at(&name), last, outputs, weight));
        if let Some(activation) = self.final_activation {
            model = model.then(Activate::new(declare.at("model.final_activation"), activation));
        }
        Ok(MultiLayerPerceptron { model, scale, inputs: first })
    }

    /// One activation per hidden layer.
    fn activations(&self) -> Result<Vec<Activation>, NnError> {
        let hidden = self.hidden_sizes.len() - 1;
        match &self.activation {
            Activations::All(activation) => Ok(vec![*activation; hidden]),
            Activations::Each(list) if list.len() == hidden => Ok(list.clone()),
            Activations::Each(list) => Err(NnError::new(
                "activation",
                format!("one activation for each of {hidden} hidden layers"),
                format!("{} activations", list.len()),
            )),
        }
    }
}

/// scale · (linearₙ ∘ … ∘ norm ∘ dropout ∘ activation ∘ linear₀).
///
/// As a [`Layer`]: `[…, hiddenSizes[0]]` → `[…, outputSize]`. As a [`Backbone`] it reads `[t, x, condition]` joined in the last
/// dimension, so `hiddenSizes[0]` is the sum of their widths (a plain time counts 1).
pub struct MultiLayerPerceptron {
    model: Sequential,
    scale: Option<Param>,
    inputs: usize,
}

impl MultiLayerPerceptron {
    /// Width of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }
}

impl Layer for MultiLayerPerceptron {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        let y = self.model.forward(ctx, x);
        match self.scale {
            Some(scale) => y * ctx.param(scale),
            None => y,
        }
    }
}

impl Backbone for MultiLayerPerceptron {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let parts: Vec<Var<'g>> =
            [t].into_iter().chain(x.values().copied()).chain(condition.into_iter().flat_map(|c| c.values().copied())).collect();
        Leaves::one(Layer::forward(self, ctx, join::join(ctx.builder, &parts)))
    }
}
