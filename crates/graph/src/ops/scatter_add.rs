//! scatter_add: adds slices at indexed places of a tensor of zeros, in index order.
//! The transpose of gather.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Result, Type, Var};

/// Operands `updates` and `indices` (i64): the dimensions of `indices` at `axis` of `updates` become one dimension of `size`.
/// Slices of equal index are added in row-major order of `indices`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScatterAdd {
    /// Where the indexed dimension is.
    pub axis: usize,
    /// Size of the indexed dimension.
    pub size: usize,
}

impl Rule for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let (updates, indices) = (&inputs[0], &inputs[1]);
        let end = self.axis + indices.rank();
        if indices.dtype != DType::I64 || end > updates.rank() || updates.shape[self.axis..end] != indices.shape[..] || updates.dtype == DType::Bool {
            let expected = format!("numbers whose dimensions from {} on are those of the i64 indices", self.axis);
            return Err(GraphError::shape("scatter_add", "operands do not fit", expected, show(inputs)));
        }
        Ok(updates.with_shape([&updates.shape[..self.axis], &[self.size], &updates.shape[end..]].concat()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![ctx.wanted[0].then(|| ctx.cotangent.gather(self.axis, ctx.inputs[1])), None]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.scatter_add(ctx.inputs[1], self.axis, self.size))
    }
}
