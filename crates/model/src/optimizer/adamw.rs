//! AdamW: Adam with decoupled weight decay (Loshchilov, Hutter, ICLR 2019, algorithm 2), as in PyTorch's `AdamW`.

use super::adam::moments;
use super::{Group, Rule, Step};
use crate::schedule::LearningRate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Var;

/// AdamW. Weight decay leaves out biases, norms and Fourier features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AdamW {
    /// Learning rate.
    pub lr: LearningRate,
    /// Decay of the two moving averages, each in [0, 1).
    pub betas: (f64, f64),
    /// Added to the root.
    pub eps: f64,
    /// Share of each parameter that a step of learning rate 1 removes.
    pub weight_decay: f64,
    /// Largest global norm of the gradient; larger ones are scaled down to it.
    pub clip_norm: Option<f64>,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW { lr: LearningRate::default(), betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.01, clip_norm: None }
    }
}

impl Rule for AdamW {
    fn state(&self) -> Vec<&'static str> {
        vec!["mean", "square"]
    }

    fn update<'g>(&self, group: Group<'g>, step: &Step<'g>) -> (Var<'g>, Vec<Var<'g>>) {
        let dtype = group.parameters.dtype();
        let shrunk = match self.weight_decay {
            decay if decay > 0.0 && group.decays => group.parameters * step.gate(-(step.rate * decay) + 1.0, 1.0, dtype),
            _ => group.parameters,
        };
        moments(self.betas, self.eps, shrunk, group.gradient, &group.state, step)
    }

    fn rate(&self) -> &LearningRate {
        &self.lr
    }

    fn clip_norm(&self) -> Option<f64> {
        self.clip_norm
    }
}
