//! Spectral: a complex linear map of the channels at each low frequency (Li et al. 2021, eq. 4).
//! Its weights may depend on the time, row by row.

use super::transform::{Complex, along_rows, real_of_spectrum, spectrum_of_real};
use crate::{Context, Declare, Init, Param};
use thalweg_graph::{Var, count};

/// A complex linear map of the channels at each low frequency, perhaps of weights that depend on the time.
pub(super) struct Spectral {
    pub weights: Vec<Param>,
    pub inputs: usize,
    pub outputs: usize,
    pub variables: usize,
    pub modes: Vec<usize>,
    pub time: Option<usize>,
}

impl Spectral {
    /// Declares `weights1` and, in two dimensions, `weights2` for the negative frequencies of the first, `[inputs, outputs, variables?, …modes,
    /// time?, 2]`, real and imaginary parts last, all starting as U(0, 1/(inputs · outputs)).
    pub fn new(
        declare: &Declare,
        [inputs, outputs]: [usize; 2],
        variables: Option<usize>,
        modes: &[usize],
        time: Option<usize>,
    ) -> Spectral {
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
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, time: Option<Var<'g>>) -> Var<'g> {
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
