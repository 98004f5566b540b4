//! Fourier layers: maps of the low frequencies of a field, as products with fixed matrices (Li et al. 2021, "Fourier neural operator").
//! The body of the FNO networks; truncated transforms need no FFT, and matrices differentiate themselves.

use super::shaped::state;
use super::{Backbone, Widths};
use crate::encoders::{GaussianFourierProjectionTimeEncoder, GaussianFourierProjectionTimeEncoderConfig};
use crate::layers::{Layer, Linear};
use crate::{Activation, Context, Declare, Encoder, Init, NnError, Param, check};
use std::f64::consts::TAU;
use thalweg_graph::{GraphError, Leaves, Literal, Type, Var, count};

/// Width of the time's random Fourier features.
const TIME_FEATURES: usize = 32;
/// Width of the time within layers.
const TIME_WIDTH: usize = 256;
/// Most elements of a transform's matrix.
const MAX_MATRIX: usize = 1 << 24;
/// Standard deviation of the frequencies of time, in cycles per unit.
const TIME_SCALE: f64 = 30.0;

/// A complex field, real and imaginary parts apart.
#[derive(Clone, Copy)]
struct Complex<'g> {
    re: Var<'g>,
    im: Var<'g>,
}

impl<'g> Complex<'g> {
    /// Real parts, then imaginary ones, along an axis.
    fn stacked(self, axis: usize) -> Var<'g> {
        Var::concat(&[self.re, self.im], axis)
    }

    /// The inverse of [`Complex::stacked`], of `size` parts each.
    fn unstacked(both: Var<'g>, axis: usize, size: usize) -> Complex<'g> {
        Complex { re: both.narrow(axis, 0, size), im: both.narrow(axis, size, size) }
    }
}

/// The matrix of these entries, row by row, in the element type of `like`.
fn matrix<'g>(like: Var<'g>, rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Var<'g> {
    let values: Vec<f64> = (0..rows * columns).map(|i| entry(i / columns, i % columns)).collect();
    like.builder().literal(Literal::dense(&values, Type::new(like.dtype(), vec![rows, columns])))
}

/// The angle between neighbouring places at the `f`-th frequency, times the place; reduced first, so that it stays exact.
fn angle(f: usize, place: usize, size: usize) -> f64 {
    TAU * (f * place % size) as f64 / size as f64
}

/// Frequencies 0 … modes − 1 of a real field along its last axis: `[…, n] → […, modes]`.
fn spectrum_of_real(x: Var<'_>, n: usize, modes: usize) -> Complex<'_> {
    let both = x.matmul(matrix(x, n, 2 * modes, |place, column| match column < modes {
        true => angle(column, place, n).cos(),
        false => -angle(column - modes, place, n).sin(),
    }));
    Complex::unstacked(both, both.rank().saturating_sub(1), modes)
}

/// The real field `[…, n]` of which these are the frequencies 0 … modes − 1, all others being 0.
fn real_of_spectrum<'g>(z: Complex<'g>, n: usize, modes: usize) -> Var<'g> {
    let both = z.stacked(z.re.rank().saturating_sub(1));
    // Every frequency but the first and, of an even size, the last stands for its mirror image, too.
    let weight = |f: usize| if f == 0 || 2 * f == n { 1.0 } else { 2.0 } / n as f64;
    both.matmul(matrix(z.re, 2 * modes, n, |row, place| match row < modes {
        true => weight(row) * angle(row, place, n).cos(),
        false => -weight(row - modes) * angle(row - modes, place, n).sin(),
    }))
}

/// The lowest frequencies of a complex field along its last but one axis, 0 … modes − 1 and then −modes … −1 (`forward`:
/// `[…, n, k] → […, 2·modes, k]`), or the field of which these are the frequencies.
fn along_rows<'g>(z: Complex<'g>, n: usize, modes: usize, forward: bool) -> Complex<'g> {
    let frequency = |i: usize| if i < modes { i } else { n + i - 2 * modes };
    let (rows, columns) = if forward { (2 * modes, n) } else { (n, 2 * modes) };
    // e^{∓iθ} as a 2 × 2 block of reals.
    let rotation = matrix(z.re, 2 * rows, 2 * columns, |r, c| {
        let (i, j) = (r % rows, c % columns);
        let theta = if forward { -angle(frequency(i), j, n) } else { angle(frequency(j), i, n) };
        let part = match (r < rows, c < columns) {
            (true, true) | (false, false) => theta.cos(),
            (true, false) => -theta.sin(),
            (false, true) => theta.sin(),
        };
        if forward { part } else { part / n as f64 }
    });
    let axis = z.re.rank().saturating_sub(2);
    Complex::unstacked(rotation.matmul(z.stacked(axis)), axis, rows)
}

/// A complex linear map of the channels at each low frequency, perhaps of weights that depend on the time.
struct Spectral {
    weights: Vec<Param>,
    inputs: usize,
    outputs: usize,
    variables: usize,
    modes: Vec<usize>,
    time: Option<usize>,
}

impl Spectral {
    /// Declares `weights1` and, in two dimensions, `weights2` for the negative frequencies of the first, `[inputs, outputs, variables?, …modes,
    /// time?, 2]`, real and imaginary parts last, all starting as U(0, 1/(inputs · outputs)).
    fn new(declare: &Declare, [inputs, outputs]: [usize; 2], variables: Option<usize>, modes: &[usize], time: Option<usize>) -> Spectral {
        let start = Init::Uniform { low: 0.0, high: 1.0 / (inputs * outputs) as f64 };
        let optional = |size: Option<usize>| size.into_iter().collect::<Vec<_>>();
        let shape = [&[inputs, outputs][..], &optional(variables), modes, &optional(time), &[2]].concat();
        Spectral {
            weights: (1..=modes.len()).map(|i| declare.param(&format!("weights{i}"), &shape, start.clone())).collect(),
            inputs,
            outputs,
            variables: variables.unwrap_or(1),
            modes: modes.to_vec(),
            time,
        }
    }

    /// `[inputs, outputs, frequencies, time, 2]`, all variables and dimensions of the frequencies as one.
    fn weights<'g>(&self, ctx: &Context<'_, 'g>) -> Var<'g> {
        let (first, rest) = (self.modes[0], count(&self.modes[1..]));
        let time = self.time.unwrap_or(1);
        let one = |param: &Param| ctx.param(*param).reshape(&[self.inputs, self.outputs, self.variables, first, rest * time * 2]);
        let both = Var::concat(&self.weights.iter().map(one).collect::<Vec<_>>(), 3);
        both.reshape(&[self.inputs, self.outputs, self.variables * self.weights.len() * first * rest, time, 2])
    }

    /// z `[B, inputs, frequencies]` times complex weights `[…, inputs, outputs, frequencies]` → `[B, outputs, frequencies]`; weights have a
    /// leading dimension where they differ between rows.
    fn mapped<'g>(&self, z: Complex<'g>, w: Complex<'g>, batch: usize, modes: usize) -> Complex<'g> {
        let axis = w.re.rank().saturating_sub(3);
        // (a + bi)(c + di) as a product of reals: [a b] · [[c d], [−d c]].
        let top = Var::concat(&[w.re, w.im], axis + 1);
        let bottom = Var::concat(&[-w.im, w.re], axis + 1);
        let block = Var::concat(&[top, bottom], axis);
        let input = z.stacked(1);
        let both = if axis == 0 {
            input.transpose(&[2, 0, 1]).matmul(block.transpose(&[2, 0, 1])).transpose(&[1, 2, 0])
        } else {
            let rows = input.transpose(&[0, 2, 1]).reshape(&[batch, modes, 1, 2 * self.inputs]);
            rows.matmul(block.transpose(&[0, 3, 1, 2])).reshape(&[batch, modes, 2 * self.outputs]).transpose(&[0, 2, 1])
        };
        Complex::unstacked(both, 1, self.outputs)
    }

    /// x `[B, inputs, variables, …sizes]`, time `[B, width]` → `[B, outputs, variables, …sizes]`.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, time: Option<Var<'g>>) -> Var<'g> {
        let (batch, sizes) = (x.shape()[0], x.shape()[3..].to_vec());
        let n = sizes[sizes.len() - 1];
        let last = self.modes[self.modes.len() - 1];
        let z = spectrum_of_real(x, n, last);
        let rows = (sizes.len() == 2).then(|| (sizes[0], self.modes[0]));
        let z = rows.map_or(z, |(n, modes)| along_rows(z, n, modes, true));
        let kept: Vec<usize> = rows.iter().map(|(_, modes)| 2 * modes).chain([last]).collect();
        let modes = self.variables * count(&kept);
        let flat = |v: Var<'g>| v.reshape(&[batch, self.inputs, modes]);
        let z = Complex { re: flat(z.re), im: flat(z.im) };
        let all = self.weights(ctx);
        let part = |i: usize| match (self.time, time) {
            (Some(width), Some(time)) => {
                let rows = all.narrow(4, i, 1).reshape(&[self.inputs * self.outputs * modes, width]);
                let row = |v: Var<'g>| v.reshape(&[batch, self.inputs, self.outputs, modes]);
                row(time.broadcast_to(&[batch, width]).matmul(rows.t()))
            }
            _ => all.narrow(4, i, 1).reshape(&[self.inputs, self.outputs, modes]),
        };
        let mapped = self.mapped(z, Complex { re: part(0), im: part(1) }, batch, modes);
        let shape = [&[batch, self.outputs, self.variables], &kept[..]].concat();
        let z = Complex { re: mapped.re.reshape(&shape), im: mapped.im.reshape(&shape) };
        let z = rows.map_or(z, |(n, modes)| along_rows(z, n, modes, false));
        real_of_spectrum(z, n, last)
    }
}

/// The same linear map of the channels everywhere: a convolution with a kernel of 1.
struct Pointwise {
    weight: Param,
    bias: Param,
    inputs: usize,
    outputs: usize,
}

impl Pointwise {
    /// Declares `weight` `[outputs, inputs, 1 …]` with as many ones as the field has dimensions, and `bias` `[outputs]`.
    fn new(declare: &Declare, inputs: usize, outputs: usize, dimensions: usize) -> Pointwise {
        let shape = [&[outputs, inputs][..], &vec![1; dimensions]].concat();
        Pointwise {
            weight: declare.param("weight", &shape, Init::fan_in(inputs)),
            bias: declare.undecayed("bias", &[outputs], Init::fan_in(inputs)),
            inputs,
            outputs,
        }
    }

    /// `[B, inputs, …] → [B, outputs, …]`.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        let shape = x.shape();
        let rows = x.reshape(&[shape[0], self.inputs, count(&shape[2..])]);
        let weight = ctx.param(self.weight).reshape(&[self.outputs, self.inputs]);
        let mapped = weight.matmul(rows) + ctx.param(self.bias).reshape(&[self.outputs, 1]);
        mapped.reshape(&[&[shape[0], self.outputs], &shape[2..]].concat())
    }
}

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
