//! compare: elementwise =, ≠, <, ≤, >, ≥.
//! Gives truth values; has no derivative.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Literal, Number, Result, Type, Var};
use crate::Builder;

/// Which relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// a = b.
    Eq,
    /// a ≠ b.
    Ne,
    /// a < b.
    Lt,
    /// a ≤ b.
    Le,
    /// a > b.
    Gt,
    /// a ≥ b.
    Ge,
}

impl Comparison {
    /// Every relation.
    pub const ALL: &'static [Comparison] = &[Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    /// Whether `a ⋄ b`; every relation but ≠ is false where either is NaN.
    pub fn holds<L: PartialOrd>(self, a: L, b: L) -> bool {
        match self {
            Comparison::Eq => a == b,
            Comparison::Ne => a != b,
            Comparison::Lt => a < b,
            Comparison::Le => a <= b,
            Comparison::Gt => a > b,
            Comparison::Ge => a >= b,
        }
    }
}

/// `a ⋄ b`, elementwise, as `Bool`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Compare {
    /// The relation.
    pub comparison: Comparison,
}

impl Rule for Compare {
    fn name(&self) -> &'static str {
        match self.comparison {
            Comparison::Eq => "eq",
            Comparison::Ne => "ne",
            Comparison::Lt => "lt",
            Comparison::Le => "le",
            Comparison::Gt => "gt",
            Comparison::Ge => "ge",
        }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs[0] != inputs[1] {
            return Err(GraphError::shape(self.name(), "operands differ", "two tensors of one shape and element type", show(inputs)));
        }
        Ok(inputs[0].with_dtype(DType::Bool))
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None, None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        let (a, b): (Literal, Literal) = (inputs[0].as_literal()?, inputs[1].as_literal()?);
        let float = a.ty.dtype.is_float();
        let holds = |x: Number, y: Number| {
            if float { self.comparison.holds(x.as_f64(), y.as_f64()) } else { self.comparison.holds(x.as_i64(), y.as_i64()) }
        };
        super::fold::fold(builder, ty, &[&a, &b], |n| Number::Int(holds(n[0], n[1]) as i64))
    }
}
