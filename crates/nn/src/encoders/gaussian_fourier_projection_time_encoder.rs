//! Random Fourier features of time (Tancik et al. 2020, eq. 5; Song et al. 2021, appendix C).
//! A network can't resolve a bare number; waves of random frequencies give it a basis.

use super::{Encoder, frequencies::waves};
use crate::{Context, Declare, Init, NnError, Param, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use thalweg_graph::{Leaves, Var};

/// Arguments of `GaussianFourierProjectionTimeEncoder`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GaussianFourierProjectionTimeEncoderConfig {
    /// Width of the encoding: half of it sines, half cosines.
    #[schemars(range(min = 2))]
    pub embed_dim: usize,
    /// Standard deviation of the frequencies, in cycles per unit of time.
    #[serde(default = "default_scale")]
    #[schemars(range(min = 0))]
    pub scale: f64,
    /// Whether the frequencies are trained.
    #[serde(default)]
    pub requires_grad: bool,
}

pub(super) fn default_scale() -> f64 {
    30.0
}

impl GaussianFourierProjectionTimeEncoderConfig {
    /// Declares `W` `[embedDim / 2]`, N(0, 1)·scale·2π.
    ///
    /// # Errors
    /// `embedDim` below 2, or a scale that is not positive.
    pub fn build(&self, declare: &mut Declare) -> Result<GaussianFourierProjectionTimeEncoder, NnError> {
        let half = check::at_least(2, "embedDim", self.embed_dim)? / 2;
        let init = Init::Normal { mean: 0.0, std: check::positive("scale", self.scale)? * TAU };
        Ok(GaussianFourierProjectionTimeEncoder { w: declare.external("W", &[half], init, self.requires_grad, false), half })
    }
}

/// t `[B]` → [sin tW, cos tW] `[B, embedDim]`; a single t counts as a batch of one. W holds angular frequencies.
#[derive(Clone, Debug)]
pub struct GaussianFourierProjectionTimeEncoder {
    w: Param,
    half: usize,
}

impl Encoder for GaussianFourierProjectionTimeEncoder {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: &Leaves<Var<'g>>) -> Var<'g> {
        let t = join::single(ctx.builder, "GaussianFourierProjectionTimeEncoder", "the time", t);
        let waves = waves(t, ctx.param(self.w));
        join::join(ctx.builder, &[waves.sin, waves.cos])
    }

    fn output_shape(&self) -> Option<Vec<usize>> {
        Some(vec![2 * self.half])
    }
}
