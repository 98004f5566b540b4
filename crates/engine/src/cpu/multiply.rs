//! One product of two matrices in memory, by `gemm`: as they lie, or with the second one turned before.

use super::memory::{Address, Memory, Plain, with_scratch};
use super::values::extent;
use gemm::Parallelism;
use rayon::prelude::*;
use thalweg_lane::{Real, Rows, RowsMut};

/// Columns that are turned at a time: what they are turned into stays in the second-level cache while `gemm` packs it.
pub(crate) const TURNED: usize = 64;

/// A matrix in memory: where it begins, and the distances of its rows and of its columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix {
    pub(crate) at: Address,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Matrix {
    fn pointer<T: Plain>(&self, memory: &Memory<'_>, rows: usize, columns: usize) -> *mut T {
        memory.pointer::<T>(self.at, extent(&[rows, columns], &[self.row, self.column]))
    }
}

/// `out = a · b` of `[m, k]` and `[k, n]`, or `+=`; `share`: among the threads of the pool.
pub(crate) fn multiply<T: Plain + Real>(
    memory: &Memory<'_>,
    [m, k, n]: [usize; 3],
    [a, b, out]: [Matrix; 3],
    accumulate: bool,
    share: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            clear::<T>(memory, m, n, out);
        }
        return;
    }
    let b = (b.pointer::<T>(memory, k, n).cast_const(), b.row, b.column);
    call(memory, [m, k, n], [a, out], b, accumulate, share);
}

/// The same for a second matrix whose columns are contiguous and that the result does not touch: `gemm` takes longer to pack such a matrix for
/// few rows than to multiply by it, so that it is given the transpose of [`TURNED`] columns after the other.
pub(crate) fn multiply_turned<T: Plain + Real>(
    memory: &Memory<'_>,
    [m, k, n]: [usize; 3],
    [a, b, out]: [Matrix; 3],
    accumulate: bool,
    share: bool,
) {
    let from = |x: Matrix, distance: usize| Matrix { at: Address { offset: x.at.offset + distance, ..x.at }, ..x };
    let columns = |index: usize, share: bool| {
        let first = index * TURNED;
        let (b, out) = (from(b, first * b.column), from(out, first * out.column));
        if n - first < TURNED {
            return multiply::<T>(memory, [m, k, n - first], [a, b, out], accumulate, share);
        }
        let read = memory.read::<T>(b.at, extent(&[TURNED, k], &[b.column, 1]));
        with_scratch(k * TURNED, |turned: &mut [T]| {
            T::transpose(Rows::new(read, TURNED, k, b.column), RowsMut::new(turned, k, TURNED, TURNED));
            call(memory, [m, k, TURNED], [a, out], (turned.as_ptr(), TURNED, 1), accumulate, share);
        });
    };
    let pieces = n.div_ceil(TURNED);
    if share && pieces >= rayon::current_num_threads() {
        (0..pieces).into_par_iter().for_each(|index| columns(index, false));
    } else {
        (0..pieces).for_each(|index| columns(index, share));
    }
}

/// `out = a · b`, or `+=`, of matrices that have elements; `b`: where it begins, and the distances of its rows and of its columns.
fn call<T: Plain + Real>(
    memory: &Memory<'_>,
    [m, k, n]: [usize; 3],
    [a, out]: [Matrix; 2],
    b: (*const T, usize, usize),
    accumulate: bool,
    share: bool,
) {
    let (to, left) = (out.pointer::<T>(memory, m, n), a.pointer::<T>(memory, m, k));
    let (right, row, column) = b;
    let parallelism = if share { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: `a` and `out` were checked to lie inside their bases, `b` by both callers; the plan keeps the result apart from the
    // operands while this runs; T is f32 or f64, which gemm knows.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            to,
            out.column as isize,
            out.row as isize,
            accumulate,
            left,
            a.column as isize,
            a.row as isize,
            right,
            column as isize,
            row as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// Zeros, the product over nothing.
fn clear<T: Plain + Real>(memory: &Memory<'_>, m: usize, n: usize, out: Matrix) {
    for i in 0..m {
        for j in 0..n {
            memory.write::<T>(Address { offset: out.at.offset + i * out.row + j * out.column, ..out.at }, 1)[0] = T::ZERO;
        }
    }
}
