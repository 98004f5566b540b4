//! Fourier layers: maps of the low frequencies of a field, as products with fixed matrices (Li et al. 2021, "Fourier neural operator").
//! The body of the FNO networks; truncated transforms need no FFT, and matrices differentiate themselves.

mod pointwise;
mod spectral;
mod transform;

use super::shaped::state;
use super::{Backbone, Widths};
use crate::encoders::{GaussianFourierProjectionTimeEncoder, GaussianFourierProjectionTimeEncoderConfig};
use crate::layers::{Layer, Linear};
use crate::{Activation, Context, Declare, Encoder, NnError, check};
use pointwise::Pointwise;
use spectral::Spectral;
use thalweg_graph::{GraphError, Leaves, Var};

/// Width of the time's random Fourier features.
const TIME_FEATURES: usize = 32;
/// Width of the time within layers.
const TIME_WIDTH: usize = 256;
/// Most elements of a transform's matrix.
const MAX_MATRIX: usize = 1 << 24;
/// Standard deviation of the frequencies of time, in cycles per unit.
const TIME_SCALE: f64 = 30.0;

/// Three dense layers, each followed by a relu.
struct TimeNet([Linear; 3]);

impl TimeNet {
    /// Declares `time_mlp.0`, `.2` and `.4`.
    fn new(declare: &Declare) -> TimeNet {
        let inputs = [TIME_FEATURES, TIME_WIDTH, TIME_WIDTH];
        TimeNet(std::array::from_fn(|i| Linear::new(declare.at(&format!("time_mlp.{}", 2 * i)), inputs[i], TIME_WIDTH)))
    }

    fn forward<'g>(&self, ctx: &Context<'_, 'g>, time: Var<'g>) -> Var<'g> {
        self.0.iter().fold(time, |h, layer| Activation::Relu.apply(layer.forward(ctx, h)))
    }
}

/// gelu(spectral(x) + pointwise(x)).
struct FourierLayer {
    spectral: Spectral,
    time: Option<TimeNet>,
    pointwise: Pointwise,
}

/// Where the networks of the time stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// Nowhere: the net is the same at all times.
    Absent,
    /// One in each layer, with a residual around all layers.
    PerLayer,
    /// One for all layers.
    Shared,
}

/// What a Fourier neural operator is built from.
pub(super) struct FourierOptions<'a> {
    pub network: &'static str,
    /// Kept frequencies of each dimension, with the names of their fields.
    pub modes: &'a [(&'static str, usize)],
    /// Fields beside each other, `[…, variables, …sizes]`, where there is such a dimension.
    pub variables: Option<usize>,
    /// Channels in and out, with the names of their fields.
    pub channels: [(&'static str, usize); 2],
    pub layers: usize,
    pub time: Time,
}

/// t `[B]`, x `[B, channels, variables?, …sizes]` → the same with the output's channels.
pub struct FourierOperator {
    network: &'static str,
    modes: Vec<usize>,
    variables: Option<usize>,
    inputs: usize,
    encoder: Option<GaussianFourierProjectionTimeEncoder>,
    time: Option<TimeNet>,
    layers: Vec<FourierLayer>,
    residual: Option<Pointwise>,
}

impl FourierOperator {
    /// Declares `time_encoder` and `time_mlp` (as the time asks), then the layers below `layers` or, with a residual, `layers1` and `layer1_w`.
    ///
    /// # Errors
    /// A width or number of frequencies of 0.
    pub(super) fn new(declare: &Declare, options: &FourierOptions) -> Result<FourierOperator, NnError> {
        let sizes = options.modes.iter().map(|(field, modes)| check::width(field, *modes));
        let modes: Vec<usize> = sizes.collect::<Result<_, _>>()?;
        let variables = options.variables.map(|n| check::width("numVars", n)).transpose()?;
        let [(field_in, inputs), (field_out, outputs)] = options.channels;
        let (inputs, outputs) = (check::width(field_in, inputs)?, check::width(field_out, outputs)?);
        let count = check::depth("numLayers", 1, options.layers)?;
        let dimensions = modes.len() + usize::from(variables.is_some());
        let (has_time, per_layer) = (options.time != Time::Absent, options.time == Time::PerLayer);
        let encoder = GaussianFourierProjectionTimeEncoderConfig { embed_dim: TIME_FEATURES, scale: TIME_SCALE, requires_grad: false };
        let encoder = has_time.then(|| encoder.build(&mut declare.at("time_encoder"))).transpose()?;
        let time = (options.time == Time::Shared).then(|| TimeNet::new(declare));
        let layer = |list: &str, i: usize| {
            let here = declare.at(&format!("{list}.{i}"));
            let widths = [if i == 0 { inputs } else { outputs }, outputs];
            FourierLayer {
                spectral: Spectral::new(&here.at("conv"), widths, variables, &modes, has_time.then_some(TIME_WIDTH)),
                time: per_layer.then(|| TimeNet::new(&here.at("conv"))),
                pointwise: Pointwise::new(&here.at("w"), widths[0], widths[1], dimensions),
            }
        };
        let list = if per_layer { "layers1" } else { "layers" };
        let layers = (0..count).map(|i| layer(list, i)).collect();
        let residual = per_layer.then(|| Pointwise::new(&declare.at("layer1_w"), inputs, outputs, dimensions));
        if per_layer {
            // GenerativeRL's net carries a second half that it never applies; checkpoints have it.
            (0..count).for_each(|i| drop(layer("layers2", i)));
            Pointwise::new(&declare.at("layer2_w"), inputs, outputs, dimensions);
        }
        Ok(FourierOperator { network: options.network, modes, variables, inputs, encoder, time, layers, residual })
    }

    /// The state as `[B, channels, variables, …sizes]`, if its sizes have the kept frequencies.
    fn field<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g> {
        let variables: Vec<usize> = self.variables.into_iter().collect();
        let x = state(ctx, self.network, x, &[&[self.inputs][..], &variables, &vec![0; self.modes.len()]].concat());
        if x.is_poison() {
            return x;
        }
        let shape = x.shape();
        let sizes = &shape[shape.len() - self.modes.len()..];
        // Half of the frequencies of the last dimension are mirror images; of the others, as many negative ones are kept.
        let most: Vec<usize> = sizes.iter().enumerate().map(|(i, n)| if i + 1 == sizes.len() { n / 2 + 1 } else { n / 2 }).collect();
        if self.modes.iter().zip(&most).any(|(modes, most)| modes > most) {
            let expected = format!("at most {most:?} frequencies for sizes {sizes:?}");
            return ctx.builder.fail(GraphError::shape(self.network, "the state is too small", expected, format!("{:?}", self.modes)));
        }
        let largest = self.modes.iter().zip(sizes).map(|(modes, n)| 2 * modes * n).max().unwrap_or(0);
        if largest > MAX_MATRIX {
            let expected = format!("a size times twice its frequencies of at most {MAX_MATRIX}");
            return ctx.builder.fail(GraphError::shape(self.network, "the state is too large", expected, largest.to_string()));
        }
        x.reshape(&[&shape[..2], &[self.variables.unwrap_or(1)], sizes].concat())
    }
}

impl Backbone for FourierOperator {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let fail = |error| Leaves::one(ctx.builder.fail(error));
        if condition.is_some() {
            return fail(GraphError::shape(self.network, "it has no condition", "no condition", "a condition"));
        }
        let field = self.field(ctx, x);
        let encoded = self.encoder.as_ref().map(|encoder| encoder.forward(ctx, &Leaves::one(t)));
        let time = encoded.map(|time| self.time.as_ref().map_or(time, |net| net.forward(ctx, time)));
        if let Some(poison) = [Some(field), time].into_iter().flatten().find(|v| v.is_poison()) {
            return Leaves::one(poison);
        }
        let mut h = field;
        for FourierLayer { spectral, time: net, pointwise } in &self.layers {
            let time = time.map(|time| net.as_ref().map_or(time, |net| net.forward(ctx, time)));
            h = Activation::Gelu.apply(spectral.forward(ctx, h, time) + pointwise.forward(ctx, h));
            if h.is_poison() {
                return Leaves::one(h);
            }
        }
        let out = self.residual.as_ref().map_or(h, |residual| h + residual.forward(ctx, field));
        let mut shape = out.shape();
        if self.variables.is_none() && !out.is_poison() {
            shape.remove(2);
        }
        Leaves::one(out.reshape(&shape))
    }

    fn widths(&self) -> Widths {
        Widths { t: self.encoder.is_some().then_some(1), x: None, condition: Some(0) }
    }

    fn keeps_shape(&self) -> bool {
        true
    }
}
