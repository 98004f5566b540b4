//! Matrix products in place: operands and result wherever they lie, added to what is there or not.

use super::memory::{Address, Memory, Plain};
use super::multiply::{Matrix, TURNED, multiply, multiply_turned};
use super::skinny::Form;
use super::values::{extent, offset_of};
use crate::threads;
use rayon::prelude::*;
use std::ops::Range;
use thalweg_graph::DType;
use thalweg_lane::{FEW, Real};

/// Multiply-adds from which one product is shared among threads.
pub(crate) const SHARED_FROM: usize = 1 << 19;

/// Elements of a matrix from which its product with few rows, which takes as long as reading it, is done in pieces.
const LARGE: usize = 1 << 15;
/// Pieces of such a product, at most, and columns of each, at least.
const PIECES: usize = 8;
const COLUMNS: usize = 32;
/// Multiply-adds from which any other product of a crew's program is done in pieces, how many these are at most, and rows or columns of
/// each, at least: fewer lose more to packing than threads gain.
const DIVIDED_FROM: usize = 1 << 18;
const PARTS: usize = 4;
const LINES: usize = 64;
/// A matrix by columns that begin a power of two apart, from so many numbers on, is turned before it is multiplied by: while `gemm` packs it, its
/// columns push each other out of the first-level cache (measured: `cargo run --release -p thalweg-lane --example timing`). For more rows
/// than that it makes no difference; more terms of a sum are too many for the second-level cache.
const APART: usize = 256;
const TURNED_FOR: usize = 1024;
const TERMS: std::ops::RangeInclusive<usize> = 16..=8192;

/// What pieces of a product are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// So many rows of the result.
    Rows(usize),
    /// So many columns of the result.
    Columns(usize),
    /// So many entries of the batch.
    Entries(usize),
}

/// A batch of matrices in memory.
#[derive(Clone, Debug)]
pub(crate) struct Matrices {
    pub(crate) at: Address,
    /// Distances of the batch's dimensions, of rows and of columns.
    pub(crate) batch: Vec<usize>,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Matrices {
    fn of(&self, entry: usize, dims: &[usize]) -> Matrix {
        let at = Address { offset: self.at.offset + offset_of(entry, dims, &self.batch), ..self.at };
        Matrix { at, row: self.row, column: self.column }
    }

    /// Whether the rows of all entries are the rows of one tall matrix.
    fn stacks(&self, dims: &[usize], rows: usize) -> bool {
        let mut next = self.row * rows;
        dims.iter().zip(&self.batch).rev().all(|(size, stride)| {
            let fits = *size == 1 || *stride == next;
            next *= size;
            fits
        })
    }

    fn transposed(self) -> Matrices {
        Matrices { row: self.column, column: self.row, ..self }
    }

    fn repeats(&self, dims: &[usize]) -> bool {
        dims.iter().zip(&self.batch).all(|(size, stride)| *size == 1 || *stride == 0)
    }
}

/// `out = a · b` for each entry of a batch: `[m, k] × [k, n]`.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    dtype: DType,
    dims: Vec<usize>,
    m: usize,
    k: usize,
    n: usize,
    a: Matrices,
    b: Matrices,
    out: Matrices,
    /// Whether the result is added to what slices before left there.
    pub(crate) accumulates: bool,
    /// The kernel of its own, if it has one.
    form: Option<Form>,
    /// Whether columns of the second matrix are turned into rows first.
    turned: bool,
    /// How it is cut into pieces, whatever runs them: the number of threads may not change a bit.
    cut: Option<Cut>,
}

impl Product {
    /// The product of matrices of `[m, k]` and `[k, n]`, one for each entry of `dims`.
    pub(crate) fn new(dtype: DType, dims: Vec<usize>, sizes: [usize; 3], matrices: [Matrices; 3], accumulates: bool) -> Product {
        let ([mut m, k, mut n], [mut a, mut b, mut out]) = (sizes, matrices);
        let entries = dims.iter().product::<usize>();
        let tall = entries > 1 && a.stacks(&dims, m) && out.stacks(&dims, m) && b.repeats(&dims);
        let dims = if tall || entries == 1 { Vec::new() } else { dims };
        m *= if tall { entries } else { 1 };
        if out.column != 1 && out.row == 1 {
            // A result by columns is the transposed product by rows.
            std::mem::swap(&mut m, &mut n);
            (a, b, out) = (b.transposed(), a.transposed(), out.transposed());
        }
        let mut product = Product { dtype, dims, m, k, n, a, b, out, accumulates, form: None, turned: false, cut: None };
        product.form = Form::of(&product);
        product.turned = product.turns();
        product.cut = product.columns().map(Cut::Columns);
        product
    }

    /// The pieces for a crew, if it is long enough: along the longer side of the result, or by entries of the batch.
    fn crew(&self) -> Option<Cut> {
        if self.cut.is_some() || self.form.is_some() || self.cost() < DIVIDED_FROM {
            return self.cut;
        }
        let entries: usize = self.dims.iter().product();
        let lines = |size: usize| size.div_ceil(PARTS).max(LINES).next_multiple_of(COLUMNS);
        Some(if entries > 1 {
            Cut::Entries(entries.div_ceil(PARTS))
        } else if self.n >= self.m {
            Cut::Columns(lines(self.n))
        } else {
            Cut::Rows(lines(self.m))
        })
    }

    /// Cuts it into pieces for a crew.
    pub(crate) fn divide(&mut self) {
        self.cut = self.crew();
    }

    /// Whether a crew can do it in pieces, or nobody can.
    pub(crate) fn divides(&self) -> bool {
        self.form.is_some() || self.count(self.crew()) > 1
    }

    /// Whether it is worth it to turn columns of the second matrix into rows first.
    fn turns(&self) -> bool {
        let lies = self.b.row == 1 && self.b.column >= self.k.max(APART) && self.b.column.is_power_of_two() && self.out.column == 1;
        lies && self.m <= TURNED_FOR && self.n >= TURNED && TERMS.contains(&self.k) && !self.touches()
    }

    /// Whether the result lies between elements of an operand, as in a concatenation that both are parts of.
    pub(crate) fn touches(&self) -> bool {
        let range = |x: &Matrices, rows: usize, columns: usize| {
            let sizes = [&self.dims[..], &[rows, columns]].concat();
            (x.at.base, x.at.offset, x.at.offset + extent(&sizes, &[&x.batch[..], &[x.row, x.column]].concat()))
        };
        let (base, first, end) = range(&self.out, self.m, self.n);
        [range(&self.a, self.m, self.k), range(&self.b, self.k, self.n)].iter().any(|o| o.0 == base && o.1 < end && first < o.2)
    }

    /// The batch's dimensions, and `[m, k, n]`.
    pub(crate) fn sizes(&self) -> (&[usize], [usize; 3]) {
        (&self.dims, [self.m, self.k, self.n])
    }

    /// The kernel of its own, if it has one.
    pub(crate) fn form(&self) -> Option<Form> {
        self.form
    }

    /// Operands and result.
    pub(crate) fn matrices(&self) -> [&Matrices; 3] {
        [&self.a, &self.b, &self.out]
    }

    /// The element type.
    #[cfg(feature = "cuda")]
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Multiplications of a run.
    pub(crate) fn cost(&self) -> usize {
        self.dims.iter().product::<usize>().saturating_mul(self.m).saturating_mul(self.k).saturating_mul(self.n)
    }

    /// Bytes of its operands and its result.
    pub(crate) fn bytes(&self) -> usize {
        let entries: usize = self.dims.iter().product();
        entries * (self.m * self.k + self.k * self.n + self.m * self.n) * self.dtype.size()
    }

    /// Columns of a piece of a product that takes as long as reading its matrix.
    fn columns(&self) -> Option<usize> {
        // Kernels of our own see a piece of several rows as one stretch, which pieces beside it would share.
        let alone = self.m == 1 || self.form.is_none() && self.m <= FEW;
        let apart = alone && self.dims.is_empty() && self.k.saturating_mul(self.n) >= LARGE && self.n >= 2 * COLUMNS;
        apart.then(|| self.n.div_ceil(PIECES).next_multiple_of(COLUMNS))
    }

    /// Number of pieces that threads may take.
    pub(crate) fn pieces(&self) -> usize {
        self.count(self.cut)
    }

    fn count(&self, cut: Option<Cut>) -> usize {
        match cut {
            None => 1,
            Some(Cut::Rows(rows)) => self.m.div_ceil(rows),
            Some(Cut::Columns(columns)) => self.n.div_ceil(columns),
            Some(Cut::Entries(entries)) => self.dims.iter().product::<usize>().div_ceil(entries),
        }
    }

    /// Runs one piece.
    pub(crate) fn piece(&self, memory: &Memory<'_>, index: usize) {
        let from =
            |x: &Matrices, distance: usize| Matrices { at: Address { offset: x.at.offset + distance, ..x.at }, batch: Vec::new(), ..*x };
        let part = match self.cut {
            None => return self.whole(memory, false),
            Some(Cut::Entries(entries)) => {
                let all = self.dims.iter().product::<usize>();
                return self.range(memory, index * entries..((index + 1) * entries).min(all), false);
            }
            Some(Cut::Rows(rows)) => {
                let first = index * rows;
                let (a, out) = (from(&self.a, first * self.a.row), from(&self.out, first * self.out.row));
                Product { dims: Vec::new(), m: rows.min(self.m - first), a, b: from(&self.b, 0), out, ..*self }
            }
            Some(Cut::Columns(columns)) => {
                let first = index * columns;
                let (b, out) = (from(&self.b, first * self.b.column), from(&self.out, first * self.out.column));
                Product { dims: Vec::new(), n: columns.min(self.n - first), a: from(&self.a, 0), b, out, ..*self }
            }
        };
        part.whole(memory, false);
    }

    /// Runs it; `share`: among the threads of the pool.
    pub(crate) fn run(&self, memory: &Memory<'_>, share: bool) {
        match self.pieces() {
            1 => self.whole(memory, share),
            pieces if share && threads::inside() && self.shares() => {
                (0..pieces).into_par_iter().for_each(|index| self.piece(memory, index));
            }
            pieces => (0..pieces).for_each(|index| self.piece(memory, index)),
        }
    }

    /// Whether threads of the pool that are woken for it share it.
    pub(crate) fn shares(&self) -> bool {
        self.cost() >= SHARED_FROM
    }

    fn whole(&self, memory: &Memory<'_>, share: bool) {
        self.range(memory, 0..self.dims.iter().product(), share);
    }

    fn range(&self, memory: &Memory<'_>, entries: Range<usize>, share: bool) {
        match self.dtype {
            DType::F64 => self.entries::<f64>(memory, entries, share),
            _ => self.entries::<f32>(memory, entries, share),
        }
    }

    fn entries<T: Plain + Real>(&self, memory: &Memory<'_>, range: Range<usize>, share: bool) {
        let entries = range.len();
        let each = self.m.saturating_mul(self.k).saturating_mul(self.n);
        let share = share && threads::inside();
        if share && entries > 1 && each < SHARED_FROM && each.saturating_mul(entries) >= SHARED_FROM {
            range.into_par_iter().for_each(|entry| self.entry::<T>(memory, entry, false));
        } else {
            range.for_each(|entry| self.entry::<T>(memory, entry, share && each >= SHARED_FROM));
        }
    }

    fn entry<T: Plain + Real>(&self, memory: &Memory<'_>, entry: usize, share: bool) {
        let accumulate = self.accumulates && memory.accumulate;
        if let Some(form) = self.form {
            return form.run::<T>(self, memory, accumulate);
        }
        let matrices = self.matrices().map(|matrices| matrices.of(entry, &self.dims));
        let multiply = if self.turned { multiply_turned::<T> } else { multiply::<T> };
        multiply(memory, [self.m, self.k, self.n], matrices, accumulate, share);
    }
}
