//! input: a value given from outside.
//! Its type is declared, so it has no rule to check.

use super::{Jvp, Rule, Vjp};
use crate::{GraphError, Result, Type, Var};

/// The `index`-th input of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// Position among the graph's inputs.
    pub index: usize,
}

impl Rule for Input {
    fn name(&self) -> &'static str {
        "input"
    }
    fn infer(&self, _inputs: &[Type]) -> Result<Type> {
        Err(GraphError::trace("input", "not an operation", "Builder::input", "Builder::push"))
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        Vec::new()
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
