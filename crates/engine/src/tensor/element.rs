//! The element types of tensors as Rust types.
//! Ties each to its place in candle's storage and to its shelf of free buffers.

use super::pool::Shelf;
use candle_core::{CpuStorage, WithDType};
use half::bf16;
use std::sync::Mutex;

/// A type whose values a tensor can hold: `f32`, `f64`, `bf16`, `i64`, or `u8` for truth values.
pub(crate) trait Element: WithDType + Copy + Send + Sync + 'static {
    /// The value of fresh memory.
    const ZERO: Self;

    /// The vector inside a storage of this element type.
    fn vec_mut(storage: &mut CpuStorage) -> Option<&mut Vec<Self>>;

    /// Free buffers of this element type.
    fn shelf() -> &'static Mutex<Shelf<Self>>;
}

macro_rules! element {
    ($($type:ty, $variant:ident, $zero:expr;)*) => {$(
        impl Element for $type {
            const ZERO: $type = $zero;

            fn vec_mut(storage: &mut CpuStorage) -> Option<&mut Vec<$type>> {
                match storage {
                    CpuStorage::$variant(values) => Some(values),
                    _ => None,
                }
            }

            fn shelf() -> &'static Mutex<Shelf<$type>> {
                static SHELF: Mutex<Shelf<$type>> = Mutex::new(Shelf::new());
                &SHELF
            }
        }
    )*};
}

element! {
    f32, F32, 0.0;
    f64, F64, 0.0;
    bf16, BF16, bf16::ZERO;
    i64, I64, 0;
    u8, U8, 0;
}

/// Runs `$body` with `$T` standing for the Rust type of elements of `$dtype`.
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            thalweg_graph::DType::F32 => {
                type $T = f32;
                $body
            }
            thalweg_graph::DType::F64 => {
                type $T = f64;
                $body
            }
            thalweg_graph::DType::BF16 => {
                type $T = half::bf16;
                $body
            }
            thalweg_graph::DType::I64 => {
                type $T = i64;
                $body
            }
            thalweg_graph::DType::Bool => {
                type $T = u8;
                $body
            }
        }
    };
}
pub(crate) use with_element;
