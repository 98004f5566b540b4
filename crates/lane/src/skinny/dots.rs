//! Inner products of a few rows with every row of a matrix, which is read once.
//! Several registers of sums are carried beside each other, enough to hide the latency of an addition.

use crate::isa::arch;
use crate::matrix::Rows;
use crate::vector::{Split, Vector};
use pulp::{Simd, WithSimd};

/// Rows of the matrix that stay in the first-level cache while more than four rows meet them in two passes.
const BLOCK: usize = 8;

/// `M` rows with `J` rows of the matrix at a time, `R` registers of sums for each pair.
struct Products<'a, T, F, const M: usize, const J: usize, const R: usize> {
    few: Rows<'a, T>,
    many: Rows<'a, T>,
    set: F,
}

impl<T: Vector, F: FnMut(usize, usize, T), const M: usize, const J: usize, const R: usize> WithSimd for Products<'_, T, F, M, J, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Products { few, many, mut set } = self;
        let mut j = 0;
        while j + J <= many.rows() {
            let sums = products::<T, S, M, J, R>(simd, few, many, j);
            for i in 0..M {
                for next in 0..J {
                    set(i, j + next, sums[i][next]);
                }
            }
            j += J;
        }
        while j < many.rows() {
            let sums = products::<T, S, M, 1, R>(simd, few, many, j);
            for i in 0..M {
                set(i, j, sums[i][0]);
            }
            j += 1;
        }
    }
}

/// Of each of the few rows with rows `j` to `j + J`.
#[inline(always)]
fn products<T: Vector, S: Simd, const M: usize, const J: usize, const R: usize>(
    simd: S,
    few: Rows<T>,
    many: Rows<T>,
    j: usize,
) -> [[T; J]; M] {
    let y: [Split<'_, T, S>; J] = std::array::from_fn(|next| T::whole::<S>(many.row(j + next)));
    let (length, rest) = (y[0].0.len(), y[0].1.len());
    let y = y.map(|(y, y_rest)| (&y[..length], &y_rest[..rest]));
    let x: [Split<'_, T, S>; M] = std::array::from_fn(|i| {
        let (x, x_rest) = T::whole::<S>(few.row(i));
        (&x[..length], &x_rest[..rest])
    });
    let mut sums = [[[T::splat(simd, T::ZERO); R]; J]; M];
    let mut at = 0;
    while at + R <= length {
        for r in 0..R {
            for i in 0..M {
                for next in 0..J {
                    sums[i][next][r] = T::multiply_add(simd, x[i].0[at + r], y[next].0[at + r], sums[i][next][r]);
                }
            }
        }
        at += R;
    }
    while at < length {
        for i in 0..M {
            for next in 0..J {
                sums[i][next][0] = T::multiply_add(simd, x[i].0[at], y[next].0[at], sums[i][next][0]);
            }
        }
        at += 1;
    }
    if rest > 0 {
        for i in 0..M {
            for next in 0..J {
                let (x, y) = (T::part(simd, x[i].1), T::part(simd, y[next].1));
                sums[i][next][R - 1] = T::multiply_add(simd, x, y, sums[i][next][R - 1]);
            }
        }
    }
    let mut totals = [[T::ZERO; J]; M];
    for i in 0..M {
        for next in 0..J {
            // R is a power of two.
            let mut width = R;
            while width > 1 {
                width /= 2;
                for r in 0..width {
                    sums[i][next][r] = T::plus(simd, sums[i][next][r], sums[i][next][r + width]);
                }
            }
            totals[i][next] = T::total(simd, sums[i][next][0]);
        }
    }
    totals
}

/// `set(i, j, ⟨few[i], many[j]⟩)` for all rows; `few` has at most eight.
pub(super) fn dots<T: Vector>(few: Rows<T>, many: Rows<T>, mut set: impl FnMut(usize, usize, T)) {
    if few.rows() <= 4 {
        return at_most_four(few, many, set);
    }
    for from in (0..many.rows()).step_by(BLOCK) {
        let block = many.part(from, BLOCK.min(many.rows() - from));
        at_most_four(few.part(0, 4), block, |i, j, value| set(i, from + j, value));
        at_most_four(few.part(4, few.rows() - 4), block, |i, j, value| set(4 + i, from + j, value));
    }
}

fn at_most_four<T: Vector>(few: Rows<T>, many: Rows<T>, set: impl FnMut(usize, usize, T)) {
    let arch = arch();
    match few.rows() {
        0 => {}
        1 => arch.dispatch(Products::<T, _, 1, 2, 4> { few, many, set }),
        2 => arch.dispatch(Products::<T, _, 2, 2, 2> { few, many, set }),
        3 => arch.dispatch(Products::<T, _, 3, 2, 2> { few, many, set }),
        _ => arch.dispatch(Products::<T, _, 4, 2, 1> { few, many, set }),
    }
}
