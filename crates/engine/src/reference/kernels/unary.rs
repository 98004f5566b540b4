//! Elementwise functions of one tensor, in place where the operand is not needed any more.

use super::copy::map;
use super::parallel::{chunks, pieces};
use super::strided::Operand;
use crate::tensor::Tensor;
use crate::tensor::element::Element;
use crate::tensor::pool;
use crate::{EngineError, Result};
use half::bf16;
use std::sync::Arc;
use thalweg_graph::ops::unary::{Lane, Unary};
use thalweg_graph::{DType, Type};

/// `op(x)`; the result takes over the buffer of `x` if `reuse` and nothing else holds it.
pub(crate) fn unary(op: Unary, x: Tensor, reuse: bool) -> Result<Tensor> {
    let ty = x.shared_type();
    match ty.dtype {
        DType::F32 => float::<f32>(op, x, reuse),
        DType::F64 => float::<f64>(op, x, reuse),
        DType::BF16 => map(&x, ty, |v: bf16| bf16::from_f32(op.eval(v.to_f32()))),
        DType::I64 => match op {
            Unary::Neg => map(&x, ty, i64::wrapping_neg),
            Unary::Abs => map(&x, ty, i64::wrapping_abs),
            Unary::Sign => map(&x, ty, i64::signum),
            _ => Err(EngineError::internal(format!("{} of integers", op.name()))),
        },
        DType::Bool => Err(EngineError::internal(format!("{} of truth values", op.name()))),
    }
}

fn float<L: Element + Lane>(op: Unary, x: Tensor, reuse: bool) -> Result<Tensor> {
    if reuse && x.may_overwrite() {
        x.edit::<L, ()>(|values| pieces(values, |_, piece| op.map_in_place(piece)))?;
        return Ok(x);
    }
    let read = x.read();
    let source = Operand::<L>::of(&read)?;
    let mut out = pool::buffer::<L>(x.ty().count());
    chunks(&mut out, || source.scratch(), |scratch, start, chunk| op.map(source.get(start, chunk.len(), scratch), chunk));
    Tensor::own(out, x.shared_type())
}

/// Where the elements are neither infinite nor NaN.
pub(crate) fn is_finite(x: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match x.ty().dtype {
        DType::F32 => map(x, ty, |v: f32| v.is_finite() as u8),
        DType::F64 => map(x, ty, |v: f64| v.is_finite() as u8),
        DType::BF16 => map(x, ty, |v: bf16| v.is_finite() as u8),
        other => Err(EngineError::internal(format!("is_finite of {other}"))),
    }
}
