//! concat: tensors one behind the other along a dimension.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, GraphError, Result, Type, Var};

/// The operands joined along `axis`; other dimensions agree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The dimension along which to join.
    pub axis: usize,
}

impl Rule for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let Some(first) = inputs.first() else {
            return Err(GraphError::shape("concat", "nothing to join", "at least one tensor", "none"));
        };
        let fits = |t: &Type| {
            t.dtype == first.dtype && t.rank() == first.rank() && (0..t.rank()).all(|d| d == self.axis || t.shape[d] == first.shape[d])
        };
        if self.axis >= first.rank() || !inputs.iter().all(fits) {
            let expected = format!("tensors that agree except in dimension {}", self.axis);
            return Err(GraphError::shape("concat", "operands do not fit", expected, show(inputs)));
        }
        let mut shape = first.shape.clone();
        shape[self.axis] = inputs.iter().map(|t| t.shape[self.axis]).sum();
        Ok(first.with_shape(shape))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let mut start = 0;
        let part = |(x, wanted): (&Var<'g>, &bool)| {
            let length = x.shape()[self.axis];
            start += length;
            wanted.then(|| ctx.cotangent.narrow(self.axis, start - length, length))
        };
        ctx.inputs.iter().zip(ctx.wanted).map(part).collect()
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        let or_zero = |(x, t): (&Var<'g>, &Option<Var<'g>>)| t.unwrap_or(x.constant(0.0));
        let tangents: Vec<Var<'g>> = ctx.inputs.iter().zip(ctx.tangents).map(or_zero).collect();
        Some(Var::concat(&tangents, self.axis))
    }
    fn simplify<'g>(&self, _builder: &'g Builder, inputs: &[Var<'g>], _ty: &Type) -> Option<Var<'g>> {
        (inputs.len() == 1).then(|| inputs[0])
    }
}
