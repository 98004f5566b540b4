//! The number type of formulas: f64 on the host, a graph value on a device.
//! A schedule, a weight or a step coefficient is written once, generic over this trait, and serves both.

use crate::Var;
use crate::ops::Comparison;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number, or a tensor of them, that formulas are written in. Units are whatever the formula says; angles are radians.
///
/// ```
/// use thalweg_graph::Scalar;
/// fn softplus<S: Scalar>(x: S) -> S {
///     x.maximum(x.constant(0.0)) + (-x.abs()).exp().ln_1p()
/// }
/// assert!((softplus(0.0) - 2f64.ln()).abs() < 1e-15);
/// ```
pub trait Scalar:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Add<f64, Output = Self>
    + Sub<Output = Self>
    + Sub<f64, Output = Self>
    + Mul<Output = Self>
    + Mul<f64, Output = Self>
    + Div<Output = Self>
    + Div<f64, Output = Self>
{
    /// `value` as a number of the same kind (and, on a device, of the same shape and element type).
    fn constant(self, value: f64) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// eˣ − 1.
    fn exp_m1(self) -> Self;
    /// log x.
    fn ln(self) -> Self;
    /// log(1 + x).
    fn ln_1p(self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// 1/x.
    fn recip(self) -> Self;
    /// sin x.
    fn sin(self) -> Self;
    /// cos x.
    fn cos(self) -> Self;
    /// tan x.
    fn tan(self) -> Self;
    /// arctan x.
    fn atan(self) -> Self;
    /// tanh x.
    fn tanh(self) -> Self;
    /// 1/(1 + e⁻ˣ).
    fn sigmoid(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// xᵉ, x ≥ 0.
    fn pow(self, exponent: Self) -> Self;
    /// The larger of the two.
    fn maximum(self, other: Self) -> Self;
    /// The smaller of the two.
    fn minimum(self, other: Self) -> Self;
    /// `then` where `self ⋄ other`, else `otherwise`. Both branches are evaluated.
    fn choose(self, comparison: Comparison, other: Self, then: Self, otherwise: Self) -> Self;

    /// x².
    fn square(self) -> Self {
        self * self
    }

    /// log(1 + eˣ), without overflow at either end.
    fn softplus(self) -> Self {
        self.maximum(self.constant(0.0)) + (-self.abs()).exp().ln_1p()
    }
}

impl Scalar for f64 {
    fn constant(self, value: f64) -> f64 {
        value
    }
    fn abs(self) -> f64 {
        f64::abs(self)
    }
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    fn exp_m1(self) -> f64 {
        f64::exp_m1(self)
    }
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    fn recip(self) -> f64 {
        f64::recip(self)
    }
    fn sin(self) -> f64 {
        f64::sin(self)
    }
    fn cos(self) -> f64 {
        f64::cos(self)
    }
    fn tan(self) -> f64 {
        f64::tan(self)
    }
    fn atan(self) -> f64 {
        f64::atan(self)
    }
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
    fn sigmoid(self) -> f64 {
        1.0 / (1.0 + (-self).exp())
    }
    fn erf(self) -> f64 {
        libm::erf(self)
    }
    fn pow(self, exponent: f64) -> f64 {
        self.powf(exponent)
    }
    fn maximum(self, other: f64) -> f64 {
        if self.is_nan() || self > other { self } else { other }
    }
    fn minimum(self, other: f64) -> f64 {
        if self.is_nan() || self < other { self } else { other }
    }
    fn choose(self, comparison: Comparison, other: f64, then: f64, otherwise: f64) -> f64 {
        if comparison.holds(self, other) { then } else { otherwise }
    }
}

impl<'g> Scalar for Var<'g> {
    fn constant(self, value: f64) -> Self {
        Var::constant(self, value)
    }
    fn abs(self) -> Self {
        Var::abs(self)
    }
    fn exp(self) -> Self {
        Var::exp(self)
    }
    fn exp_m1(self) -> Self {
        Var::expm1(self)
    }
    fn ln(self) -> Self {
        Var::ln(self)
    }
    fn ln_1p(self) -> Self {
        Var::log1p(self)
    }
    fn sqrt(self) -> Self {
        Var::sqrt(self)
    }
    fn recip(self) -> Self {
        Var::recip(self)
    }
    fn sin(self) -> Self {
        Var::sin(self)
    }
    fn cos(self) -> Self {
        Var::cos(self)
    }
    fn tan(self) -> Self {
        Var::tan(self)
    }
    fn atan(self) -> Self {
        Var::atan(self)
    }
    fn tanh(self) -> Self {
        Var::tanh(self)
    }
    fn sigmoid(self) -> Self {
        Var::sigmoid(self)
    }
    fn erf(self) -> Self {
        Var::erf(self)
    }
    fn pow(self, exponent: Self) -> Self {
        Var::pow(self, exponent)
    }
    fn maximum(self, other: Self) -> Self {
        Var::maximum(self, other)
    }
    fn minimum(self, other: Self) -> Self {
        Var::minimum(self, other)
    }
    fn choose(self, comparison: Comparison, other: Self, then: Self, otherwise: Self) -> Self {
        self.compare(comparison, other).select(then, otherwise)
    }
}
