//! random: seeded random numbers (Philox4x32-10: Salmon, Moraes, Dror, Shaw, SC 2011).
//! A pure function of its operands, its stream and the flat element index, so that rows do not depend on the batch size.

use super::{Jvp, Rule, Vjp, show};
use crate::{DType, GraphError, Result, Type, Var};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Uniform on the open interval (0, 1).
    Uniform,
    /// Standard normal.
    Normal,
}

/// Random numbers of type `ty`. Operands: `seed` (the key) and `counter` (which draw), both scalar i64; `stream` tells apart
/// the random ops of one program. Derivatives with respect to all operands are zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Random {
    /// The distribution.
    pub distribution: Distribution,
    /// A constant that no other random op of the program has.
    pub stream: u64,
    /// Type of the result; f32 or f64.
    pub ty: Type,
}

impl Rule for Random {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Uniform => "random_uniform",
            Distribution::Normal => "random_normal",
        }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs.len() != 2 || inputs.iter().any(|t| *t != Type::scalar(DType::I64)) {
            return Err(GraphError::dtype(self.name(), "wrong operands", "seed and counter, scalar i64", show(inputs)));
        }
        if !matches!(self.ty.dtype, DType::F32 | DType::F64) {
            return Err(GraphError::dtype(self.name(), "wrong element type", "f32 or f64", self.ty.to_string()));
        }
        Ok(self.ty.clone())
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![None, None]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
