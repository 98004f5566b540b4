//! arg_sort: the order in which a dimension's elements ascend, as indices. Has no derivative.
//! Sorting, quantiles and ranks are elements taken in that order: see `Var::sort` and `Var::quantile`.

use super::{Jvp, Rule, Vjp};
use crate::{Builder, DType, Literal, Result, Type, Var};

/// Indices (i64, of the operand's shape) that sort `axis` ascending. Stable: equal elements, −0 and 0 among them, keep their
/// order. NaN comes last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgSort {
    /// The dimension.
    pub axis: usize,
}

impl Rule for ArgSort {
    fn name(&self) -> &'static str {
        "arg_sort"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        super::reduce_sum::reduced("arg_sort", &[self.axis], inputs)?;
        Ok(inputs[0].with_dtype(DType::I64))
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        let length = ty.shape[self.axis];
        if length <= 1 {
            return Some(builder.literal(Literal::splat_i64(0, ty.shape.clone())));
        }
        // Elements that are all equal are in order already.
        inputs[0].as_literal()?.splat_value()?;
        let mut column = vec![1; ty.rank() - self.axis];
        column[0] = length;
        Some(builder.iota(DType::I64, length).reshape(&column).broadcast_to(&ty.shape))
    }
}
