//! add_along: elements added at indexed places of a dimension of zeros, each by an index of its own, in index order.
//! The transpose of take_along.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Result, Type, Var};

/// Operands `updates` and `indices` (i64) of one shape: update (…, i, …) is added at (…, indices(…, i, …), …) of zeros whose
/// dimension `axis` is of `size`. Updates of equal index are added in the order of i.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddAlong {
    /// The indexed dimension.
    pub axis: usize,
    /// Size of the indexed dimension.
    pub size: usize,
}

impl Rule for AddAlong {
    fn name(&self) -> &'static str {
        "add_along"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let (updates, indices) = (&inputs[0], &inputs[1]);
        if self.axis >= updates.rank() || indices.dtype != DType::I64 || updates.shape != indices.shape || updates.dtype == DType::Bool {
            let expected = format!("numbers and i64 indices of one shape of more than {} dimensions", self.axis);
            return Err(GraphError::shape("add_along", "operands do not fit", expected, show(inputs)));
        }
        let mut shape = updates.shape.clone();
        shape[self.axis] = self.size;
        Ok(updates.with_shape(shape))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![ctx.wanted[0].then(|| ctx.cotangent.take_along(self.axis, ctx.inputs[1])), None]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.add_along(ctx.inputs[1], self.axis, self.size))
    }
}
