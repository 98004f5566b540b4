//! is_finite: where a tensor holds ordinary numbers.
//! The guard of a training step: a step whose loss or gradient is not finite changes nothing.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Result, Type, Var};

/// True where the element is neither infinite nor NaN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IsFinite;

impl Rule for IsFinite {
    fn name(&self) -> &'static str {
        "is_finite"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if !inputs[0].dtype.is_float() {
            return Err(GraphError::dtype("is_finite", "wrong element type", "a float tensor", show(inputs)));
        }
        Ok(inputs[0].with_dtype(DType::Bool))
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
