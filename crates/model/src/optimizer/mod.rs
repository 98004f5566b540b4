//! Optimisers: how a gradient changes parameters. One file and one registry line each.
//! An update is written on graph values, so that it is part of the training step's program.

mod adam;
mod adamw;
mod sgd;

use crate::schedule::LearningRate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{DType, Var};

pub use adam::Adam;
pub use adamw::AdamW;
pub use sgd::Sgd;

/// One group of parameters as an update sees it. `gate` turns every coefficient into that of doing nothing when the step is
/// refused (its loss or gradient is not finite), so that buffers can be overwritten in place and still not change by a bit.
pub struct Group<'g> {
    /// Parameters, flat.
    pub parameters: Var<'g>,
    /// Their gradient; zero when the step is refused.
    pub gradient: Var<'g>,
    /// State buffers, in the order of [`Rule::state`].
    pub state: Vec<Var<'g>>,
    /// Whether weight decay applies.
    pub decays: bool,
}

/// Scalars of the step, in f64.
pub struct Step<'g> {
    /// Number of this step, from 1.
    pub number: Var<'g>,
    /// Learning rate.
    pub rate: Var<'g>,
    /// Whether the step is applied (bool).
    pub applied: Var<'g>,
}

impl<'g> Step<'g> {
    /// `value` if the step is applied, else `idle`; as `dtype`.
    pub fn gate(&self, value: Var<'g>, idle: f64, dtype: DType) -> Var<'g> {
        self.applied.select(value, value.constant(idle)).cast(dtype)
    }

    /// As [`Step::gate`], of a number.
    pub fn gate_number(&self, value: f64, idle: f64, dtype: DType) -> Var<'g> {
        self.gate(self.rate.constant(value), idle, dtype)
    }
}

/// What an optimiser consists of.
pub trait Rule {
    /// Names of the state buffers, each of the parameters' shape.
    fn state(&self) -> Vec<&'static str>;
    /// New parameters and state.
    fn update<'g>(&self, group: Group<'g>, step: &Step<'g>) -> (Var<'g>, Vec<Var<'g>>);
    /// The learning rate.
    fn rate(&self) -> &LearningRate;
    /// Largest global gradient norm, if gradients are clipped.
    fn clip_norm(&self) -> Option<f64>;
}

macro_rules! registry {
    ($($(#[$meta:meta])* $tag:literal => $name:ident),* $(,)?) => {
        /// An optimiser and its settings.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        pub enum Optimizer { $($(#[$meta])* #[serde(rename = $tag)] $name($name)),* }

        impl Optimizer {
            /// Its rule.
            pub fn rule(&self) -> &dyn Rule {
                match self { $(Optimizer::$name(rule) => rule),* }
            }
        }
    };
}

registry! {
    /// Adam with weight decay beside it, which leaves out biases, norms and Fourier features (Loshchilov & Hutter 2019, algorithm 2).
    "adamw" => AdamW,
    /// Steps along the mean gradient divided by the root of the mean squared gradient (Kingma & Ba 2015, algorithm 1).
    "adam" => Adam,
    /// Gradient descent, with momentum if wanted (Sutskever et al. 2013, in PyTorch's form).
    "sgd" => Sgd,
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::AdamW(AdamW::default())
    }
}

impl Optimizer {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn validate(&self) -> crate::Result<()> {
        use crate::ModelError;
        let (lr, betas, clip) = match self {
            Optimizer::AdamW(o) => (&o.lr, Some(o.betas), o.clip_norm),
            Optimizer::Adam(o) => (&o.lr, Some(o.betas), o.clip_norm),
            Optimizer::Sgd(o) => (&o.lr, None, o.clip_norm),
        };
        let not_negative = match self {
            Optimizer::AdamW(o) => [("eps", o.eps), ("weightDecay", o.weight_decay)],
            Optimizer::Adam(o) => [("eps", o.eps), ("weightDecay", o.weight_decay)],
            Optimizer::Sgd(o) => [("momentum", o.momentum), ("weightDecay", o.weight_decay)],
        };
        if let Some((name, value)) = not_negative.into_iter().find(|(_, v)| !(v.is_finite() && *v >= 0.0)) {
            return Err(ModelError::config(format!("optimizer.{name}"), "a finite number ≥ 0", value));
        }
        if let LearningRate::Schedule(schedule) = lr
            && let Some((name, value)) = schedule.rates().into_iter().find(|(_, v)| !(v.is_finite() && *v >= 0.0))
        {
            return Err(ModelError::config(format!("optimizer.lr.{name}"), "a finite number ≥ 0", value));
        }
        if let LearningRate::Number(rate) = lr
            && !(rate.is_finite() && *rate >= 0.0)
        {
            return Err(ModelError::config("optimizer.lr", "a finite number ≥ 0", rate));
        }
        if let Some((a, b)) = betas
            && !((0.0..1.0).contains(&a) && (0.0..1.0).contains(&b))
        {
            return Err(ModelError::config("optimizer.betas", "two numbers in [0, 1)", format!("[{a}, {b}]")));
        }
        if let Some(clip) = clip
            && (clip.is_nan() || clip <= 0.0)
        {
            return Err(ModelError::config("optimizer.clipNorm", "a number > 0", clip));
        }
        Ok(())
    }
}
