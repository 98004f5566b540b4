//! Inner products of at most eight rows with every row of a matrix, which is read once.
//! Several registers of sums are carried beside each other, enough to hide the latency of an addition.

use crate::isa::arch;
use crate::matrix::Rows;
use crate::vector::Vector;
use pulp::{Simd, WithSimd};

/// `R` registers of sums for each of `M` rows.
struct Products<'a, T, F, const M: usize, const R: usize> {
    few: Rows<'a, T>,
    many: Rows<'a, T>,
    set: F,
}

impl<T: Vector, F: FnMut(usize, usize, T), const M: usize, const R: usize> WithSimd for Products<'_, T, F, M, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Products { few, many, mut set } = self;
        let few: [(&[T::V<S>], &[T]); M] = std::array::from_fn(|i| T::whole::<S>(few.row(i)));
        for j in 0..many.rows() {
            let (row, row_rest) = T::whole::<S>(many.row(j));
            let few = few.map(|(x, rest)| (&x[..row.len()], &rest[..row_rest.len()]));
            let mut sums = [[T::splat(simd, T::ZERO); R]; M];
            let mut at = 0;
            while at + R <= row.len() {
                for i in 0..M {
                    for r in 0..R {
                        sums[i][r] = T::multiply_add(simd, few[i].0[at + r], row[at + r], sums[i][r]);
                    }
                }
                at += R;
            }
            while at < row.len() {
                for i in 0..M {
                    sums[i][0] = T::multiply_add(simd, few[i].0[at], row[at], sums[i][0]);
                }
                at += 1;
            }
            if !row_rest.is_empty() {
                let rest = T::part(simd, row_rest);
                for i in 0..M {
                    sums[i][R - 1] = T::multiply_add(simd, T::part(simd, few[i].1), rest, sums[i][R - 1]);
                }
            }
            for i in 0..M {
                let mut width = R;
                while width > 1 {
                    width /= 2;
                    for r in 0..width {
                        sums[i][r] = T::plus(simd, sums[i][r], sums[i][r + width]);
                    }
                }
                set(i, j, T::total(simd, sums[i][0]));
            }
        }
    }
}

/// `set(i, j, ⟨few[i], many[j]⟩)` for all rows; `few` has at most eight.
pub(super) fn dots<T: Vector>(few: Rows<T>, many: Rows<T>, set: impl FnMut(usize, usize, T)) {
    let arch = arch();
    // Powers of two: the registers of a row are added by halves.
    match few.rows() {
        0 => {}
        1 => arch.dispatch(Products::<T, _, 1, 8> { few, many, set }),
        2 => arch.dispatch(Products::<T, _, 2, 4> { few, many, set }),
        3 => arch.dispatch(Products::<T, _, 3, 4> { few, many, set }),
        4 => arch.dispatch(Products::<T, _, 4, 2> { few, many, set }),
        5 => arch.dispatch(Products::<T, _, 5, 2> { few, many, set }),
        6 => arch.dispatch(Products::<T, _, 6, 2> { few, many, set }),
        7 => arch.dispatch(Products::<T, _, 7, 1> { few, many, set }),
        _ => arch.dispatch(Products::<T, _, 8, 1> { few, many, set }),
    }
}
