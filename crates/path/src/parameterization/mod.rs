//! What a network predicts: score, noise, velocity or data. Any of them determines the others.
//! Linked by x = sD + σε, S = −ε/σ, v = ṡD + σ̇ε.

mod convert;

pub use convert::{conversion_range, convert};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which function of (t, x) the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Parameterization {
    /// The score S = ∇ log p_t(x) = −E[ε | x_t = x]/σ (Song et al. 2021).
    #[serde(rename = "score_function")]
    Score,
    /// The noise E[ε | x_t = x] (Ho et al. 2020).
    #[serde(rename = "noise_function")]
    Noise,
    /// The velocity v = E[ṡx₀ + σ̇ε | x_t = x] of the probability-flow ODE (Lipman et al. 2023).
    #[serde(rename = "velocity_function")]
    Velocity,
    /// The data D = E[x₀ | x_t = x] (Karras et al. 2022).
    #[serde(rename = "data_prediction_function")]
    Data,
}

impl Parameterization {
    /// All four.
    pub const ALL: [Parameterization; 4] =
        [Parameterization::Score, Parameterization::Noise, Parameterization::Velocity, Parameterization::Data];

    /// Its name, as a config's `type` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Parameterization::Score => "score_function",
            Parameterization::Noise => "noise_function",
            Parameterization::Velocity => "velocity_function",
            Parameterization::Data => "data_prediction_function",
        }
    }
}
