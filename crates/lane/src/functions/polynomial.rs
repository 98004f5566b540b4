//! Polynomials by Horner's scheme with fused multiply-adds; long ones in two or four interleaved chains.
//! Estrin (1960) in part: a chain of n dependent multiply-adds would leave the units idle.

use crate::number::Fused;

/// Σ cₖ xᵏ. Unrolled, because `N` is known.
#[inline(always)]
pub(super) fn polynomial<T: Fused, const N: usize>(x: T, c: &[T; N]) -> T {
    if N < 6 {
        return horner(x, c);
    }
    let square = x * x;
    if N < 12 {
        return chain(square, c, 1, 2).fused(x, chain(square, c, 0, 2));
    }
    let fourth = square * square;
    let even = chain(fourth, c, 2, 4).fused(square, chain(fourth, c, 0, 4));
    let odd = chain(fourth, c, 3, 4).fused(square, chain(fourth, c, 1, 4));
    odd.fused(x, even)
}

/// Σ cₖ xᵏ in one chain: for coefficients of alternating sign that decrease slowly, whose parts would cancel.
#[inline(always)]
pub(super) fn horner<T: Fused, const N: usize>(x: T, c: &[T; N]) -> T {
    chain(x, c, 0, 1)
}

/// Every `step`-th coefficient from `first` on.
#[inline(always)]
fn chain<T: Fused, const N: usize>(x: T, c: &[T; N], first: usize, step: usize) -> T {
    let mut k = first + (N - 1 - first) / step * step;
    let mut y = c[k];
    while k > first {
        k -= step;
        y = y.fused(x, c[k]);
    }
    y
}
