//! Elementary functions as branch-free bodies, which the compiler vectorises where they are inlined into a loop.
//! To add one: a file with its bodies, and a line in the registry below. All need fused multiply-adds; see `unary`.

mod atan;
mod cos;
mod erf;
mod exp;
mod expm1;
mod log;
mod log1p;
mod polynomial;
mod pow;
mod quadrant;
mod sigmoid;
mod simple;
mod sin;
mod tan;
mod tanh;

use crate::float::Float;
use crate::number::Number;
use thalweg_graph::ops::unary::Unary;

/// A function of one number.
pub(crate) trait Body<T> {
    /// The size up to which `eval` is accurate, where that is not everywhere.
    const BOUND: Option<T> = None;

    /// The value, without branches and calls.
    ///
    /// Where it is `x` itself (a zero, NaN), say `x + x` or the like: a selected `x` that is stored where it came from becomes a
    /// conditional store, many times as slow.
    fn eval(x: T) -> T;
}

/// Something to be done with the body of a function.
pub(crate) trait Visitor<T> {
    /// Does it.
    fn visit<B: Body<T>>(self);
}

macro_rules! registry {
    ($($name:ident),* $(,)?) => {
        $(#[doc = concat!("The body of [`Unary::", stringify!($name), "`].")] pub(crate) struct $name;)*

        /// Finds the body of a function for a type.
        pub(crate) trait Bodies: Float {
            /// Hands the body of `op` to `visitor`.
            fn visit<V: Visitor<Self>>(op: Unary, visitor: V);
        }

        impl Bodies for f32 {
            fn visit<V: Visitor<f32>>(op: Unary, visitor: V) {
                match op { $(Unary::$name => visitor.visit::<$name>()),* }
            }
        }

        impl Bodies for f64 {
            fn visit<V: Visitor<f64>>(op: Unary, visitor: V) {
                match op { $(Unary::$name => visitor.visit::<$name>()),* }
            }
        }
    };
}

registry! { Neg, Abs, Sign, Floor, Exp, Expm1, Log, Log1p, Sqrt, Recip, Sin, Cos, Tan, Atan, Tanh, Sigmoid, Erf }

/// A function of one number that is written for any kind of f32, if it is one.
pub fn function<N: Number>(op: Unary, x: N) -> Option<N> {
    Some(match op {
        Unary::Neg => -x,
        Unary::Abs => x.size(),
        Unary::Floor => x.whole(),
        Unary::Sqrt => x.root(),
        Unary::Recip => N::of(1.0) / x,
        Unary::Exp => exp::exp_32(x),
        Unary::Tanh => tanh::tanh_32(x),
        Unary::Sigmoid => sigmoid::sigmoid_32(x),
        Unary::Erf => erf::erf_32(x),
        _ => return None,
    })
}

/// aᵇ.
pub trait Power {
    /// `selfᵇ`, without branches and calls.
    fn power(self, b: Self) -> Self;
}

impl Power for f32 {
    #[inline(always)]
    fn power(self, b: f32) -> f32 {
        pow::pow_32(self, b)
    }
}

impl Power for f64 {
    #[inline(always)]
    fn power(self, b: f64) -> f64 {
        pow::pow_64(self, b)
    }
}
