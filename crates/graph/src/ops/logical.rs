//! logical: elementwise and, or, xor of truth values.
//! Negation is `xor` with true; has no derivative.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, DType, GraphError, Number, Result, Type, Var};

/// Which connective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connective {
    /// a ∧ b.
    And,
    /// a ∨ b.
    Or,
    /// a ≠ b.
    Xor,
}

impl Connective {
    /// The value for truth values `a`, `b`.
    pub fn eval(self, a: bool, b: bool) -> bool {
        match self {
            Connective::And => a & b,
            Connective::Or => a | b,
            Connective::Xor => a ^ b,
        }
    }
}

/// A connective of two tensors of truth values of one shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Logical {
    /// The connective.
    pub connective: Connective,
}

impl Rule for Logical {
    fn name(&self) -> &'static str {
        match self.connective {
            Connective::And => "and",
            Connective::Or => "or",
            Connective::Xor => "xor",
        }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs[0] != inputs[1] || inputs[0].dtype != DType::Bool {
            return Err(GraphError::dtype(self.name(), "wrong operands", "two bool tensors of one shape", show(inputs)));
        }
        Ok(inputs[0].clone())
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None, None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        let (a, b) = (inputs[0].as_literal()?, inputs[1].as_literal()?);
        super::fold::fold(builder, ty, &[&a, &b], |n| {
            Number::Int(self.connective.eval(n[0].as_i64() != 0, n[1].as_i64() != 0) as i64)
        })
    }
}
