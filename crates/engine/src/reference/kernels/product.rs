//! The one call into the `gemm` crate: a checked matrix product on slices.
//! candle's own product allocates its result and fixes the number of threads for the process; here both are the caller's.

use crate::tensor::element::Element;
use crate::threads;
use gemm::Parallelism;

/// Multiply-adds below which a product runs on one thread.
pub(crate) const SHARED_FROM: usize = 1 << 19;

/// A matrix inside a slice: where it starts and the distance, in elements, between rows and between columns.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) offset: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl<T> Matrix<'_, T> {
    /// Whether a matrix of this size lies inside the slice.
    fn holds(&self, rows: usize, columns: usize) -> bool {
        let last = self.offset + (rows - 1) * self.row + (columns - 1) * self.column;
        last < self.data.len()
    }
}

/// Sizes of a product `[m, k] × [k, n]`.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

/// An element type that has products.
pub(crate) trait Multiply: Element {
    /// One.
    const ONE: Self;
}

impl Multiply for f32 {
    const ONE: f32 = 1.0;
}

impl Multiply for f64 {
    const ONE: f64 = 1.0;
}

/// `out = a × b`, or `out += a × b` if `accumulate`; `out` is row-major without gaps. Each element is summed in the same
/// order for any number of threads. Panics if a matrix does not lie inside its slice.
pub(crate) fn product<T: Multiply>(sizes: Sizes, a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], accumulate: bool, share: bool) {
    let Sizes { m, k, n } = sizes;
    assert_eq!(out.len(), m * n, "size of a product");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            out.fill(T::ZERO);
        }
        return;
    }
    assert!(a.holds(m, k) && b.holds(k, n), "operand of a product outside its storage");
    let work = m.saturating_mul(k).saturating_mul(n);
    let parallelism = if share && work >= SHARED_FROM && threads::inside() { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: the assertions above keep every access inside the three slices, `out` is borrowed exclusively, and `Multiply`
    // is implemented only for element types that gemm knows.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.data.as_ptr().add(a.offset),
            a.column as isize,
            a.row as isize,
            b.data.as_ptr().add(b.offset),
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
