//! Sums, maxima and inner products of runs, in an order that depends on the length alone and not on the width of a register.
//! Interleaved sums over a block, their pairwise sum, and then blocks pairwise: the rounding error grows with log n.

use crate::binary::larger;
use crate::float::Float;
use crate::isa::{Kernel, dispatch};
use std::marker::PhantomData;

/// Sums that are carried beside each other: enough registers of every width to hide the latency of an addition.
const LANES: usize = 32;

/// Elements summed one after the other before sums are added pairwise.
const BLOCK: usize = 512;

/// What is joined over a run.
trait Fold<T: Float> {
    /// The value of nothing.
    const START: T;
    /// The value so far with one more pair of elements.
    fn step<const FUSED: bool>(so_far: T, a: T, b: T) -> T;
    /// The value of both parts.
    fn join(a: T, b: T) -> T;
}

struct Sum;
struct Max;
struct Dot;

impl<T: Float> Fold<T> for Sum {
    const START: T = T::ZERO;
    #[inline(always)]
    fn step<const FUSED: bool>(so_far: T, a: T, _: T) -> T {
        so_far + a
    }
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        a + b
    }
}

impl<T: Float> Fold<T> for Max {
    const START: T = T::LEAST;
    #[inline(always)]
    fn step<const FUSED: bool>(so_far: T, a: T, _: T) -> T {
        larger(so_far, a)
    }
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        larger(a, b)
    }
}

impl<T: Float> Fold<T> for Dot {
    const START: T = T::ZERO;
    #[inline(always)]
    fn step<const FUSED: bool>(so_far: T, a: T, b: T) -> T {
        a.times_plus::<FUSED>(b, so_far)
    }
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        a + b
    }
}

/// The fold of a block of at most [`BLOCK`] elements.
struct Block<'a, T, F> {
    a: &'a [T],
    b: &'a [T],
    fold: PhantomData<F>,
}

impl<T: Float, F: Fold<T>> Kernel for Block<'_, T, F> {
    type Output = T;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> T {
        let (a, a_rest) = self.a.as_chunks::<LANES>();
        let (b, b_rest) = self.b.as_chunks::<LANES>();
        let mut lanes = [F::START; LANES];
        for (a, b) in a.iter().zip(b) {
            lanes = stepped::<F, T, FUSED>(lanes, a, b);
        }
        if !a_rest.is_empty() {
            let (mut a, mut b) = ([F::START; LANES], [F::START; LANES]);
            a[..a_rest.len()].copy_from_slice(a_rest);
            b[..b_rest.len()].copy_from_slice(b_rest);
            lanes = stepped::<F, T, FUSED>(lanes, &a, &b);
        }
        let sixteen: [T; 16] = halved::<F, T, 32, 16>(lanes);
        let eight: [T; 8] = halved::<F, T, 16, 8>(sixteen);
        let four: [T; 4] = halved::<F, T, 8, 4>(eight);
        let two: [T; 2] = halved::<F, T, 4, 2>(four);
        F::join(two[0], two[1])
    }
}

#[inline(always)]
fn stepped<F: Fold<T>, T: Float, const FUSED: bool>(mut lanes: [T; LANES], a: &[T; LANES], b: &[T; LANES]) -> [T; LANES] {
    for k in 0..LANES {
        lanes[k] = F::step::<FUSED>(lanes[k], a[k], b[k]);
    }
    lanes
}

/// Joins element k with element k + H.
#[inline(always)]
fn halved<F: Fold<T>, T: Float, const N: usize, const H: usize>(lanes: [T; N]) -> [T; H] {
    std::array::from_fn(|k| F::join(lanes[k], lanes[k + H]))
}

fn fold<F: Fold<T>, T: Float>(a: &[T], b: &[T]) -> T {
    if a.len() <= BLOCK {
        return dispatch(Block { a, b, fold: PhantomData::<F> });
    }
    // Halves at a multiple of the block, so that blocks are whole.
    let half = (a.len() / BLOCK).div_ceil(2) * BLOCK;
    F::join(fold::<F, T>(&a[..half], &b[..half]), fold::<F, T>(&a[half..], &b[half..]))
}

/// Σ x.
pub(crate) fn sum<T: Float>(x: &[T]) -> T {
    fold::<Sum, T>(x, x)
}

/// The largest; NaN if an element is; −∞ of nothing.
pub(crate) fn max<T: Float>(x: &[T]) -> T {
    fold::<Max, T>(x, x)
}

/// Σ a b.
pub(crate) fn dot<T: Float>(a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len(), "an inner product is of equal lengths");
    fold::<Dot, T>(a, b)
}

/// `so_far[i] = join(so_far[i], x[i])`.
struct Into<'a, T, F> {
    so_far: &'a mut [T],
    x: &'a [T],
    fold: PhantomData<F>,
}

impl<T: Float, F: Fold<T>> Kernel for Into<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        assert_eq!(self.so_far.len(), self.x.len(), "a row has the length of the rows before");
        for (so_far, x) in self.so_far.iter_mut().zip(self.x) {
            *so_far = F::join(*so_far, *x);
        }
    }
}

/// `sums[i] += x[i]`.
pub(crate) fn add_to<T: Float>(sums: &mut [T], x: &[T]) {
    dispatch(Into { so_far: sums, x, fold: PhantomData::<Sum> })
}

/// `best[i] = max(best[i], x[i])`; NaN if one is.
pub(crate) fn max_to<T: Float>(best: &mut [T], x: &[T]) {
    dispatch(Into { so_far: best, x, fold: PhantomData::<Max> })
}
