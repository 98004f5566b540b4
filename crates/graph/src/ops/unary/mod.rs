//! Elementwise functions of one float tensor.
//! To add one: a file with its body and derivative, and a line in the registry below.

use crate::Var;
use num_traits::Float;

/// An element type on the host: a float with the error function.
pub trait Lane: Float + 'static {
    /// The error function.
    fn erf(self) -> Self;
}

impl Lane for f32 {
    fn erf(self) -> f32 {
        libm::erff(self)
    }
}

impl Lane for f64 {
    fn erf(self) -> f64 {
        libm::erf(self)
    }
}

/// What an elementwise function of one argument consists of.
pub trait UnaryRule {
    /// The op's name.
    const NAME: &'static str;
    /// The value.
    fn eval<L: Lane>(x: L) -> L;
    /// dy/dx in terms of the argument `x` and the value `y`; `None` where it is zero everywhere.
    fn derivative<'g>(x: Var<'g>, y: Var<'g>) -> Option<Var<'g>>;
}

macro_rules! registry {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $(mod $module; pub use $module::$name;)*

        /// The registered functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Unary { $(#[doc = concat!("See [`struct@", stringify!($name), "`].")] $name),* }

        impl Unary {
            /// Every registered function.
            pub const ALL: &'static [Unary] = &[$(Unary::$name),*];

            /// The op's name.
            pub fn name(self) -> &'static str {
                match self { $(Unary::$name => <$name as UnaryRule>::NAME),* }
            }

            /// The value at `x`.
            pub fn eval<L: Lane>(self, x: L) -> L {
                match self { $(Unary::$name => <$name as UnaryRule>::eval(x)),* }
            }

            /// `out[i] = f(x[i])`, one specialised loop per function.
            pub fn map<L: Lane>(self, x: &[L], out: &mut [L]) {
                match self { $(Unary::$name => x.iter().zip(out).for_each(|(x, o)| *o = <$name as UnaryRule>::eval(*x))),* }
            }

            /// `x[i] = f(x[i])`.
            pub fn map_in_place<L: Lane>(self, x: &mut [L]) {
                match self { $(Unary::$name => x.iter_mut().for_each(|x| *x = <$name as UnaryRule>::eval(*x))),* }
            }

            pub(crate) fn derivative<'g>(self, x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
                match self { $(Unary::$name => <$name as UnaryRule>::derivative(x, y)),* }
            }
        }
    };
}

registry! {
    neg::Neg,
    abs::Abs,
    sign::Sign,
    floor::Floor,
    exp::Exp,
    expm1::Expm1,
    log::Log,
    log1p::Log1p,
    sqrt::Sqrt,
    recip::Recip,
    sin::Sin,
    cos::Cos,
    tan::Tan,
    atan::Atan,
    tanh::Tanh,
    sigmoid::Sigmoid,
    erf::Erf,
}
