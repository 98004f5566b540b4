//! iota: 0, 1, 2, …
//! The seed of index arithmetic: positions, one-hot rows, batch offsets.

use super::{Jvp, Rule, Vjp};
use crate::{DType, GraphError, Result, Type, Var};

/// The vector 0, 1, …, `length` − 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Iota {
    /// Element type, a number.
    pub dtype: DType,
    /// Number of elements.
    pub length: usize,
}

impl Rule for Iota {
    fn name(&self) -> &'static str {
        "iota"
    }
    fn infer(&self, _inputs: &[Type]) -> Result<Type> {
        if self.dtype == DType::Bool {
            return Err(GraphError::dtype("iota", "wrong element type", "a number", "bool"));
        }
        Ok(Type::new(self.dtype, vec![self.length]))
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        Vec::new()
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
