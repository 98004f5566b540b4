//! What a step asks of the model, and when.
//! A step rule names one quantity; converting a network's output to it is the business of whoever evaluates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The function of (t, x) that a step evaluates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Quantity {
    /// v: the drift of the probability-flow ODE in path time.
    Velocity,
    /// v + w·S: the drift of an SDE in path time; the weight w of the score is the [`Query`]'s.
    Drift,
    /// ε: the noise that x is made of.
    Noise,
    /// D: the datum that x is made of.
    Data,
}

/// One question: the quantity at path time `t`, in a point that comes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query<C = f64> {
    /// What is asked for.
    pub quantity: Quantity,
    /// Path time.
    pub t: C,
    /// w of [`Quantity::Drift`]: ½h² where time rises, −½h² where it falls; 0 for the other quantities.
    pub score: C,
}
