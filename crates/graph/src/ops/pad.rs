//! pad: a tensor surrounded, and interspersed, with zeros.
//! The transpose of a slice with steps.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, GraphError, Result, Type, Var};

/// Zeros before, after and between the elements of every dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pad {
    /// Zeros in front of each dimension.
    pub before: Vec<usize>,
    /// Zeros behind each dimension.
    pub after: Vec<usize>,
    /// Zeros between neighbours of each dimension.
    pub between: Vec<usize>,
}

impl Rule for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let shape = &inputs[0].shape;
        if [&self.before, &self.after, &self.between].iter().any(|v| v.len() != shape.len()) {
            let expected = format!("{} amounts before, after and between", shape.len());
            return Err(GraphError::shape("pad", "wrong number of dimensions", expected, show(inputs)));
        }
        let size = |d: usize| {
            let gaps = shape[d].saturating_sub(1).checked_mul(self.between[d])?;
            shape[d].checked_add(gaps)?.checked_add(self.before[d])?.checked_add(self.after[d])
        };
        match (0..shape.len()).map(size).collect::<Option<Vec<_>>>() {
            Some(padded) => Ok(inputs[0].with_shape(padded)),
            None => Err(GraphError::shape("pad", "a dimension overflows", "fewer zeros", show(inputs))),
        }
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let shape = ctx.output.shape();
        let stops: Vec<usize> = (0..shape.len()).map(|d| shape[d] - self.after[d]).collect();
        let steps: Vec<usize> = self.between.iter().map(|b| b + 1).collect();
        vec![Some(ctx.cotangent.slice(&self.before, &stops, &steps))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.pad_with_gaps(&self.before, &self.after, &self.between))
    }
    fn simplify<'g>(&self, _builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        (inputs[0].shape() == ty.shape).then_some(inputs[0])
    }
}
