//! transpose: the dimensions in another order.

use super::{Jvp, Op, Rule, Vjp, show};
use crate::{Builder, GraphError, Literal, Result, Type, Values, Var};

/// Dimension `i` of the value is dimension `permutation[i]` of the operand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transpose {
    /// A permutation of 0 … rank − 1.
    pub permutation: Vec<usize>,
}

impl Transpose {
    fn inverse(&self) -> Vec<usize> {
        let mut inverse = vec![0; self.permutation.len()];
        for (i, &p) in self.permutation.iter().enumerate() {
            inverse[p] = i;
        }
        inverse
    }
}

impl Rule for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let mut sorted = self.permutation.clone();
        sorted.sort_unstable();
        if sorted != (0..inputs[0].rank()).collect::<Vec<_>>() {
            let expected = format!("a permutation of {} dimensions", inputs[0].rank());
            return Err(GraphError::shape("transpose", "not a permutation", expected, format!("{:?} for {}", self.permutation, show(inputs))));
        }
        Ok(inputs[0].with_shape(self.permutation.iter().map(|&p| inputs[0].shape[p]).collect::<Vec<_>>()))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![Some(ctx.cotangent.transpose(&self.inverse()))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.transpose(&self.permutation))
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if self.permutation.iter().enumerate().all(|(i, &p)| i == p) {
            return Some(inputs[0]);
        }
        if let Some((Op::Transpose(inner), operand)) = inputs[0].definition() {
            let both: Vec<usize> = self.permutation.iter().map(|&p| inner.permutation[p]).collect();
            return Some(builder.var(operand[0]).transpose(&both));
        }
        match inputs[0].as_literal()?.values {
            Values::Splat(value) => Some(builder.literal(Literal { ty: ty.clone(), values: Values::Splat(value) })),
            Values::Dense(_) => None,
        }
    }
}
