//! The columns of a shortest-path search with their distances, in blocks, each with its smallest open distance.
//! The search of both solvers spends its time here: lowering distances by a row of costs, and finding the nearest open column.

use pulp::{Arch, Simd, WithSimd};

/// Columns per block: a few vector registers.
const BLOCK: usize = 16;

/// Distances of columns. A closed column has distance −∞, so that no path is ever shorter; its true one was given when it was closed.
pub(crate) struct Frontier {
    arch: Arch,
    distance: Vec<f64>,
    /// The row from which a column is reached.
    origin: Vec<u32>,
    /// Smallest open distance of each block; +∞ if none is open.
    nearest: Vec<f64>,
}

/// An open column at the smallest distance.
pub(crate) struct Nearest {
    pub column: usize,
    pub distance: f64,
}

impl Frontier {
    pub fn new(columns: usize) -> Frontier {
        let blocks = columns.div_ceil(BLOCK);
        Frontier { arch: Arch::new(), distance: vec![0.0; columns], origin: vec![0; columns], nearest: vec![0.0; blocks] }
    }

    /// Opens every column at distance ∞.
    pub fn reset(&mut self) {
        self.distance.fill(f64::INFINITY);
        self.nearest.fill(f64::INFINITY);
    }

    /// Lowers the distance of each column to `costs` − `potentials` − `offset` where that is less: the paths through `row`.
    pub fn relax(&mut self, row: usize, costs: &[f64], potentials: &[f64], offset: f64) {
        let Frontier { arch, distance, origin, nearest } = self;
        arch.dispatch(Relax { row: row as u32, costs, potentials, offset, distance, origin, nearest });
    }

    /// The nearest open column; among equals one that is `preferred`, else the first.
    pub fn nearest(&self, preferred: impl Fn(usize) -> bool) -> Nearest {
        let least = self.arch.dispatch(Minimum(&self.nearest));
        let blocks = self.nearest.iter().enumerate().filter(|&(_, &block)| block == least);
        let mut columns = blocks.flat_map(|(b, _)| (b * BLOCK..).zip(self.block(b))).filter(|&(_, &d)| d == least).map(|(j, _)| j);
        let first = columns.next().unwrap_or_default();
        let column = std::iter::once(first).chain(columns).find(|&j| preferred(j)).unwrap_or(first);
        Nearest { column, distance: least }
    }

    /// Closes a column: no path lowers its distance any more.
    pub fn close(&mut self, column: usize) {
        self.distance[column] = f64::NEG_INFINITY;
        let block = column / BLOCK;
        self.nearest[block] = self.block(block).iter().copied().filter(|&d| d > f64::NEG_INFINITY).fold(f64::INFINITY, f64::min);
    }

    /// The least of `costs` − `potentials`.
    pub fn least(&self, costs: &[f64], potentials: &[f64]) -> f64 {
        self.arch.dispatch(LeastDifference(costs, potentials))
    }

    /// The row from which `column` is reached on its shortest path.
    pub fn origin(&self, column: usize) -> usize {
        self.origin[column] as usize
    }

    fn block(&self, block: usize) -> &[f64] {
        &self.distance[block * BLOCK..(block * BLOCK + BLOCK).min(self.distance.len())]
    }
}

// Kernels are types and not closures, because a closure is not inlined into the function that is compiled for wide registers. None
// changes the order of a rounded operation, so results do not depend on the processor.

/// See [`Frontier::relax`].
struct Relax<'a> {
    row: u32,
    costs: &'a [f64],
    potentials: &'a [f64],
    offset: f64,
    distance: &'a mut [f64],
    origin: &'a mut [u32],
    nearest: &'a mut [f64],
}

impl WithSimd for Relax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Relax { row, costs, potentials, offset, distance, origin, nearest } = self;
        let ((costs, costs_rest), (potentials, potentials_rest)) = (costs.as_chunks::<BLOCK>(), potentials.as_chunks::<BLOCK>());
        let (distance, distance_rest) = distance.as_chunks_mut::<BLOCK>();
        let (origin, origin_rest) = origin.as_chunks_mut::<BLOCK>();
        let (whole, last) = nearest.split_at_mut(costs.len());
        for ((((costs, potentials), distance), origin), nearest) in costs.iter().zip(potentials).zip(distance).zip(origin).zip(whole) {
            let mut shorter = [0u64; BLOCK];
            for k in 0..BLOCK {
                shorter[k] = u64::from(costs[k] - potentials[k] - offset < distance[k]);
            }
            if shorter.iter().fold(0, |any, s| any | s) != 0 {
                lower(row, costs, potentials, offset, distance, origin, nearest);
            }
        }
        if let [last] = last {
            lower(row, costs_rest, potentials_rest, offset, distance_rest, origin_rest, last);
        }
    }
}

/// One block of [`Relax`].
#[inline(always)]
fn lower(row: u32, costs: &[f64], potentials: &[f64], offset: f64, distance: &mut [f64], origin: &mut [u32], nearest: &mut f64) {
    for k in 0..costs.len() {
        let path = costs[k] - potentials[k] - offset;
        if path < distance[k] {
            distance[k] = path;
            origin[k] = row;
            *nearest = less(path, *nearest);
        }
    }
}

/// The least of a − b over two slices.
struct LeastDifference<'a>(&'a [f64], &'a [f64]);

impl WithSimd for LeastDifference<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut lanes = [f64::INFINITY; BLOCK];
        let ((a, a_rest), (b, b_rest)) = (self.0.as_chunks::<BLOCK>(), self.1.as_chunks::<BLOCK>());
        for (a, b) in a.iter().zip(b) {
            for k in 0..BLOCK {
                lanes[k] = less(a[k] - b[k], lanes[k]);
            }
        }
        lanes.into_iter().chain(a_rest.iter().zip(b_rest).map(|(a, b)| a - b)).fold(f64::INFINITY, less)
    }
}

/// The least of a slice.
struct Minimum<'a>(&'a [f64]);

impl WithSimd for Minimum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut lanes = [f64::INFINITY; BLOCK];
        let (chunks, rest) = self.0.as_chunks::<BLOCK>();
        for chunk in chunks {
            for k in 0..BLOCK {
                lanes[k] = less(chunk[k], lanes[k]);
            }
        }
        lanes.into_iter().chain(rest.iter().copied()).fold(f64::INFINITY, less)
    }
}

#[inline(always)]
fn less(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
