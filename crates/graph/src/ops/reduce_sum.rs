//! reduce_sum: the sum over some dimensions, which disappear.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, GraphError, Result, Type, Var};

/// The sum over `axes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReduceSum {
    /// The dimensions that disappear; ascending, distinct.
    pub axes: Vec<usize>,
}

/// The shape without `axes`, or what is wrong with them.
pub(super) fn reduced(op: &str, axes: &[usize], inputs: &[Type]) -> Result<Type> {
    let x = &inputs[0];
    let ascending = axes.windows(2).all(|w| w[0] < w[1]);
    if !ascending || axes.last().is_some_and(|&a| a >= x.rank()) {
        let expected = format!("distinct dimensions below {}, ascending", x.rank());
        return Err(GraphError::shape(op, "wrong dimensions", expected, format!("{axes:?} of {}", show(inputs))));
    }
    if x.dtype == crate::DType::Bool {
        return Err(GraphError::dtype(op, "wrong element type", "numbers", show(inputs)));
    }
    let keep = |(d, &size): (usize, &usize)| (!axes.contains(&d)).then_some(size);
    Ok(x.with_shape(x.shape.iter().enumerate().filter_map(keep).collect::<Vec<_>>()))
}

impl Rule for ReduceSum {
    fn name(&self) -> &'static str {
        "reduce_sum"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        reduced("reduce_sum", &self.axes, inputs)
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let shape = ctx.inputs[0].shape();
        vec![Some(ctx.cotangent.unsqueeze(&self.axes).broadcast_to(&shape))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.sum(&self.axes))
    }
    fn simplify<'g>(&self, _builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        let shape = inputs[0].shape();
        if self.axes.iter().all(|&a| shape[a] == 1) {
            return Some(inputs[0].reshape(&ty.shape));
        }
        None
    }
}
