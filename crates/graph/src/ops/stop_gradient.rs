//! stop_gradient: the value, treated as a constant by differentiation.

use super::{Jvp, Rule, Vjp};
use crate::{Result, Type, Var};

/// The operand, with zero derivative.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StopGradient;

impl Rule for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        Ok(inputs[0].clone())
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
