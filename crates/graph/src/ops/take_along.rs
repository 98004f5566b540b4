//! take_along: elements of a dimension picked by an index of their own (NumPy's `take_along_axis`).
//! What puts values into the order that arg_sort found; the transpose of add_along.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, DType, GraphError, Result, Type, Var};

/// Operands `x` and `indices` (i64, of x's shape except along `axis`): element (…, i, …) is x at (…, indices(…, i, …), …).
/// An index outside 0 … size − 1 is an error of the run, naming the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TakeAlong {
    /// The indexed dimension.
    pub axis: usize,
}

impl Rule for TakeAlong {
    fn name(&self) -> &'static str {
        "take_along"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let (x, indices) = (&inputs[0], &inputs[1]);
        let fits = |(d, (a, b)): (usize, (&usize, &usize))| d == self.axis || a == b;
        let all_fit = x.rank() == indices.rank() && x.shape.iter().zip(&indices.shape).enumerate().all(fits);
        if self.axis >= x.rank() || indices.dtype != DType::I64 || !all_fit {
            let expected = format!("a tensor and i64 indices whose shapes differ in dimension {} only", self.axis);
            return Err(GraphError::shape("take_along", "operands do not fit", expected, show(inputs)));
        }
        Ok(x.with_shape(indices.shape.clone()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let size = ctx.inputs[0].shape()[self.axis];
        vec![ctx.wanted[0].then(|| ctx.cotangent.add_along(ctx.inputs[1], self.axis, size)), None]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.take_along(self.axis, ctx.inputs[1]))
    }
    fn simplify<'g>(&self, _builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        // One index for all is a slice, if it is in range.
        let index = usize::try_from(inputs[1].as_literal()?.splat_value()?.as_i64()).ok()?;
        let in_range = index < inputs[0].shape()[self.axis];
        in_range.then(|| inputs[0].narrow(self.axis, index, 1).broadcast_to(&ty.shape))
    }
}
