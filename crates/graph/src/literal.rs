//! Constant tensors of a graph: either one value repeated (whatever the shape), or all values.
//! Values are kept exactly (f64 or i64) and rounded to the element type when they are made.

use crate::{DType, Type};
use std::sync::Arc;

/// The values of a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// One value for all elements.
    Splat(Number),
    /// All elements, row-major.
    Dense(Arc<[Number]>),
}

/// One element: a float by its bits (so that equality and hashing are exact), or an integer (also for `Bool`: 0 or 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    /// Bits of an f64.
    Float(u64),
    /// An integer or a truth value.
    Int(i64),
}

impl Number {
    /// The number as f64.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Float(bits) => f64::from_bits(bits),
            Number::Int(i) => i as f64,
        }
    }

    /// The number as i64 (floats are truncated).
    pub fn as_i64(self) -> i64 {
        match self {
            Number::Float(bits) => f64::from_bits(bits) as i64,
            Number::Int(i) => i,
        }
    }

    /// `value` as an element of `dtype`, rounded to it.
    pub fn of(value: f64, dtype: DType) -> Number {
        match dtype {
            DType::F64 => Number::Float(value.to_bits()),
            DType::F32 => Number::Float((value as f32 as f64).to_bits()),
            DType::BF16 => Number::Float(round_bf16(value).to_bits()),
            DType::I64 => Number::Int(value as i64),
            DType::Bool => Number::Int((value != 0.0) as i64),
        }
    }
}

/// Round to the nearest bf16, ties to even.
fn round_bf16(value: f64) -> f64 {
    let bits = (value as f32).to_bits();
    if (value as f32).is_nan() {
        return f64::NAN;
    }
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000;
    f32::from_bits(rounded) as f64
}

/// A constant tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    /// Its type.
    pub ty: Type,
    /// Its values.
    pub values: Values,
}

impl Literal {
    /// A tensor whose elements all are `value`.
    pub fn splat(value: f64, ty: Type) -> Literal {
        let values = Values::Splat(Number::of(value, ty.dtype));
        Literal { ty, values }
    }

    /// A tensor of integers all equal `value`, exact beyond 2⁵³.
    pub fn splat_i64(value: i64, shape: impl Into<Vec<usize>>) -> Literal {
        Literal { ty: Type::new(DType::I64, shape), values: Values::Splat(Number::Int(value)) }
    }

    /// A tensor of these values, row-major. Panics if the count differs from the shape's.
    pub fn dense(values: &[f64], ty: Type) -> Literal {
        assert_eq!(values.len(), ty.count(), "literal of type {ty}");
        let all: Arc<[Number]> = values.iter().map(|&v| Number::of(v, ty.dtype)).collect();
        Literal { ty, values: Values::Dense(all) }
    }

    /// A tensor of these elements, row-major, which are of its type; a splat where all are equal. Panics if the count differs from
    /// the shape's.
    pub fn of_elements(elements: &[Number], ty: Type) -> Literal {
        assert_eq!(elements.len(), ty.count(), "literal of type {ty}");
        let values = match elements {
            [first, rest @ ..] if rest.iter().all(|each| each == first) => Values::Splat(*first),
            _ => Values::Dense(elements.into()),
        };
        Literal { ty, values }
    }

    /// The single value, if all elements are known to be equal.
    pub fn splat_value(&self) -> Option<Number> {
        match &self.values {
            Values::Splat(v) => Some(*v),
            Values::Dense(all) if all.len() == 1 => Some(all[0]),
            Values::Dense(_) => None,
        }
    }

    /// Element `i` in row-major order.
    pub fn at(&self, i: usize) -> Number {
        match &self.values {
            Values::Splat(v) => *v,
            Values::Dense(all) => all[i],
        }
    }
}
