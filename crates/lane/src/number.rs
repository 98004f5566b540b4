//! What the bodies of elementary functions of f32 are written in: f32 itself, or a number that records what is done with it, from
//! which machine code is made. So each function is written once, and both give the same bits.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number that multiplies and adds with one rounding.
pub trait Fused: Copy + Mul<Output = Self> {
    /// `self · b + c`, with one rounding.
    fn fused(self, b: Self, c: Self) -> Self;
}

impl Fused for f32 {
    #[inline(always)]
    fn fused(self, b: f32, c: f32) -> f32 {
        self.mul_add(b, c)
    }
}

impl Fused for f64 {
    #[inline(always)]
    fn fused(self, b: f64, c: f64) -> f64 {
        self.mul_add(b, c)
    }
}

/// An f32, or what stands for one.
pub trait Number: Fused + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self> {
    /// An i32, or what stands for one.
    type Integer: Integer;

    /// A constant.
    fn of(value: f32) -> Self;
    /// |self|.
    fn size(self) -> Self;
    /// The size of `self` with the sign of `sign`.
    fn signed(self, sign: Self) -> Self;
    /// √self.
    fn root(self) -> Self;
    /// ⌊self⌋.
    fn whole(self) -> Self;
    /// `then` where `self > bound`, else `otherwise`, also where one of them is not a number.
    fn above(self, bound: Self, then: Self, otherwise: Self) -> Self;
    /// The bits.
    fn bits(self) -> Self::Integer;
    /// The number of these bits.
    fn of_bits(bits: Self::Integer) -> Self;
}

/// An i32, or what stands for one. Sums and differences wrap around.
pub trait Integer: Copy {
    /// A constant.
    fn of(value: i32) -> Self;
    /// self + other.
    fn plus(self, other: Self) -> Self;
    /// self − other.
    fn minus(self, other: Self) -> Self;
    /// ⌊self / 2⌋.
    fn halved(self) -> Self;
    /// self · 2²³: a number in the place of an exponent.
    fn raised(self) -> Self;
}

impl Number for f32 {
    type Integer = i32;

    #[inline(always)]
    fn of(value: f32) -> f32 {
        value
    }
    #[inline(always)]
    fn size(self) -> f32 {
        self.abs()
    }
    #[inline(always)]
    fn signed(self, sign: f32) -> f32 {
        self.copysign(sign)
    }
    #[inline(always)]
    fn root(self) -> f32 {
        self.sqrt()
    }
    #[inline(always)]
    fn whole(self) -> f32 {
        self.floor()
    }
    #[inline(always)]
    fn above(self, bound: f32, then: f32, otherwise: f32) -> f32 {
        if self > bound { then } else { otherwise }
    }
    #[inline(always)]
    fn bits(self) -> i32 {
        self.to_bits() as i32
    }
    #[inline(always)]
    fn of_bits(bits: i32) -> f32 {
        f32::from_bits(bits as u32)
    }
}

impl Integer for i32 {
    #[inline(always)]
    fn of(value: i32) -> i32 {
        value
    }
    #[inline(always)]
    fn plus(self, other: i32) -> i32 {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn minus(self, other: i32) -> i32 {
        self.wrapping_sub(other)
    }
    #[inline(always)]
    fn halved(self) -> i32 {
        self >> 1
    }
    #[inline(always)]
    fn raised(self) -> i32 {
        self << 23
    }
}
