//! reduce_max: the maximum over some dimensions, which disappear.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, GraphError, Result, Type, Var};

/// The maximum over `axes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReduceMax {
    /// The dimensions that disappear; ascending, distinct.
    pub axes: Vec<usize>,
}

impl Rule for ReduceMax {
    fn name(&self) -> &'static str {
        "reduce_max"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let ty = super::reduce_sum::reduced("reduce_max", &self.axes, inputs)?;
        if ty.count() > 0 && self.axes.iter().any(|&a| inputs[0].shape[a] == 0) {
            return Err(GraphError::shape("reduce_max", "maximum of nothing", "at least one element to compare", show(inputs)));
        }
        Ok(ty)
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let share = self.share(ctx.inputs[0], ctx.output);
        vec![Some(ctx.cotangent.unsqueeze(&self.axes).broadcast_to(&share.shape()) * share)]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| (t * self.share(ctx.inputs[0], ctx.output)).sum(&self.axes))
    }
    fn simplify<'g>(&self, _builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        let shape = inputs[0].shape();
        self.axes.iter().all(|&a| shape[a] == 1).then(|| inputs[0].reshape(&ty.shape))
    }
}

impl ReduceMax {
    /// 1/n at each of the n places where the maximum is reached, 0 elsewhere.
    fn share<'g>(&self, x: Var<'g>, max: Var<'g>) -> Var<'g> {
        let hit = x.eq(max.unsqueeze(&self.axes).broadcast_to(&x.shape())).cast(x.dtype());
        hit / hit.sum(&self.axes).unsqueeze(&self.axes).broadcast_to(&x.shape())
    }
}
