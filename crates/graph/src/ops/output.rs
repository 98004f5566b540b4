//! output: one result of an op that has several (a scan).

use super::{Jvp, Op, Rule, Vjp};
use crate::{GraphError, Node, Result, Type, Var};

/// The `index`-th result of its operand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    /// Which result.
    pub index: usize,
}

impl Output {
    pub(crate) fn infer_from(&self, node: &Node) -> Result<Type> {
        match &node.op {
            Op::Scan(scan) => Ok(scan.result_types()[self.index].clone()),
            other => Err(GraphError::trace("output", "has a single result", "a scan", other.name())),
        }
    }
}

impl Rule for Output {
    fn name(&self) -> &'static str {
        "output"
    }
    fn infer(&self, _inputs: &[Type]) -> Result<Type> {
        Err(GraphError::trace("output", "operand unknown", "a scan", "nothing"))
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
