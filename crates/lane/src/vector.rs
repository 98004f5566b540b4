//! Registers of an element type, for the two kernels of the skinny products: their sums are too many for the compiler to
//! keep in registers by itself.

use crate::float::Float;
use pulp::Simd;

/// Whole registers, and what is left.
pub type Split<'a, T, S> = (&'a [<T as Vector>::V<S>], &'a [T]);

/// An element type with registers.
pub trait Vector: Float {
    /// A register.
    type V<S: Simd>: Copy;

    /// The number in every lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::V<S>;
    /// a b + c, rounded once where that is one instruction.
    fn multiply_add<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, c: Self::V<S>) -> Self::V<S>;
    /// a + b.
    fn plus<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// The sum of the lanes.
    fn total<S: Simd>(simd: S, a: Self::V<S>) -> Self;
    /// Whole registers, and what is left.
    fn whole<S: Simd>(x: &[Self]) -> Split<'_, Self, S>;
    /// Whole registers, and what is left.
    fn whole_mut<S: Simd>(x: &mut [Self]) -> (&mut [Self::V<S>], &mut [Self]);
    /// Fewer numbers than lanes, and zeros.
    fn part<S: Simd>(simd: S, x: &[Self]) -> Self::V<S>;
    /// The first lanes, as many as `x` is long.
    fn store_part<S: Simd>(simd: S, x: &mut [Self], value: Self::V<S>);
}

macro_rules! vectors {
    ($($type:ty: $v:ident $splat:ident $fma:ident $add:ident $sum:ident $whole:ident $whole_mut:ident $load:ident $store:ident;)*) => {$(
        impl Vector for $type {
            type V<S: Simd> = S::$v;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: $type) -> S::$v {
                simd.$splat(x)
            }
            #[inline(always)]
            fn multiply_add<S: Simd>(simd: S, a: S::$v, b: S::$v, c: S::$v) -> S::$v {
                simd.$fma(a, b, c)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn total<S: Simd>(simd: S, a: S::$v) -> $type {
                simd.$sum(a)
            }
            #[inline(always)]
            fn whole<S: Simd>(x: &[$type]) -> (&[S::$v], &[$type]) {
                S::$whole(x)
            }
            #[inline(always)]
            fn whole_mut<S: Simd>(x: &mut [$type]) -> (&mut [S::$v], &mut [$type]) {
                S::$whole_mut(x)
            }
            #[inline(always)]
            fn part<S: Simd>(simd: S, x: &[$type]) -> S::$v {
                simd.$load(x)
            }
            #[inline(always)]
            fn store_part<S: Simd>(simd: S, x: &mut [$type], value: S::$v) {
                simd.$store(x, value)
            }
        }
    )*};
}

vectors! {
    f32: f32s splat_f32s mul_add_e_f32s add_f32s reduce_sum_f32s as_simd_f32s as_mut_simd_f32s partial_load_f32s partial_store_f32s;
    f64: f64s splat_f64s mul_add_e_f64s add_f64s reduce_sum_f64s as_simd_f64s as_mut_simd_f64s partial_load_f64s partial_store_f64s;
}
