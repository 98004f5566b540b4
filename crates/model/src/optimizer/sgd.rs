//! Stochastic gradient descent with (Nesterov) momentum, as in PyTorch's `SGD` (Sutskever et al., ICML 2013, in PyTorch's form).

use super::{Group, Rule, Step};
use crate::schedule::LearningRate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Var;

/// SGD. The momentum buffer starts at 0; its first step is the plain gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sgd {
    /// Learning rate.
    pub lr: LearningRate,
    /// Share of the last direction that is kept, in [0, 1).
    pub momentum: f64,
    /// Whether to look ahead along the momentum.
    pub nesterov: bool,
    /// Factor of the parameters that is added to the gradient.
    pub weight_decay: f64,
    /// Largest global norm of the gradient; larger ones are scaled down to it.
    pub clip_norm: Option<f64>,
}

impl Default for Sgd {
    fn default() -> Self {
        Sgd { lr: LearningRate::default(), momentum: 0.0, nesterov: false, weight_decay: 0.0, clip_norm: None }
    }
}

impl Rule for Sgd {
    fn state(&self) -> Vec<&'static str> {
        if self.momentum > 0.0 { vec!["momentum"] } else { Vec::new() }
    }

    fn update<'g>(&self, group: Group<'g>, step: &Step<'g>) -> (Var<'g>, Vec<Var<'g>>) {
        let dtype = group.parameters.dtype();
        let gradient = match self.weight_decay {
            decay if decay > 0.0 && group.decays => group.gradient + group.parameters * step.gate_number(decay, 0.0, dtype),
            _ => group.gradient,
        };
        let rate = step.gate(step.rate, 0.0, dtype);
        let Some(&last) = group.state.first() else {
            return (group.parameters - gradient * rate, Vec::new());
        };
        let momentum = last * step.gate_number(self.momentum, 1.0, dtype) + gradient;
        let direction = if self.nesterov { gradient + momentum * self.momentum } else { momentum };
        (group.parameters - direction * rate, vec![momentum])
    }

    fn rate(&self) -> &LearningRate {
        &self.lr
    }

    fn clip_norm(&self) -> Option<f64> {
        self.clip_norm
    }
}
