//! softmax along one dimension, shifted by the maximum so that it cannot overflow.

use super::CompositeRule;
use crate::ops::reduce_sum::reduced;
use crate::{Result, Type, Var};

/// exp(x) / Σ exp(x) along `axis`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Softmax {
    /// The dimension that sums to 1.
    pub axis: usize,
}

impl CompositeRule for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        reduced("softmax", &[self.axis], inputs)?;
        Ok(inputs[0].clone())
    }
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Var<'g> {
        let x = inputs[0];
        if x.ty().count() == 0 {
            return x;
        }
        let top = x.max(&[self.axis]).unsqueeze(&[self.axis]).stop_gradient();
        let e = (x - top).exp();
        e / e.sum(&[self.axis]).unsqueeze(&[self.axis])
    }
}
