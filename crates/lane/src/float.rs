//! The operations of f32 and f64 that the kernels need, so that each loop is written once.

use crate::functions::Power;
use crate::number::Fused;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;

/// A float of the host. Sealed: implemented for f32 and f64 alone.
pub trait Float:
    Copy
    + Send
    + Sync
    + PartialOrd
    + Power
    + Fused
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// −∞.
    const LEAST: Self;

    /// `self · b + c`, with one rounding where that is one instruction, else two.
    #[inline(always)]
    fn times_plus<const FUSED: bool>(self, b: Self, c: Self) -> Self {
        if FUSED { self.fused(b, c) } else { self * b + c }
    }

    /// |self|.
    fn size(self) -> Self;

    /// Whether this is not a number.
    fn undefined(self) -> bool;

    /// `out[i] = f(x[i])` by the graph's own body.
    fn reference(op: Unary, x: &[Self], out: &mut [Self]);

    /// `x[i] = f(x[i])` by the graph's own body.
    fn reference_in_place(op: Unary, x: &mut [Self]);

    /// `selfᵇ` by the graph's own body.
    fn reference_power(self, b: Self) -> Self;
}

macro_rules! floats {
    ($($type:ty),*) => {$(
        impl Float for $type {
            const ZERO: $type = 0.0;
            const ONE: $type = 1.0;
            const LEAST: $type = <$type>::NEG_INFINITY;

            #[inline(always)]
            fn size(self) -> $type {
                self.abs()
            }

            #[inline(always)]
            fn undefined(self) -> bool {
                self.is_nan()
            }

            fn reference(op: Unary, x: &[$type], out: &mut [$type]) {
                op.map(x, out)
            }

            fn reference_in_place(op: Unary, x: &mut [$type]) {
                op.map_in_place(x)
            }

            fn reference_power(self, b: $type) -> $type {
                Binary::Pow.eval(self, b)
            }
        }
    )*};
}

floats!(f32, f64);
