//! Sums over the elements of a convolution's kernel, its *taps*, without a matrix of patches: every tap sees the image at a distance of
//! its own, and a register of neighbouring positions is read from there.
//!
//! Tiles of [`ROWS`] rows by two registers, as in a general product of matrices; only how one operand lies differs. (Dukhan, "The indirect
//! convolution algorithm", 2019, keeps pointers in the place of patches; here the distances are the same for all positions.)

use crate::isa::arch;
use crate::vector::Vector;
use pulp::{Simd, WithSimd};

/// Rows of a tile: with two registers each, twelve of sixteen registers hold sums.
pub const ROWS: usize = 6;

/// Registers of a row of a tile.
const WIDE: usize = 2;

/// Numbers in the registers of a row of a tile.
#[inline(always)]
fn width<T: Vector, S: Simd>() -> usize {
    WIDE * size_of::<T::V<S>>() / size_of::<T>()
}

struct Columns<T>(std::marker::PhantomData<T>);

impl<T: Vector> WithSimd for Columns<T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        width::<T, S>()
    }
}

/// Columns of a tile: two registers of this machine.
pub(crate) fn columns<T: Vector>() -> usize {
    arch().dispatch(Columns::<T>(std::marker::PhantomData))
}

/// Sums of a tile.
type Sums<T, S> = [[<T as Vector>::V<S>; WIDE]; ROWS];

/// Writes, or adds, a tile of sums into rows that begin `stride` apart.
#[inline(always)]
fn put<T: Vector, S: Simd>(simd: S, sums: Sums<T, S>, out: &mut [T], stride: usize, accumulate: bool) {
    let width = width::<T, S>();
    for i in 0..ROWS {
        let (out, _) = T::whole_mut::<S>(&mut out[i * stride..i * stride + width]);
        for r in 0..WIDE {
            out[r] = if accumulate { T::plus(simd, out[r], sums[i][r]) } else { sums[i][r] };
        }
    }
}

struct Correlate<'a, T> {
    weights: &'a [[T; ROWS]],
    taps: &'a [usize],
    x: &'a [T],
    out: &'a mut [T],
    stride: usize,
    accumulate: bool,
}

impl<T: Vector> WithSimd for Correlate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = width::<T, S>();
        let mut sums: Sums<T, S> = [[T::splat(simd, T::ZERO); WIDE]; ROWS];
        for (weights, tap) in self.weights.iter().zip(self.taps) {
            let (seen, _) = T::whole::<S>(&self.x[*tap..*tap + width]);
            let seen = [seen[0], seen[1]];
            for i in 0..ROWS {
                let weight = T::splat(simd, weights[i]);
                for r in 0..WIDE {
                    sums[i][r] = T::multiply_add(simd, weight, seen[r], sums[i][r]);
                }
            }
        }
        put::<T, S>(simd, sums, self.out, self.stride, self.accumulate);
    }
}

/// `out[i · stride + t] (+)= Σₚ weights[p][i] x[taps[p] + t]` for a tile.
pub(crate) fn correlate<T: Vector>(weights: &[[T; ROWS]], taps: &[usize], x: &[T], out: &mut [T], stride: usize, accumulate: bool) {
    assert_eq!(weights.len(), taps.len(), "a row of weights for each tap");
    arch().dispatch(Correlate { weights, taps, x, out, stride, accumulate });
}

struct Correlated<'a, T> {
    x: &'a [T],
    rows: [usize; ROWS],
    pitch: usize,
    values: &'a [T],
    length: usize,
    out: &'a mut [T],
}

impl<T: Vector> WithSimd for Correlated<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = width::<T, S>();
        let mut sums: Sums<T, S> = [[T::splat(simd, T::ZERO); WIDE]; ROWS];
        for (line, values) in self.values.chunks_exact(self.length * width).enumerate() {
            let (values, _) = T::whole::<S>(values);
            let values = values.as_chunks::<WIDE>().0;
            let n = values.len();
            // One by one: in an array, their lengths would be asked for at every step.
            let (x, [a, b, c, d, e, f]) = (&self.x[line * self.pitch..], self.rows);
            let (a, b, c) = (&x[a..a + n], &x[b..b + n], &x[c..c + n]);
            let (d, e, f) = (&x[d..d + n], &x[e..e + n], &x[f..f + n]);
            for t in 0..n {
                let seen = [a[t], b[t], c[t], d[t], e[t], f[t]];
                for i in 0..ROWS {
                    let seen = T::splat(simd, seen[i]);
                    for r in 0..WIDE {
                        sums[i][r] = T::multiply_add(simd, seen, values[t][r], sums[i][r]);
                    }
                }
            }
        }
        put::<T, S>(simd, sums, self.out, width, true);
    }
}

/// `out[i][j] += Σ x[rows[i] + line · pitch + t] values[line][t][j]` over all lines and t < `length`, for a tile.
pub(crate) fn correlated<T: Vector>(x: &[T], rows: [usize; ROWS], pitch: usize, values: &[T], length: usize, out: &mut [T]) {
    if length > 0 {
        arch().dispatch(Correlated { x, rows, pitch, values, length, out });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 1009.0 - 0.5).collect()
    }

    #[test]
    fn tiles_are_their_sums() {
        let (width, taps) = (columns::<f64>(), [0usize, 3, 4, 11, 30]);
        let (x, weights) = (numbers(200, 1), numbers(ROWS * taps.len(), 2));
        let weights: Vec<[f64; ROWS]> = weights.as_chunks::<ROWS>().0.to_vec();
        let mut out = vec![1.0; ROWS * width];
        for (accumulate, before) in [(true, 1.0), (false, 0.0)] {
            correlate(&weights, &taps, &x, &mut out, width, accumulate);
            for (k, got) in out.iter().enumerate() {
                let wanted: f64 = taps.iter().zip(&weights).map(|(tap, w)| w[k / width] * x[tap + k % width]).sum();
                assert!((got - wanted - before).abs() < 1e-14, "element {k} is {got}");
            }
        }
    }

    #[test]
    fn tiles_of_a_gradient_are_their_sums() {
        let (width, rows, pitch, length, lines) = (columns::<f64>(), [0usize, 1, 2, 40, 41, 50], 9, 7, 3);
        let (x, values) = (numbers(200, 1), numbers(lines * length * width, 2));
        let mut out = vec![2.0; ROWS * width];
        correlated(&x, rows, pitch, &values, length, &mut out);
        for (k, got) in out.iter().enumerate() {
            let term = |p: usize| x[rows[k / width] + p / length * pitch + p % length] * values[p * width + k % width];
            let wanted = 2.0 + (0..lines * length).map(term).sum::<f64>();
            assert!((got - wanted).abs() < 1e-14, "element {k} is {got}");
        }
    }
}
