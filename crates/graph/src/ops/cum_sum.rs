//! cum_sum: running sums along a dimension.
//! The transpose of the forward sum is the backward one.

use super::{Jvp, Rule, Vjp};
use crate::{Result, Type, Var};

/// Element i is the sum of elements 0 … i of `axis` (of i … n − 1 if `reverse`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CumSum {
    /// The dimension.
    pub axis: usize,
    /// Whether the sum runs from the end.
    pub reverse: bool,
}

impl Rule for CumSum {
    fn name(&self) -> &'static str {
        "cum_sum"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        super::reduce_sum::reduced("cum_sum", &[self.axis], inputs)?;
        Ok(inputs[0].clone())
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![Some(ctx.cotangent.cum_sum(self.axis, !self.reverse))]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        ctx.tangents[0].map(|t| t.cum_sum(self.axis, self.reverse))
    }
}
