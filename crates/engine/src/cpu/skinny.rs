//! Products with a short side, which read their large operand once: the kernels of `thalweg-lane`, where they are faster than gemm.

use super::memory::{Address, Memory, Plain, with_scratch};
use super::product::{Matrices, Product};
use super::values::extent;
use thalweg_lane::{Real, Rows, RowsMut};

/// Which kernel: what there is few of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Few rows, the matrix by rows.
    Rows,
    /// Few rows, the matrix by columns.
    RowsTransposed,
    /// Few terms in each sum.
    Inner,
    /// Few columns.
    Columns,
    /// The gradient of a matrix with few rows or columns.
    Outer,
}

/// Rows from which a product with few columns or terms is worth a kernel of its own.
const MANY: usize = 32;

/// Terms from which sums of one row each are worth a kernel of their own.
const LONG: usize = 16;

/// Whether a matrix is row-major, and rows do not overlap.
fn by_rows(x: &Matrices, width: usize) -> bool {
    x.column == 1 && x.row >= width
}

impl Form {
    /// The kernel for a product, if one is faster than gemm (measured: `cargo run --release -p thalweg-lane --example timing`).
    pub(crate) fn of(product: &Product) -> Option<Form> {
        let (dims, [m, k, n]) = product.sizes();
        let [a, b, out] = product.matrices();
        if !dims.is_empty() || out.column != 1 || out.row < n || k == 0 || m == 0 || n == 0 || product.touches() {
            return None;
        }
        let (rows, columns) = (by_rows, |x: &Matrices, height: usize| x.row == 1 && x.column >= height);
        if m <= 8 && rows(a, k) && rows(b, n) {
            return Some(Form::Rows);
        }
        if (m == 1 && k >= LONG || (2..=8).contains(&m)) && rows(a, k) && columns(b, k) {
            return Some(Form::RowsTransposed);
        }
        let either = rows(b, n) || columns(b, k);
        if (2..=4).contains(&k) && m >= MANY && n >= 8 && rows(a, k) && either {
            return Some(Form::Inner);
        }
        if (2..=8).contains(&n) && m >= MANY && k >= 8 && rows(a, k) && either {
            return Some(Form::Columns);
        }
        let outer = k >= MANY && ((2..=4).contains(&m) || (2..=4).contains(&n)) && columns(a, m) && rows(b, n);
        outer.then_some(Form::Outer)
    }

    /// Runs it.
    pub(crate) fn run<T: Plain + Real>(self, product: &Product, memory: &Memory<'_>, accumulate: bool) {
        let (_, [m, k, n]) = product.sizes();
        let [a, b, out] = product.matrices();
        let read = |at: Address, rows: usize, columns: usize, stride: usize| {
            Rows::new(memory.read::<T>(at, extent(&[rows, columns], &[stride, 1])), rows, columns, stride)
        };
        let written = memory.write::<T>(out.at, extent(&[m, n], &[out.row, 1]));
        let out = RowsMut::new(written, m, n, out.row);
        match self {
            Form::Rows => T::few_rows(read(a.at, m, k, a.row), read(b.at, k, n, b.row), out, accumulate),
            Form::RowsTransposed => T::few_rows_transposed(read(a.at, m, k, a.row), read(b.at, n, k, b.column), out, accumulate),
            Form::Outer => with_scratch(m * n, |scratch| {
                T::few_outer(read(a.at, k, m, a.column), read(b.at, k, n, b.row), out, accumulate, scratch);
            }),
            Form::Inner if by_rows(b, n) => T::few_inner(read(a.at, m, k, a.row), read(b.at, k, n, b.row), out, accumulate),
            Form::Inner => with_scratch(k * n, |turned| {
                T::transpose(read(b.at, n, k, b.column), RowsMut::new(turned, k, n, n));
                T::few_inner(read(a.at, m, k, a.row), Rows::new(turned, k, n, n), out, accumulate);
            }),
            Form::Columns if by_rows(b, n) => with_scratch(k * n, |turned| {
                T::transpose(read(b.at, k, n, b.row), RowsMut::new(turned, n, k, k));
                T::few_columns(read(a.at, m, k, a.row), Rows::new(turned, n, k, k), out, accumulate);
            }),
            Form::Columns => T::few_columns(read(a.at, m, k, a.row), read(b.at, n, k, b.column), out, accumulate),
        }
    }
}
