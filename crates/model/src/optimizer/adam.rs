//! Adam (Kingma, Ba, ICLR 2015, algorithm 1), with L2 regularisation as in PyTorch's `Adam`.

use super::{Group, Rule, Step};
use crate::schedule::LearningRate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Scalar, Var};

/// Adam: steps along the mean gradient divided by the root of the mean squared gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Adam {
    /// Learning rate.
    pub lr: LearningRate,
    /// Decay of the two moving averages, each in [0, 1).
    pub betas: (f64, f64),
    /// Added to the root.
    pub eps: f64,
    /// Factor of the parameters that is added to the gradient.
    pub weight_decay: f64,
    /// Largest global norm of the gradient; larger ones are scaled down to it.
    pub clip_norm: Option<f64>,
}

impl Default for Adam {
    fn default() -> Self {
        Adam { lr: LearningRate::default(), betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, clip_norm: None }
    }
}

impl Rule for Adam {
    fn state(&self) -> Vec<&'static str> {
        vec!["mean", "square"]
    }

    fn update<'g>(&self, group: Group<'g>, step: &Step<'g>) -> (Var<'g>, Vec<Var<'g>>) {
        let dtype = group.parameters.dtype();
        let gradient = match self.weight_decay {
            decay if decay > 0.0 && group.decays => group.gradient + group.parameters * step.gate_number(decay, 0.0, dtype),
            _ => group.gradient,
        };
        let (parameters, state) = moments(self.betas, self.eps, group.parameters, gradient, &group.state, step);
        (parameters, state)
    }

    fn rate(&self) -> &LearningRate {
        &self.lr
    }

    fn clip_norm(&self) -> Option<f64> {
        self.clip_norm
    }
}

/// One bias-corrected step: `parameters` moved, and the new moments.
pub(super) fn moments<'g>(
    (beta1, beta2): (f64, f64),
    eps: f64,
    parameters: Var<'g>,
    gradient: Var<'g>,
    state: &[Var<'g>],
    step: &Step<'g>,
) -> (Var<'g>, Vec<Var<'g>>) {
    let dtype = parameters.dtype();
    let keep = |beta: f64| step.gate_number(beta, 1.0, dtype);
    let take = |beta: f64| step.gate_number(1.0 - beta, 0.0, dtype);
    let mean = state[0] * keep(beta1) + gradient * take(beta1);
    let square = state[1] * keep(beta2) + gradient * gradient * take(beta2);
    let corrected = |beta: f64| -(step.number * beta.ln()).exp_m1();
    let rate = step.gate(step.rate / corrected(beta1), 0.0, dtype);
    let root = square.sqrt() * Scalar::recip(corrected(beta2).sqrt()).cast(dtype) + eps;
    // A sum of products: one instruction of a pass, together with a decay of the parameters.
    (mean / root * -rate + parameters, vec![mean, square])
}
