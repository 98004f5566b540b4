//! The lowest frequencies of a field, and the field of the lowest frequencies: truncated Fourier transforms as products with fixed matrices.
//! Complex numbers are pairs of reals, since the graph has no complex type.

use std::f64::consts::TAU;
use thalweg_graph::{Literal, Type, Var};

/// A complex field, real and imaginary parts apart.
#[derive(Clone, Copy)]
pub(super) struct Complex<'g> {
    pub re: Var<'g>,
    pub im: Var<'g>,
}

impl<'g> Complex<'g> {
    /// Real parts, then imaginary ones, along an axis.
    pub fn stacked(self, axis: usize) -> Var<'g> {
        Var::concat(&[self.re, self.im], axis)
    }

    /// The inverse of [`Complex::stacked`], of `size` parts each.
    pub fn unstacked(both: Var<'g>, axis: usize, size: usize) -> Complex<'g> {
        Complex { re: both.narrow(axis, 0, size), im: both.narrow(axis, size, size) }
    }
}

/// The matrix of these entries, row by row, in the element type of `like`.
pub(super) fn matrix<'g>(like: Var<'g>, rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Var<'g> {
    let values: Vec<f64> = (0..rows * columns).map(|i| entry(i / columns, i % columns)).collect();
    like.builder().literal(Literal::dense(&values, Type::new(like.dtype(), vec![rows, columns])))
}

/// The angle between neighbouring places at the `f`-th frequency, times the place; reduced first, so that it stays exact.
pub(super) fn angle(f: usize, place: usize, size: usize) -> f64 {
    TAU * (f * place % size) as f64 / size as f64
}

/// Frequencies 0 … modes − 1 of a real field along its last axis: `[…, n] → […, modes]`.
pub(super) fn spectrum_of_real(x: Var<'_>, n: usize, modes: usize) -> Complex<'_> {
    let both = x.matmul(matrix(x, n, 2 * modes, |place, column| match column < modes {
        true => angle(column, place, n).cos(),
        false => -angle(column - modes, place, n).sin(),
    }));
    Complex::unstacked(both, both.rank().saturating_sub(1), modes)
}

/// The real field `[…, n]` of which these are the frequencies 0 … modes − 1, all others being 0.
pub(super) fn real_of_spectrum<'g>(z: Complex<'g>, n: usize, modes: usize) -> Var<'g> {
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
pub(super) fn along_rows<'g>(z: Complex<'g>, n: usize, modes: usize, forward: bool) -> Complex<'g> {
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
