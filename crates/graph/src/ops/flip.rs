//! flip: a dimension in reverse order.
//! Its own inverse and transpose; the reverse scan walks flipped sequences.

use super::{Jvp, Op, Rule, Vjp, show};
use crate::{Builder, GraphError, Result, Type, Var};

/// The operand with dimension `axis` reversed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flip {
    /// The dimension.
    pub axis: usize,
}

impl Rule for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if self.axis >= inputs[0].rank() {
            return Err(GraphError::shape("flip", "no such dimension", format!("more than {} dimensions", self.axis), show(inputs)));
        }
        Ok(inputs[0].clone())
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![Some(ctx.cotangent.flip(self.axis))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.flip(self.axis))
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if ty.shape[self.axis] <= 1 {
            return Some(inputs[0]);
        }
        match inputs[0].definition() {
            Some((Op::Flip(inner), operand)) if inner.axis == self.axis => Some(builder.var(operand[0])),
            _ => None,
        }
    }
}
