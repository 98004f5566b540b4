//! A number type that rounds after every operation to 32 bits: what a formula becomes on a device.

use std::ops::{Add, Div, Mul, Neg, Sub};
use thalweg_graph::{Scalar, ops::Comparison};

/// An f32 in which generic formulas can be evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Single(pub f32);

impl Single {
    /// The number, exactly.
    pub fn value(self) -> f64 {
        f64::from(self.0)
    }
}

impl Neg for Single {
    type Output = Single;
    fn neg(self) -> Single {
        Single(-self.0)
    }
}

macro_rules! operators {
    ($($trait:ident :: $method:ident),*) => {$(
        impl $trait for Single {
            type Output = Single;
            fn $method(self, other: Single) -> Single {
                Single(self.0.$method(other.0))
            }
        }
        impl $trait<f64> for Single {
            type Output = Single;
            fn $method(self, other: f64) -> Single {
                Single(self.0.$method(other as f32))
            }
        }
    )*};
}

operators! { Add::add, Sub::sub, Mul::mul, Div::div }

macro_rules! functions {
    ($($name:ident),*) => { $(fn $name(self) -> Single { Single(self.0.$name()) })* };
}

impl Scalar for Single {
    functions! { abs, exp, exp_m1, ln, ln_1p, sqrt, recip, sin, cos, tan, atan, tanh }

    fn constant(self, value: f64) -> Single {
        Single(value as f32)
    }
    fn sigmoid(self) -> Single {
        Single(1.0 / (1.0 + (-self.0).exp()))
    }
    fn erf(self) -> Single {
        Single(Scalar::erf(self.value()) as f32)
    }
    fn pow(self, exponent: Single) -> Single {
        Single(self.0.powf(exponent.0))
    }
    fn maximum(self, other: Single) -> Single {
        if self.0.is_nan() || self.0 > other.0 { self } else { other }
    }
    fn minimum(self, other: Single) -> Single {
        if self.0.is_nan() || self.0 < other.0 { self } else { other }
    }
    fn choose(self, comparison: Comparison, other: Single, then: Single, otherwise: Single) -> Single {
        if comparison.holds(self.0, other.0) { then } else { otherwise }
    }
}
