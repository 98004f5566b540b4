//! Products with a short side, which read their large operand once: the kernels of `thalweg-lane`, where they are faster than gemm.

use super::memory::{Address, Memory, Plain, with_registers};
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

impl Form {
    /// The kernel for a product, if one is faster than gemm (measured: `cargo run --release -p thalweg-lane --example timing`).
    pub(crate) fn of(product: &Product) -> Option<Form> {
        let (dims, [m, k, n]) = product.sizes();
        let [a, b, out] = product.matrices();
        if !dims.is_empty() || out.column != 1 || out.row < n || k == 0 || m == 0 || n == 0 || product.touches() {
            return None;
        }
        // Row-major as `[height, width]`, or its transpose; rows do not repeat.
        let rows = |x: &Matrices, width: usize| x.column == 1 && x.row >= width;
        let columns = |x: &Matrices, height: usize| x.row == 1 && x.column >= height;
        if m <= 8 && rows(a, k) && rows(b, n) {
            return Some(Form::Rows);
        }
        if (2..=8).contains(&m) && rows(a, k) && columns(b, k) {
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
            Form::Outer => T::few_outer(read(a.at, k, m, a.column), read(b.at, k, n, b.row), out, accumulate),
            Form::Inner | Form::Columns => {
                let kernel = if self == Form::Inner { T::few_inner } else { T::few_columns };
                let x = read(a.at, m, k, a.row);
                if b.column == 1 && b.row >= n {
                    return kernel(x, read(b.at, k, n, b.row), out, accumulate);
                }
                // The small matrix lies by columns: it is turned first.
                let by_columns = read(b.at, n, k, b.column);
                with_registers(k * n * size_of::<T>(), |registers| {
                    let bases = [registers];
                    let turned = Memory::new(&bases, false).write::<T>(Address { base: 0, offset: 0 }, k * n);
                    for j in 0..n {
                        by_columns.row(j).iter().enumerate().for_each(|(p, value)| turned[p * n + j] = *value);
                    }
                    kernel(x, Rows::new(turned, k, n, n), out, accumulate);
                });
            }
        }
    }
}
