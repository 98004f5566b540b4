//! One product of two matrices in memory, by `gemm`.

use super::memory::{Address, Memory, Plain};
use super::values::extent;
use gemm::Parallelism;
use thalweg_lane::Real;

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
    let to = out.pointer::<T>(memory, m, n);
    let (left, right) = (a.pointer::<T>(memory, m, k), b.pointer::<T>(memory, k, n));
    let parallelism = if share { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: `pointer` checked that each matrix lies inside its base; the plan keeps the result apart from the operands
    // while this runs; T is f32 or f64, which gemm knows.
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
            b.column as isize,
            b.row as isize,
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
