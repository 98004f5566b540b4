//! The transpose of a matrix, block by block: so that no line of the cache is asked for once per element, on either side.

use crate::float::Float;
use crate::isa::{Kernel, dispatch};
use crate::matrix::{Rows, RowsMut};
use std::ops::Range;

/// Rows and columns of a block that the compiler turns in registers.
const SIDE: usize = 4;

/// An element type that may have instructions for larger blocks.
pub(crate) trait Turn: Float {
    /// Turns as many of the first rows and columns as there are such blocks for; returns how many these are.
    fn blocks(x: Rows<Self>, out: &mut RowsMut<Self>) -> [usize; 2];
}

impl Turn for f64 {
    fn blocks(_: Rows<f64>, _: &mut RowsMut<f64>) -> [usize; 2] {
        [0, 0]
    }
}

impl Turn for f32 {
    #[cfg(target_arch = "x86_64")]
    fn blocks(x: Rows<f32>, out: &mut RowsMut<f32>) -> [usize; 2] {
        avx::blocks(x, out)
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn blocks(_: Rows<f32>, _: &mut RowsMut<f32>) -> [usize; 2] {
        [0, 0]
    }
}

/// A part of a matrix, as loops that the compiler makes instructions of.
struct Part<'a, 'b, T> {
    x: Rows<'a, T>,
    out: &'a mut RowsMut<'b, T>,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl<T: Float> Kernel for Part<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Part { x, out, rows, columns } = self;
        let whole = |range: &Range<usize>| range.start + range.len() / SIDE * SIDE;
        for i in (rows.start..whole(&rows)).step_by(SIDE) {
            for j in (columns.start..whole(&columns)).step_by(SIDE) {
                let block: [[T; SIDE]; SIDE] = std::array::from_fn(|r| std::array::from_fn(|c| x.row(i + r)[j..j + SIDE][c]));
                for c in 0..SIDE {
                    out.row(j + c)[i..i + SIDE].copy_from_slice(&[block[0][c], block[1][c], block[2][c], block[3][c]]);
                }
            }
        }
        for j in columns.clone() {
            let done = if j < whole(&columns) { whole(&rows) } else { rows.start };
            for i in done..rows.end {
                out.row(j)[i] = x.row(i)[j];
            }
        }
    }
}

/// `out[j, i] = x[i, j]`.
pub(crate) fn transpose<T: Turn>(x: Rows<T>, mut out: RowsMut<T>) {
    let (rows, columns) = (x.rows(), x.columns());
    assert_eq!((out.rows(), out.columns()), (columns, rows), "a transpose has as many rows as the matrix has columns");
    let [done, across] = T::blocks(x, &mut out);
    dispatch(Part { x, out: &mut out, rows: 0..done, columns: across..columns });
    dispatch(Part { x, out: &mut out, rows: done..rows, columns: 0..columns });
}

#[cfg(target_arch = "x86_64")]
mod avx {
    use crate::matrix::{Rows, RowsMut};
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast};
    use std::arch::x86_64::{__m128, __m256};
    use std::array::from_fn;
    use std::sync::OnceLock;

    /// Rows and columns of a block, and how many blocks beside each other are a line of the cache.
    const SIDE: usize = 8;
    const BESIDE: usize = 2;

    struct Blocks<'a, 'b> {
        simd: V3,
        x: Rows<'a, f32>,
        out: &'a mut RowsMut<'b, f32>,
        rows: usize,
        columns: usize,
    }

    impl NullaryFnOnce for Blocks<'_, '_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Blocks { simd, x, out, rows, columns } = self;
            let avx = simd.avx;
            let (out, stride) = out.flat();
            for j in (0..columns).step_by(SIDE * BESIDE) {
                for i in (0..rows).step_by(SIDE) {
                    let seen: [&[[f32; SIDE]]; SIDE] = from_fn(|r| x.row(i + r)[j..j + SIDE * BESIDE].as_chunks().0);
                    for beside in 0..BESIDE {
                        // Halves of rows are paired while they are loaded, so that all else stays within halves.
                        let halves: [[__m128; 2]; SIDE] = from_fn(|r| cast(seen[r][beside]));
                        let paired: [__m256; SIDE] = from_fn(|r| {
                            avx._mm256_insertf128_ps::<1>(avx._mm256_castps128_ps256(halves[r % 4][r / 4]), halves[r % 4 + 4][r / 4])
                        });
                        for half in 0..2 {
                            let [a, b, c, d] = from_fn(|r| paired[4 * half + r]);
                            let (low, low_beside) = (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpacklo_ps(c, d));
                            let (high, high_beside) = (avx._mm256_unpackhi_ps(a, b), avx._mm256_unpackhi_ps(c, d));
                            let turned = [
                                avx._mm256_shuffle_ps::<0x44>(low, low_beside),
                                avx._mm256_shuffle_ps::<0xee>(low, low_beside),
                                avx._mm256_shuffle_ps::<0x44>(high, high_beside),
                                avx._mm256_shuffle_ps::<0xee>(high, high_beside),
                            ];
                            let first = (j + SIDE * beside + 4 * half) * stride + i;
                            for c in 0..4 {
                                let column: [f32; SIDE] = cast(turned[c]);
                                out[first + c * stride..][..SIDE].copy_from_slice(&column);
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn blocks(x: Rows<f32>, out: &mut RowsMut<f32>) -> [usize; 2] {
        static SIMD: OnceLock<Option<V3>> = OnceLock::new();
        let Some(simd) = *SIMD.get_or_init(V3::try_new) else { return [0, 0] };
        let (rows, columns) = (x.rows() / SIDE * SIDE, x.columns() / (SIDE * BESIDE) * (SIDE * BESIDE));
        simd.vectorize(Blocks { simd, x, out, rows, columns });
        [rows, columns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned<T: Turn>(rows: usize, columns: usize, number: impl Fn(usize) -> T) {
        // Rows have gaps, which stay as they are.
        let (from, to) = (columns + 3, rows + 5);
        let x: Vec<T> = (0..rows * from).map(&number).collect();
        let mut out = vec![T::ONE; columns * to];
        transpose(Rows::new(&x, rows, columns, from), RowsMut::new(&mut out, columns, rows, to));
        for j in 0..columns {
            for i in 0..to {
                let wanted = if i < rows { x[i * from + j] } else { T::ONE };
                assert!(out[j * to + i] == wanted, "element ({j}, {i}) of the transpose of {rows} × {columns}");
            }
        }
    }

    #[test]
    fn every_element_is_where_it_belongs() {
        let sizes = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 64];
        for (rows, columns) in sizes.iter().flat_map(|r| sizes.map(|c| (*r, c))) {
            turned::<f32>(rows, columns, |i| i as f32 + 2.0);
            turned::<f64>(rows, columns, |i| i as f64 + 2.0);
        }
    }
}
