//! Matrix products as cuBLAS takes them: by columns, one distance per matrix, one batch.

use super::source::{Kernel, SCRATCH, between};
use crate::cpu::copy::View;
use crate::cpu::memory::Address;
use std::fmt;
use thalweg_graph::DType;

/// A batch of matrices in memory: distances of entries, rows and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix {
    pub(crate) at: Address,
    pub(crate) entry: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// `c = a · b (+ c)` for each entry of a batch, `[m, k] × [k, n]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) dtype: DType,
    pub(crate) entries: usize,
    pub(crate) sizes: [usize; 3],
    pub(crate) a: Matrix,
    pub(crate) b: Matrix,
    pub(crate) c: Matrix,
    pub(crate) adds: bool,
}

/// An operand of cuBLAS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factor {
    pub(crate) at: Address,
    pub(crate) transposed: bool,
    pub(crate) distance: usize,
    pub(crate) entry: usize,
}

/// A call of cuBLAS, in its order: rows of the result run along memory.
#[derive(Clone, Debug)]
pub(crate) struct Gemm {
    pub(crate) dtype: DType,
    pub(crate) entries: usize,
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) left: Factor,
    pub(crate) right: Factor,
    pub(crate) out: Address,
    pub(crate) distance: usize,
    pub(crate) entry: usize,
    pub(crate) adds: bool,
}

impl Gemm {
    /// Its multiplications.
    pub(crate) fn multiplications(&self) -> usize {
        self.entries * self.m * self.n * self.k
    }

    /// Bytes of its operands and its result.
    pub(crate) fn bytes(&self) -> usize {
        self.entries * (self.m * self.k + self.k * self.n + self.m * self.n) * self.dtype.size()
    }

    /// What it reads and writes: base, first byte, end, and whether it writes.
    pub(crate) fn stretches(&self) -> [(usize, usize, usize, bool); 3] {
        let of = |at: Address, columns: usize, rows: usize, distance: usize, entry: usize, writes: bool| {
            let size = self.dtype.size();
            let reach = (columns - 1) * distance + rows + (self.entries - 1) * entry;
            (at.base, at.offset * size, (at.offset + reach) * size, writes)
        };
        let factor = |f: &Factor, rows: usize, columns: usize| {
            let (rows, columns) = if f.transposed { (columns, rows) } else { (rows, columns) };
            of(f.at, columns, rows, f.distance, f.entry, false)
        };
        [
            factor(&self.left, self.m, self.k),
            factor(&self.right, self.k, self.n),
            of(self.out, self.n, self.m, self.distance, self.entry, true),
        ]
    }
}

impl fmt::Display for Gemm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "product {} × [{}, {}] × [{}, {}] {}", self.entries, self.n, self.k, self.k, self.m, self.dtype.name())
    }
}

/// A product, the copies before it of operands that cuBLAS cannot read, and the one after it of a result that it cannot write.
pub(crate) struct Prepared {
    pub(crate) before: Vec<Kernel>,
    pub(crate) gemm: Gemm,
    pub(crate) after: Option<Kernel>,
    /// Bytes of scratch.
    pub(crate) scratch: usize,
}

/// How cuBLAS sees the `[rows, columns]` of a matrix that runs along memory by rows: `None` if it cannot.
fn factor(matrix: &Matrix, rows: usize, columns: usize) -> Option<Factor> {
    let of = |transposed: bool, distance: usize, least: usize| {
        (distance >= least.max(1)).then_some(Factor { at: matrix.at, transposed, distance, entry: matrix.entry })
    };
    let by_rows = (matrix.column == 1 || columns == 1).then(|| of(false, if rows == 1 { columns } else { matrix.row }, columns)).flatten();
    by_rows.or_else(|| (matrix.row == 1 || rows == 1).then(|| of(true, if columns == 1 { rows } else { matrix.column }, rows)).flatten())
}

/// Prepares a product for cuBLAS; its scratch begins at byte `scratch`.
pub(crate) fn prepare(wanted: &Wanted, scratch: usize) -> Prepared {
    let [m, k, n] = wanted.sizes;
    let size = wanted.dtype.size();
    let mut next = scratch;
    let mut before = Vec::new();
    let mut readable = |matrix: &Matrix, rows: usize, columns: usize| {
        factor(matrix, rows, columns).unwrap_or_else(|| {
            let entries = if matrix.entry == 0 { 1 } else { wanted.entries };
            let at = Address { base: SCRATCH, offset: next / size };
            next += (entries * rows * columns * size).next_multiple_of(256);
            let from = View::new(matrix.at, &[matrix.entry, matrix.row, matrix.column]);
            let to = View::new(at, &[rows * columns, columns, 1]);
            let shape = [entries, rows, columns];
            before.push(between(&shape, size, &from, &to));
            let entry = if entries == 1 { 0 } else { rows * columns };
            Factor { at, transposed: false, distance: columns, entry }
        })
    };
    let (a, b) = (readable(&wanted.a, m, k), readable(&wanted.b, k, n));
    let own = (wanted.c.column == 1 || n == 1) && (m == 1 || wanted.c.row >= n);
    let (out, distance, entry, after) = if own {
        (wanted.c.at, if m == 1 { n } else { wanted.c.row }, wanted.c.entry, None)
    } else {
        let at = Address { base: SCRATCH, offset: next / size };
        next += (wanted.entries * m * n * size).next_multiple_of(256);
        let to = View::new(wanted.c.at, &[wanted.c.entry, wanted.c.row, wanted.c.column]);
        (at, n, m * n, Some(between(&[wanted.entries, m, n], size, &View::new(at, &[m * n, n, 1]), &to)))
    };
    // What is by rows is by columns the transpose: (a b)ᵀ = bᵀ aᵀ.
    let gemm =
        Gemm { dtype: wanted.dtype, entries: wanted.entries, m: n, n: m, k, left: b, right: a, out, distance, entry, adds: wanted.adds };
    Prepared { before, gemm, after, scratch: next - scratch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_along_memory_in_one_direction_needs_no_copy() {
        let at = Address { base: 0, offset: 0 };
        let matrix = |row, column| Matrix { at, entry: 0, row, column };
        let of = |row, column| factor(&matrix(row, column), 3, 4).map(|f| (f.transposed, f.distance));
        assert_eq!(of(4, 1), Some((false, 4)));
        assert_eq!(of(9, 1), Some((false, 9)));
        assert_eq!(of(1, 3), Some((true, 3)));
        assert_eq!(of(0, 1), None);
        assert_eq!(of(8, 2), None);
        assert_eq!(factor(&matrix(0, 7), 1, 4).map(|f| (f.transposed, f.distance)), Some((true, 7)));
    }
}
