//! slice: a rectangular part of a tensor, with steps.
//! The transpose of a padding with gaps.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, GraphError, Literal, Result, Type, Values, Var};

/// Elements `starts[d] + i·steps[d] < stops[d]` of every dimension `d`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// First index of each dimension.
    pub starts: Vec<usize>,
    /// One past the last index of each dimension.
    pub stops: Vec<usize>,
    /// Distance between taken elements, ≥ 1.
    pub steps: Vec<usize>,
}

impl Rule for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let shape = &inputs[0].shape;
        let fits = self.starts.len() == shape.len()
            && self.stops.len() == shape.len()
            && self.steps.len() == shape.len()
            && (0..shape.len()).all(|d| self.starts[d] <= self.stops[d] && self.stops[d] <= shape[d] && self.steps[d] >= 1);
        if !fits {
            let got = format!("{:?}..{:?} step {:?} of {}", self.starts, self.stops, self.steps, show(inputs));
            return Err(GraphError::shape("slice", "range outside the tensor", "start ≤ stop ≤ size for every dimension", got));
        }
        let size = |d: usize| (self.stops[d] - self.starts[d]).div_ceil(self.steps[d]);
        Ok(inputs[0].with_shape((0..shape.len()).map(size).collect::<Vec<_>>()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let (from, to) = (ctx.inputs[0].shape(), ctx.output.shape());
        let extent = |d: usize| if to[d] == 0 { 0 } else { (to[d] - 1) * self.steps[d] + 1 };
        let before: Vec<usize> = (0..from.len()).map(|d| if to[d] == 0 { 0 } else { self.starts[d] }).collect();
        let after: Vec<usize> = (0..from.len()).map(|d| from[d] - before[d] - extent(d)).collect();
        let between: Vec<usize> = self.steps.iter().map(|s| s - 1).collect();
        vec![Some(ctx.cotangent.pad_with_gaps(&before, &after, &between))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.slice(&self.starts, &self.stops, &self.steps))
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if inputs[0].shape() == ty.shape {
            return Some(inputs[0]);
        }
        match inputs[0].as_literal()?.values {
            Values::Splat(value) => Some(builder.literal(Literal { ty: ty.clone(), values: Values::Splat(value) })),
            Values::Dense(_) => None,
        }
    }
}
