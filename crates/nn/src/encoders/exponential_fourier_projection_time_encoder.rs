//! The timestep embedder of DiT and GLIDE: sinusoids at geometric frequencies, then Linear–SiLU–Linear (Peebles, Xie 2023, section 3.2).
//! Made for times of 0 … 1000; `timeFactor` brings times of 0 … 1 there.

use super::{Encoder, timestep_features};
use crate::layers::{Layer, Linear, Sequential};
use crate::{Activate, Activation, Context, Declare, Init, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Arguments of `ExponentialFourierProjectionTimeEncoder`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExponentialFourierProjectionTimeEncoderConfig {
    /// Width of the encoding.
    #[schemars(range(min = 1))]
    pub hidden_size: usize,
    /// Number of sinusoids; an odd number is filled up by a zero.
    #[serde(default = "default_frequencies")]
    #[schemars(range(min = 2))]
    pub frequency_embedding_size: usize,
    /// What times are multiplied by first; 1000 is DiT's scale.
    #[serde(default = "default_factor")]
    pub time_factor: f64,
}

fn default_frequencies() -> usize {
    256
}

fn default_factor() -> f64 {
    1.0
}

impl ExponentialFourierProjectionTimeEncoderConfig {
    /// Declares `mlp.0` and `mlp.2`.
    ///
    /// # Errors
    /// A width of 0, fewer than 2 sinusoids, or a factor that is not positive.
    pub fn build(&self, declare: &mut Declare) -> Result<ExponentialFourierProjectionTimeEncoder, NnError> {
        let width = check::width("hiddenSize", self.hidden_size)?;
        let frequencies = check::at_least(2, "frequencyEmbeddingSize", self.frequency_embedding_size)?;
        let factor = check::positive("timeFactor", self.time_factor)?;
        Ok(ExponentialFourierProjectionTimeEncoder::new(declare, width, frequencies, factor, None))
    }
}

/// t `[B]` → mlp([cos tω, sin tω]) `[B, hiddenSize]` with ωᵢ = 10000^{−i/half} radians; a single t counts as a batch of one.
pub struct ExponentialFourierProjectionTimeEncoder {
    mlp: Sequential,
    frequencies: usize,
    factor: f64,
    width: usize,
}

impl ExponentialFourierProjectionTimeEncoder {
    /// Declares `mlp.0` and `mlp.2`. Weights start as `weight` and biases as zeros, or all as PyTorch's layers do.
    pub(crate) fn new(declare: &Declare, width: usize, frequencies: usize, factor: f64, weight: Option<Init>) -> Self {
        let linear = |name: &str, inputs: usize| match &weight {
            Some(start) => Linear::starting(declare.at(name), inputs, width, start.clone(), Some(Init::Zeros)),
            None => Linear::new(declare.at(name), inputs, width),
        };
        let mlp = Sequential::new()
            .then(linear("mlp.0", frequencies))
            .then(Activate::new(declare.at("mlp.1"), Activation::Silu))
            .then(linear("mlp.2", width));
        ExponentialFourierProjectionTimeEncoder { mlp, frequencies, factor, width }
    }
}

impl Encoder for ExponentialFourierProjectionTimeEncoder {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: &Leaves<Var<'g>>) -> Var<'g> {
        let t = join::single(ctx.builder, "ExponentialFourierProjectionTimeEncoder", "the time", t);
        if t.is_poison() {
            return t;
        }
        self.mlp.forward(ctx, timestep_features(t * self.factor, self.frequencies))
    }

    fn output_shape(&self) -> Option<Vec<usize>> {
        Some(vec![self.width])
    }
}
