//! out (+)= x w for at most eight rows: the sums of a strip of columns stay in registers while the rows of w pass by.
//! x is copied, a block of the inner side at a time, so that the numbers of a step lie beside each other.

use crate::isa::arch;
use crate::matrix::{Rows, RowsMut};
use crate::vector::Vector;
use pulp::{Simd, WithSimd};

/// Inner steps whose products are added one after the other before they are added to the output.
const DEPTH: usize = 256;

/// Steps `from …` of `M` rows; strips are `R` registers wide.
struct Block<'a, 'b, T, const M: usize, const R: usize> {
    x: &'a [[T; M]],
    w: Rows<'a, T>,
    from: usize,
    out: &'a mut RowsMut<'b, T>,
    first: usize,
    accumulate: bool,
}

impl<T: Vector, const M: usize, const R: usize> WithSimd for Block<'_, '_, T, M, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (lanes, n) = (size_of::<T::V<S>>() / size_of::<T>(), self.w.columns());
        let mut at = 0;
        while at + R * lanes <= n {
            self.strip::<S, R>(simd, at, R * lanes);
            at += R * lanes;
        }
        while at + lanes <= n {
            self.strip::<S, 1>(simd, at, lanes);
            at += lanes;
        }
        if at < n {
            self.strip::<S, 1>(simd, at, n - at);
        }
    }
}

impl<T: Vector, const M: usize, const R: usize> Block<'_, '_, T, M, R> {
    /// Columns `at` to `at + width`: `W` registers, or part of one.
    #[inline(always)]
    fn strip<S: Simd, const W: usize>(&mut self, simd: S, at: usize, width: usize) {
        let whole = width * size_of::<T>() == W * size_of::<T::V<S>>();
        let mut sums = [[T::splat(simd, T::ZERO); W]; M];
        for (p, x) in self.x.iter().enumerate() {
            let row = &self.w.row(self.from + p)[at..at + width];
            let w: [T::V<S>; W] = if whole { std::array::from_fn(|r| T::whole::<S>(row).0[r]) } else { [T::part(simd, row); W] };
            for i in 0..M {
                let x = T::splat(simd, x[i]);
                for r in 0..W {
                    sums[i][r] = T::multiply_add(simd, x, w[r], sums[i][r]);
                }
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            let out = &mut self.out.row(self.first + i)[at..at + width];
            if whole {
                let (out, _) = T::whole_mut::<S>(out);
                for r in 0..W {
                    out[r] = if self.accumulate { T::plus(simd, out[r], sums[r]) } else { sums[r] };
                }
            } else {
                let sum = if self.accumulate { T::plus(simd, T::part(simd, out), sums[0]) } else { sums[0] };
                T::store_part(simd, out, sum);
            }
        }
    }
}

/// `out[first + i][..] (+)= Σₚ x(i, p) w[p][..]` for `rows` ≤ 8 and p < `depth`.
pub(super) fn panel<T: Vector>(
    rows: usize,
    first: usize,
    depth: usize,
    x: impl Fn(usize, usize) -> T,
    w: Rows<T>,
    out: &mut RowsMut<T>,
    accumulate: bool,
) {
    // Rows and registers of a strip: about half of sixteen registers hold sums.
    match rows {
        0 => {}
        1 => blocks::<T, 1, 8>(first, depth, x, w, out, accumulate),
        2 => blocks::<T, 2, 4>(first, depth, x, w, out, accumulate),
        3 => blocks::<T, 3, 4>(first, depth, x, w, out, accumulate),
        4 => blocks::<T, 4, 2>(first, depth, x, w, out, accumulate),
        5 => blocks::<T, 5, 2>(first, depth, x, w, out, accumulate),
        6 => blocks::<T, 6, 2>(first, depth, x, w, out, accumulate),
        7 => blocks::<T, 7, 1>(first, depth, x, w, out, accumulate),
        _ => blocks::<T, 8, 1>(first, depth, x, w, out, accumulate),
    }
}

fn blocks<T: Vector, const M: usize, const R: usize>(
    first: usize,
    depth: usize,
    x: impl Fn(usize, usize) -> T,
    w: Rows<T>,
    out: &mut RowsMut<T>,
    accumulate: bool,
) {
    if depth == 0 && !accumulate {
        return (0..M).for_each(|i| out.row(first + i).fill(T::ZERO));
    }
    for from in (0..depth).step_by(DEPTH) {
        let until = depth.min(from + DEPTH);
        steps::<T, M, R>(first, from..until, &x, w, out, accumulate || from > 0);
    }
}

#[inline(always)]
fn steps<T: Vector, const M: usize, const R: usize>(
    first: usize,
    steps: std::ops::Range<usize>,
    x: impl Fn(usize, usize) -> T,
    w: Rows<T>,
    out: &mut RowsMut<T>,
    accumulate: bool,
) {
    let mut block = [[T::ZERO; M]; DEPTH];
    let block = &mut block[..steps.len()];
    for (p, numbers) in block.iter_mut().enumerate() {
        *numbers = std::array::from_fn(|i| x(i, steps.start + p));
    }
    arch().dispatch(Block::<T, M, R> { x: block, w, from: steps.start, out, first, accumulate });
}
