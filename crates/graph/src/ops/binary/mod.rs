//! Elementwise functions of two tensors of equal type.
//! To add one: a file with its body and derivatives, and a line in the registry below. Integers are allowed (derivatives are not).

use crate::Var;
use std::ops::{Add as StdAdd, Div as StdDiv, Mul as StdMul, Sub as StdSub};

/// A number on the host: f32, f64 or i64 (wrapping arithmetic; a division by zero gives 0, `powf` is by repeated squaring).
pub trait Number:
    Copy + PartialOrd + StdAdd<Output = Self> + StdSub<Output = Self> + StdMul<Output = Self> + StdDiv<Output = Self> + 'static
{
    /// `selfᵇ`.
    fn powf(self, b: Self) -> Self;
    /// Whether this is not a number.
    fn is_nan(self) -> bool;
}

impl Number for f32 {
    fn powf(self, b: f32) -> f32 {
        f32::powf(self, b)
    }
    fn is_nan(self) -> bool {
        f32::is_nan(self)
    }
}

impl Number for f64 {
    fn powf(self, b: f64) -> f64 {
        f64::powf(self, b)
    }
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
}

/// An i64 whose arithmetic wraps instead of panicking: an index computation in a user's graph must not abort a run.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Wrapping(pub i64);

impl StdAdd for Wrapping {
    type Output = Wrapping;
    fn add(self, b: Wrapping) -> Wrapping {
        Wrapping(self.0.wrapping_add(b.0))
    }
}

impl StdSub for Wrapping {
    type Output = Wrapping;
    fn sub(self, b: Wrapping) -> Wrapping {
        Wrapping(self.0.wrapping_sub(b.0))
    }
}

impl StdMul for Wrapping {
    type Output = Wrapping;
    fn mul(self, b: Wrapping) -> Wrapping {
        Wrapping(self.0.wrapping_mul(b.0))
    }
}

impl StdDiv for Wrapping {
    type Output = Wrapping;
    fn div(self, b: Wrapping) -> Wrapping {
        Wrapping(if b.0 == 0 { 0 } else { self.0.wrapping_div_euclid(b.0) })
    }
}

impl Number for Wrapping {
    fn powf(self, b: Wrapping) -> Wrapping {
        Wrapping(self.0.wrapping_pow(b.0.clamp(0, u32::MAX as i64) as u32))
    }
    fn is_nan(self) -> bool {
        false
    }
}

/// What an elementwise function of two arguments consists of.
pub trait BinaryRule {
    /// The op's name.
    const NAME: &'static str;
    /// The value.
    fn eval<L: Number>(a: L, b: L) -> L;
    /// ∂y/∂a and ∂y/∂b in terms of the arguments and the value `y`; `None` where zero everywhere.
    fn derivatives<'g>(a: Var<'g>, b: Var<'g>, y: Var<'g>) -> [Option<Var<'g>>; 2];
}

macro_rules! registry {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $(mod $module; pub use $module::$name;)*

        /// The registered functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Binary { $(#[doc = concat!("See [`struct@", stringify!($name), "`].")] $name),* }

        impl Binary {
            /// Every registered function.
            pub const ALL: &'static [Binary] = &[$(Binary::$name),*];

            /// The op's name.
            pub fn name(self) -> &'static str {
                match self { $(Binary::$name => <$name as BinaryRule>::NAME),* }
            }

            /// The value at `(a, b)`.
            pub fn eval<L: Number>(self, a: L, b: L) -> L {
                match self { $(Binary::$name => <$name as BinaryRule>::eval(a, b)),* }
            }

            /// `out[i] = f(a[i], b[i])`, one specialised loop per function.
            pub fn map<L: Number>(self, a: &[L], b: &[L], out: &mut [L]) {
                match self { $(Binary::$name => for ((a, b), o) in a.iter().zip(b).zip(out) { *o = <$name as BinaryRule>::eval(*a, *b) }),* }
            }

            /// `a[i] = f(a[i], b[i])`.
            pub fn map_left<L: Number>(self, a: &mut [L], b: &[L]) {
                match self { $(Binary::$name => for (a, b) in a.iter_mut().zip(b) { *a = <$name as BinaryRule>::eval(*a, *b) }),* }
            }

            /// `b[i] = f(a[i], b[i])`.
            pub fn map_right<L: Number>(self, a: &[L], b: &mut [L]) {
                match self { $(Binary::$name => for (a, b) in a.iter().zip(b) { *b = <$name as BinaryRule>::eval(*a, *b) }),* }
            }

            /// `out[i] = f(a[i], b)`: the right side is one number.
            pub fn map_scalar_right<L: Number>(self, a: &[L], b: L, out: &mut [L]) {
                match self { $(Binary::$name => for (a, o) in a.iter().zip(out) { *o = <$name as BinaryRule>::eval(*a, b) }),* }
            }

            /// `out[i] = f(a, b[i])`: the left side is one number.
            pub fn map_scalar_left<L: Number>(self, a: L, b: &[L], out: &mut [L]) {
                match self { $(Binary::$name => for (b, o) in b.iter().zip(out) { *o = <$name as BinaryRule>::eval(a, *b) }),* }
            }

            pub(crate) fn derivatives<'g>(self, a: Var<'g>, b: Var<'g>, y: Var<'g>) -> [Option<Var<'g>>; 2] {
                match self { $(Binary::$name => <$name as BinaryRule>::derivatives(a, b, y)),* }
            }
        }
    };
}

registry! {
    add::Add,
    sub::Sub,
    mul::Mul,
    div::Div,
    pow::Pow,
    maximum::Maximum,
    minimum::Minimum,
}
