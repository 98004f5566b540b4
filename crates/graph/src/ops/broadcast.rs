//! broadcast: repeats a tensor along new or size-1 dimensions.
//! NumPy's rule, aligned at the right; the transpose of a sum.

use super::{Jvp, Op, Rule, Vjp, show};
use crate::{Builder, GraphError, Literal, Result, Type, Values, Var};

/// The operand repeated to `shape`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broadcast {
    /// The new shape.
    pub shape: Vec<usize>,
}

impl Rule for Broadcast {
    fn name(&self) -> &'static str {
        "broadcast"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if crate::broadcast(&inputs[0].shape, &self.shape).as_ref() != Some(&self.shape) {
            let expected = format!("a shape that broadcasts to {:?}", self.shape);
            return Err(GraphError::shape("broadcast", "shapes do not fit", expected, show(inputs)));
        }
        Ok(inputs[0].with_shape(self.shape.clone()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![Some(ctx.cotangent.sum_to(&ctx.inputs[0].shape()))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.broadcast_to(&self.shape))
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if inputs[0].shape() == self.shape {
            return Some(inputs[0]);
        }
        if let Some((Op::Broadcast(_), inner)) = inputs[0].definition() {
            return Some(builder.var(inner[0]).broadcast_to(&self.shape));
        }
        let value = inputs[0].as_literal()?.splat_value()?;
        Some(builder.literal(Literal { ty: ty.clone(), values: Values::Splat(value) }))
    }
}
