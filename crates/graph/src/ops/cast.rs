//! cast: the same numbers in another element type.
//! Differentiable between float types; floats become integers by truncation towards zero, and bool by ≠ 0.

use super::{Jvp, Rule, Vjp};
use crate::{Builder, DType, Number, Result, Type, Var};

/// Converts to `dtype`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cast {
    /// The new element type.
    pub dtype: DType,
}

impl Rule for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        Ok(inputs[0].with_dtype(self.dtype))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let from = ctx.inputs[0].dtype();
        vec![(from.is_float() && self.dtype.is_float()).then(|| ctx.cotangent.cast(from))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].filter(|_| self.dtype.is_float()).map(|t| t.cast(self.dtype))
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if inputs[0].dtype() == self.dtype {
            return Some(inputs[0]);
        }
        let x = inputs[0].as_literal()?;
        super::fold::fold(builder, ty, &[&x], |n| match (n[0], self.dtype) {
            (Number::Int(i), DType::I64) => Number::Int(i),
            (n, dtype) => Number::of(n.as_f64(), dtype),
        })
    }
}
