//! matmul: the batched matrix product.
//! Leading dimensions are a batch and must agree (Var::matmul broadcasts them first).

use super::{Jvp, Rule, Vjp, show};
use crate::{GraphError, Result, Type, Var};

/// `[…, m, k] × […, k, n] → […, m, n]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MatMul;

impl Rule for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let (a, b) = (&inputs[0], &inputs[1]);
        let err = |message: &str, expected: &str| Err(GraphError::shape("matmul", message, expected, show(inputs)));
        if a.rank() < 2 || a.rank() != b.rank() {
            return err("wrong number of dimensions", "two tensors of the same rank ≥ 2");
        }
        let r = a.rank();
        if a.dtype != b.dtype || !a.dtype.is_float() {
            return Err(GraphError::dtype("matmul", "element types do not fit", "two float tensors of one element type", show(inputs)));
        }
        if a.shape[r - 1] != b.shape[r - 2] {
            return err("inner dimensions differ", "[…, m, k] × […, k, n]");
        }
        if a.shape[..r - 2] != b.shape[..r - 2] {
            return err("batch dimensions differ", "equal leading dimensions");
        }
        let mut shape = a.shape.clone();
        shape[r - 1] = b.shape[r - 1];
        Ok(a.with_shape(shape))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let (a, b, c) = (ctx.inputs[0], ctx.inputs[1], ctx.cotangent);
        vec![ctx.wanted[0].then(|| c.matmul(b.t())), ctx.wanted[1].then(|| a.t().matmul(c))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        let left = ctx.tangents[0].map(|t| t.matmul(ctx.inputs[1]));
        let right = ctx.tangents[1].map(|t| ctx.inputs[0].matmul(t));
        match (left, right) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        }
    }
}
