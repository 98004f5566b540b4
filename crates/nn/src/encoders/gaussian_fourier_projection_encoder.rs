//! Random Fourier features of every coordinate of a tensor (Tancik et al. 2020, eq. 5).
//! The time encoder's idea for states and conditions.

use super::{Encoder, frequencies::waves, gaussian_fourier_projection_time_encoder::default_scale};
use crate::{Context, Declare, Init, NnError, Param, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use thalweg_graph::{GraphError, Leaves, Var};

/// Arguments of `GaussianFourierProjectionEncoder`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GaussianFourierProjectionEncoderConfig {
    /// Width of the encoding of one coordinate: half of it sines, half cosines.
    #[schemars(range(min = 2))]
    pub embed_dim: usize,
    /// Shape of one sample of the input.
    pub x_shape: Vec<usize>,
    /// Whether all features of a sample form one vector.
    #[serde(default = "yes")]
    pub flatten: bool,
    /// Standard deviation of the frequencies, in cycles per unit of the input.
    #[serde(default = "default_scale")]
    #[schemars(range(min = 0))]
    pub scale: f64,
}

fn yes() -> bool {
    true
}

impl GaussianFourierProjectionEncoderConfig {
    /// Declares `W` `[embedDim / 2]`, N(0, 1)·scale·2π, not trained.
    ///
    /// # Errors
    /// `embedDim` below 2, a size of `xShape` that is 0, more features than fit a layer, or a scale that is not positive.
    pub fn build(&self, declare: &mut Declare) -> Result<GaussianFourierProjectionEncoder, NnError> {
        let half = check::at_least(2, "embedDim", self.embed_dim)? / 2;
        self.x_shape.iter().enumerate().try_for_each(|(i, &n)| check::width(&format!("xShape[{i}]"), n).map(drop))?;
        let features = thalweg_graph::count(&self.x_shape).saturating_mul(2 * half);
        if features > check::MAX_WIDTH {
            let expected = format!("at most {} features (embedDim × all sizes)", check::MAX_WIDTH);
            return Err(NnError::new("xShape", expected, features));
        }
        let init = Init::Normal { mean: 0.0, std: check::positive("scale", self.scale)? * TAU };
        let w = declare.frozen("W", &[half], init);
        Ok(GaussianFourierProjectionEncoder { w, half, x_shape: self.x_shape.clone(), flatten: self.flatten })
    }
}

/// x `[B…, xShape…]` → [sin xW, cos xW] `[B…, count(xShape)·embedDim]`, or `[B…, xShape…, embedDim]` without `flatten`.
#[derive(Clone, Debug)]
pub struct GaussianFourierProjectionEncoder {
    w: Param,
    half: usize,
    x_shape: Vec<usize>,
    flatten: bool,
}

impl Encoder for GaussianFourierProjectionEncoder {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g> {
        let x = join::single(ctx.builder, "GaussianFourierProjectionEncoder", "the input", x);
        if x.is_poison() {
            return x;
        }
        let shape = x.shape();
        let Some(leading) = shape.strip_suffix(&self.x_shape[..]) else {
            let expected = format!("a batch of {:?} (xShape)", self.x_shape);
            let error = GraphError::shape("GaussianFourierProjectionEncoder", "wrong shape of the input", expected, x.ty().to_string());
            return ctx.builder.fail(error);
        };
        let waves = waves(x, ctx.param(self.w));
        let features = join::join(ctx.builder, &[waves.sin, waves.cos]);
        features.reshape(&[leading, &self.features()].concat())
    }

    fn output_shape(&self) -> Option<Vec<usize>> {
        Some(self.features())
    }
}

impl GaussianFourierProjectionEncoder {
    /// Shape of the features of one sample.
    fn features(&self) -> Vec<usize> {
        let embed = 2 * self.half;
        let flat = thalweg_graph::count(&self.x_shape) * embed;
        if self.flatten { vec![flat] } else { [&self.x_shape[..], &[embed]].concat() }
    }
}
