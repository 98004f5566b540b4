//! Sinusoids at geometric frequencies from 1 to 1/10000 (Vaswani et al. 2017, section 3.5).
//! The position embedding of DDPM's code: both ends of the range of frequencies are hit.

use super::{Encoder, frequencies::geometric, frequencies::waves};
use crate::{Context, Declare, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Arguments of `SinusoidalPosEmb`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SinusoidalPosEmbConfig {
    /// Width of the encoding (an odd number counts as the even one below it).
    #[schemars(range(min = 4))]
    pub dim: usize,
}

impl SinusoidalPosEmbConfig {
    /// Declares nothing.
    ///
    /// # Errors
    /// `dim` below 4: the frequencies need two ends.
    pub fn build(&self, _declare: &mut Declare) -> Result<SinusoidalPosEmb, NnError> {
        Ok(SinusoidalPosEmb { half: check::at_least(4, "dim", self.dim)? / 2 })
    }
}

/// t `[B]` → [sin tω, cos tω] `[B, 2·half]` with half = ⌊dim/2⌋, ωᵢ = 10000^{−i/(half−1)} radians; a single t counts as a batch of one.
#[derive(Clone, Debug)]
pub struct SinusoidalPosEmb {
    half: usize,
}

impl Encoder for SinusoidalPosEmb {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: &Leaves<Var<'g>>) -> Var<'g> {
        let t = join::single(ctx.builder, "SinusoidalPosEmb", "the time", t);
        let waves = waves(t, geometric(t, self.half, self.half - 1));
        join::join(ctx.builder, &[waves.sin, waves.cos])
    }

    fn output_shape(&self) -> Option<Vec<usize>> {
        Some(vec![2 * self.half])
    }
}
