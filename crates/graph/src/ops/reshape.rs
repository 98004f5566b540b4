//! reshape: the same elements, row-major, under another shape.

use super::{Jvp, Op, Rule, Vjp, show};
use crate::{Builder, GraphError, Literal, Result, Type, Var};

/// The operand's elements as `shape`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reshape {
    /// The new shape, of the same element count.
    pub shape: Vec<usize>,
}

impl Rule for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs[0].count() != crate::count(&self.shape) {
            let expected = format!("{} elements for {:?}", crate::count(&self.shape), self.shape);
            return Err(GraphError::shape("reshape", "element counts differ", expected, format!("{} ({} elements)", show(inputs), inputs[0].count())));
        }
        Ok(inputs[0].with_shape(self.shape.clone()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![Some(ctx.cotangent.reshape(&ctx.inputs[0].shape()))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.reshape(&self.shape))
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if inputs[0].shape() == self.shape {
            return Some(inputs[0]);
        }
        if let Some((Op::Reshape(_), inner)) = inputs[0].definition() {
            return Some(builder.var(inner[0]).reshape(&self.shape));
        }
        let literal = inputs[0].as_literal()?;
        Some(builder.literal(Literal { ty: ty.clone(), ..literal }))
    }
}
