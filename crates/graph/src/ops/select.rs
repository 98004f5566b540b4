//! select: elementwise choice between two tensors.
//! The derivative flows only into the chosen side, so a NaN on the other side must be avoided before, not here.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, DType, GraphError, Result, Type, Var};

/// Operands `condition` (bool), `then`, `otherwise`, all of one shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Select;

impl Rule for Select {
    fn name(&self) -> &'static str {
        "select"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs[0].dtype != DType::Bool || inputs[1] != inputs[2] || inputs[0].shape != inputs[1].shape {
            let expected = "a bool tensor and two tensors of one type, all of one shape";
            return Err(GraphError::shape("select", "operands do not fit", expected, show(inputs)));
        }
        Ok(inputs[1].clone())
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let (condition, zero) = (ctx.inputs[0], ctx.cotangent.constant(0.0));
        vec![
            None,
            ctx.wanted[1].then(|| condition.select(ctx.cotangent, zero)),
            ctx.wanted[2].then(|| condition.select(zero, ctx.cotangent)),
        ]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        if ctx.tangents[1].is_none() && ctx.tangents[2].is_none() {
            return None;
        }
        let or_zero = |t: Option<Var<'g>>| t.unwrap_or(ctx.output.constant(0.0));
        Some(ctx.inputs[0].select(or_zero(ctx.tangents[1]), or_zero(ctx.tangents[2])))
    }
    fn simplify<'g>(&self, _builder: &'g Builder, inputs: &[Var<'g>], _ty: &Type) -> Option<Var<'g>> {
        if inputs[1].id() == inputs[2].id() {
            return Some(inputs[1]);
        }
        let condition = inputs[0].as_literal()?.splat_value()?;
        Some(if condition.as_i64() != 0 { inputs[1] } else { inputs[2] })
    }
}
