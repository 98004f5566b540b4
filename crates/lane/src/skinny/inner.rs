//! out (+)= x w with at most eight inner steps: the numbers of a few rows of x stay in registers while w and the output pass by.
//! Bound by the writing of the output.

use crate::isa::arch;
use crate::matrix::{Rows, RowsMut};
use crate::vector::{Split, Vector};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Inner steps of one pass: more would not leave room for two rows of x in registers.
const HALF: usize = super::FEW / 2;

/// `K` inner steps, `M` rows at a time.
struct Inner<'a, 'b, T, const K: usize, const M: usize> {
    x: Rows<'a, T>,
    w: Rows<'a, T>,
    out: &'a mut RowsMut<'b, T>,
    rows: Range<usize>,
    accumulate: bool,
}

impl<T: Vector, const K: usize, const M: usize> WithSimd for Inner<'_, '_, T, K, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Range { start: mut i, end } = self.rows;
        while i + M <= end {
            self.several::<S, M>(simd, i);
            i += M;
        }
        while i < end {
            self.several::<S, 1>(simd, i);
            i += 1;
        }
    }
}

impl<T: Vector, const K: usize, const M: usize> Inner<'_, '_, T, K, M> {
    /// Rows `first` to `first + N`.
    #[inline(always)]
    fn several<S: Simd, const N: usize>(&mut self, simd: S, first: usize) {
        let Inner { x, w, out, accumulate, .. } = self;
        let zero = T::splat(simd, T::ZERO);
        let mut numbers = [[zero; K]; N];
        for i in 0..N {
            let row = &x.row(first + i)[..K];
            for p in 0..K {
                numbers[i][p] = T::splat(simd, row[p]);
            }
        }
        let w: [Split<'_, T, S>; K] = std::array::from_fn(|p| T::whole::<S>(w.row(p)));
        let (length, rest) = (w[0].0.len(), w[0].1.len());
        let w = w.map(|(w, w_rest)| (&w[..length], &w_rest[..rest]));
        let out = out.several::<N>(first).map(|row| {
            let (out, out_rest) = T::whole_mut::<S>(row);
            (&mut out[..length], &mut out_rest[..rest])
        });
        for at in 0..length {
            for i in 0..N {
                let mut sum = if *accumulate { out[i].0[at] } else { zero };
                for p in 0..K {
                    sum = T::multiply_add(simd, numbers[i][p], w[p].0[at], sum);
                }
                out[i].0[at] = sum;
            }
        }
        if rest > 0 {
            for i in 0..N {
                let mut sum = if *accumulate { T::part(simd, out[i].1) } else { zero };
                for p in 0..K {
                    sum = T::multiply_add(simd, numbers[i][p], T::part(simd, w[p].1), sum);
                }
                T::store_part(simd, out[i].1, sum);
            }
        }
    }
}

/// Rows of the output that stay in the first-level cache between two passes.
const BLOCK: usize = 4;

/// out (+)= x w; x has at most eight columns.
pub(super) fn inner<T: Vector>(x: Rows<T>, w: Rows<T>, out: &mut RowsMut<T>, accumulate: bool) {
    if x.columns() <= HALF {
        return at_most_four(x, w, out, 0..x.rows(), accumulate);
    }
    let rest = x.columns() - HALF;
    for from in (0..x.rows()).step_by(BLOCK) {
        let rows = from..x.rows().min(from + BLOCK);
        at_most_four(x.part_of_columns(0, HALF), w.part(0, HALF), out, rows.clone(), accumulate);
        at_most_four(x.part_of_columns(HALF, rest), w.part(HALF, rest), out, rows, true);
    }
}

fn at_most_four<T: Vector>(x: Rows<T>, w: Rows<T>, out: &mut RowsMut<T>, rows: Range<usize>, accumulate: bool) {
    let arch = arch();
    // At most eight numbers of x in registers.
    match x.columns() {
        0 if accumulate => {}
        0 => rows.for_each(|i| out.row(i).fill(T::ZERO)),
        1 => arch.dispatch(Inner::<T, 1, 4> { x, w, out, rows, accumulate }),
        2 => arch.dispatch(Inner::<T, 2, 4> { x, w, out, rows, accumulate }),
        3 => arch.dispatch(Inner::<T, 3, 2> { x, w, out, rows, accumulate }),
        _ => arch.dispatch(Inner::<T, HALF, 2> { x, w, out, rows, accumulate }),
    }
}
