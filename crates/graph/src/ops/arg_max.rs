//! arg_max: where the largest element of a dimension is; the first one at a tie. Has no derivative.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Result, Type, Var};

/// Index (i64) of the largest element along `axis`, which disappears.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgMax {
    /// The dimension.
    pub axis: usize,
}

impl Rule for ArgMax {
    fn name(&self) -> &'static str {
        "arg_max"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let mut ty = super::reduce_sum::reduced("arg_max", &[self.axis], inputs)?;
        if inputs[0].shape[self.axis] == 0 {
            return Err(GraphError::shape("arg_max", "maximum of nothing", "at least one element to compare", show(inputs)));
        }
        ty.dtype = DType::I64;
        Ok(ty)
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
