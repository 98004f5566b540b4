//! log_sum_exp along one dimension, shifted by the maximum so that it cannot overflow.

use super::CompositeRule;
use crate::{Result, Type, Var, ops::ReduceMax, ops::Rule};

/// log Σ exp(x) along `axis`, which disappears.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogSumExp {
    /// The dimension that disappears.
    pub axis: usize,
}

impl CompositeRule for LogSumExp {
    fn name(&self) -> &'static str {
        "log_sum_exp"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        ReduceMax { axes: vec![self.axis] }.infer(inputs)
    }
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Var<'g> {
        let x = inputs[0];
        let top = x.max(&[self.axis]).stop_gradient();
        (x - top.unsqueeze(&[self.axis])).exp().sum(&[self.axis]).ln() + top
    }
}
