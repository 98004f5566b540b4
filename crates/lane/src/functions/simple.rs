//! The functions that are an instruction or two.

use super::{Abs, Body, Floor, Neg, Recip, Sign, Sqrt};

macro_rules! simple {
    ($($name:ident: |$x:ident| $value:expr;)*) => {$(
        impl Body<f32> for $name {
            #[inline(always)]
            fn eval($x: f32) -> f32 {
                $value
            }
        }
        impl Body<f64> for $name {
            #[inline(always)]
            fn eval($x: f64) -> f64 {
                $value
            }
        }
    )*};
}

simple! {
    Neg: |x| -x;
    Abs: |x| x.abs();
    Sign: |x| (if x.abs() > 0.0 { 1.0 } else { x.abs() }).copysign(x);
    Floor: |x| x.floor();
    Sqrt: |x| x.sqrt();
    Recip: |x| 1.0 / x;
}
