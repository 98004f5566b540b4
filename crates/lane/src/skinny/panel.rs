//! out (+)= x w for at most eight rows: the sums of a strip of columns stay in registers while the rows of w pass by.
//! x is copied, a block of the inner side at a time, so that the numbers of a step lie beside each other.

use crate::float::Float;
use crate::isa::{Kernel, dispatch};
use crate::matrix::{Rows, RowsMut};

/// Inner steps whose products are added one after the other before they are added to the output.
const DEPTH: usize = 256;

/// `out[first + i][..] (+)= Σₚ x(i, p) w[p][..]` for a few i.
pub trait Panel: Float {
    /// `rows` at most eight, `x(i, p)` for p < `depth`.
    fn panel(
        rows: usize,
        first: usize,
        depth: usize,
        x: impl Fn(usize, usize) -> Self,
        w: Rows<Self>,
        out: &mut RowsMut<Self>,
        accumulate: bool,
    );
}

/// A block of steps of `M` rows; strips are `C` columns wide.
struct Block<'a, 'b, T, const M: usize, const C: usize> {
    x: &'a [[T; M]],
    w: Rows<'a, T>,
    from: usize,
    out: &'a mut RowsMut<'b, T>,
    first: usize,
    accumulate: bool,
}

impl<T: Float, const M: usize, const C: usize> Kernel for Block<'_, '_, T, M, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let n = self.w.columns();
        let mut at = 0;
        while at + C <= n {
            self.strip::<FUSED, C>(at);
            at += C;
        }
        while at + 4 <= n {
            self.strip::<FUSED, 4>(at);
            at += 4;
        }
        while at < n {
            self.strip::<FUSED, 1>(at);
            at += 1;
        }
    }
}

impl<T: Float, const M: usize, const C: usize> Block<'_, '_, T, M, C> {
    /// Columns `at` to `at + W`.
    #[inline(always)]
    fn strip<const FUSED: bool, const W: usize>(&mut self, at: usize) {
        let mut sums = [[T::ZERO; W]; M];
        for (p, x) in self.x.iter().enumerate() {
            let w: &[T] = &self.w.row(self.from + p)[at..at + W];
            for i in 0..M {
                for c in 0..W {
                    sums[i][c] = x[i].times_plus::<FUSED>(w[c], sums[i][c]);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let out = &mut self.out.row(self.first + i)[at..at + W];
            if self.accumulate {
                for c in 0..W {
                    out[c] += sums[c];
                }
            } else {
                out.copy_from_slice(sums);
            }
        }
    }
}

fn blocks<T: Float, const M: usize, const C: usize>(
    first: usize,
    depth: usize,
    x: impl Fn(usize, usize) -> T,
    w: Rows<T>,
    out: &mut RowsMut<T>,
    accumulate: bool,
) {
    let mut block = [[T::ZERO; M]; DEPTH];
    let mut from = 0;
    // Also without any step, so that the output becomes 0.
    while from < depth || from == 0 {
        let block = &mut block[..DEPTH.min(depth - from)];
        for (p, steps) in block.iter_mut().enumerate() {
            *steps = std::array::from_fn(|i| x(i, from + p));
        }
        dispatch(Block::<T, M, C> { x: block, w, from, out, first, accumulate: accumulate || from > 0 });
        from += DEPTH;
    }
}

macro_rules! panels {
    ($($type:ty: $($rows:literal x $width:literal),*;)*) => {$(
        impl Panel for $type {
            fn panel(
                rows: usize,
                first: usize,
                depth: usize,
                x: impl Fn(usize, usize) -> $type,
                w: Rows<$type>,
                out: &mut RowsMut<$type>,
                accumulate: bool,
            ) {
                match rows {
                    $($rows => blocks::<$type, $rows, $width>(first, depth, x, w, out, accumulate),)*
                    _ => assert_eq!(rows, 0, "a panel has at most eight rows"),
                }
            }
        }
    )*};
}

// Rows and the width of a strip: about half of the sixteen registers of AVX2 hold sums.
panels! {
    f32: 1 x 64, 2 x 32, 3 x 16, 4 x 16, 5 x 16, 6 x 8, 7 x 8, 8 x 8;
    f64: 1 x 32, 2 x 16, 3 x 8, 4 x 8, 5 x 8, 6 x 4, 7 x 4, 8 x 4;
}
