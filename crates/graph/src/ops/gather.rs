//! gather: slices of a tensor picked by index.
//! Embedding lookup and batch selection; the transpose of scatter_add.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Result, Type, Var};

/// Operands `x` and `indices` (i64, any shape): dimension `axis` of `x` is replaced by the dimensions of `indices`.
/// An index outside 0 … size − 1 is an error of the run, naming the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gather {
    /// The indexed dimension.
    pub axis: usize,
}

impl Rule for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if self.axis >= inputs[0].rank() || inputs[1].dtype != DType::I64 {
            let expected = format!("a tensor of more than {} dimensions and i64 indices", self.axis);
            return Err(GraphError::shape("gather", "operands do not fit", expected, show(inputs)));
        }
        let (x, indices) = (&inputs[0], &inputs[1]);
        Ok(x.with_shape([&x.shape[..self.axis], &indices.shape, &x.shape[self.axis + 1..]].concat()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let size = ctx.inputs[0].shape()[self.axis];
        vec![ctx.wanted[0].then(|| ctx.cotangent.scatter_add(ctx.inputs[1], self.axis, size)), None]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.gather(self.axis, ctx.inputs[1]))
    }
}
