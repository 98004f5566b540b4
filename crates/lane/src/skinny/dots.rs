//! Inner products of at most eight rows with every row of a matrix, which is read once.
//! The sums of several lanes are carried beside each other and added pairwise at the end.

use crate::float::Float;
use crate::isa::{Kernel, dispatch};
use crate::matrix::Rows;

/// `set(i, j, ⟨few[i], many[j]⟩)` for all rows.
pub trait Dots: Float {
    /// `few` has at most eight rows.
    fn dots(few: Rows<Self>, many: Rows<Self>, set: impl FnMut(usize, usize, Self));
}

/// `L` lanes for each of `M` rows.
struct Products<'a, T, F, const M: usize, const L: usize> {
    few: Rows<'a, T>,
    many: Rows<'a, T>,
    set: F,
}

impl<T: Float, F: FnMut(usize, usize, T), const M: usize, const L: usize> Kernel for Products<'_, T, F, M, L> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Products { few, many, mut set } = self;
        let whole = many.columns() / L * L;
        let rows: [&[T]; M] = std::array::from_fn(|i| &few.row(i)[..many.columns()]);
        for j in 0..many.rows() {
            let row = many.row(j);
            let mut sums = [[T::ZERO; L]; M];
            let mut at = 0;
            while at < whole {
                let w = &row[at..at + L];
                for i in 0..M {
                    let x = &rows[i][at..at + L];
                    for c in 0..L {
                        sums[i][c] = x[c].times_plus::<FUSED>(w[c], sums[i][c]);
                    }
                }
                at += L;
            }
            for i in 0..M {
                let mut rest = T::ZERO;
                for p in whole..row.len() {
                    rest = rows[i][p].times_plus::<FUSED>(row[p], rest);
                }
                set(i, j, pairwise(sums[i]) + rest);
            }
        }
    }
}

/// The sum of 4, 8, 16 or 32 numbers, halves onto halves.
#[inline(always)]
fn pairwise<T: Float, const L: usize>(sums: [T; L]) -> T {
    let mut eight = [T::ZERO; 8];
    if L < 8 {
        return (sums[0] + sums[2]) + (sums[1] + sums[3]);
    }
    for c in 0..8 {
        eight[c] = match L {
            8 => sums[c],
            16 => sums[c] + sums[(c + 8) % L],
            _ => (sums[c] + sums[(c + 16) % L]) + (sums[(c + 8) % L] + sums[(c + 24) % L]),
        };
    }
    ((eight[0] + eight[4]) + (eight[2] + eight[6])) + ((eight[1] + eight[5]) + (eight[3] + eight[7]))
}

macro_rules! dots {
    ($($type:ty: $($rows:literal x $lanes:literal),*;)*) => {$(
        impl Dots for $type {
            fn dots(few: Rows<$type>, many: Rows<$type>, set: impl FnMut(usize, usize, $type)) {
                match few.rows() {
                    $($rows => dispatch(Products::<$type, _, $rows, $lanes> { few, many, set }),)*
                    rows => assert_eq!(rows, 0, "at most eight rows"),
                }
            }
        }
    )*};
}

dots! {
    f32: 1 x 32, 2 x 32, 3 x 16, 4 x 16, 5 x 8, 6 x 8, 7 x 8, 8 x 8;
    f64: 1 x 16, 2 x 16, 3 x 8, 4 x 8, 5 x 4, 6 x 4, 7 x 4, 8 x 4;
}
