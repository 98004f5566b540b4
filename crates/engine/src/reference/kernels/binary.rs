//! Elementwise functions of two tensors, in place where an operand is not needed any more.
//! A repeated operand (a number, a bias, a column) is expanded chunk by chunk in the first-level cache, never as a whole.

use super::parallel::chunks;
use super::strided::Operand;
use crate::tensor::Tensor;
use crate::tensor::element::Element;
use crate::tensor::pool;
use crate::{EngineError, Result};
use half::bf16;
use std::sync::Arc;
use thalweg_graph::ops::binary::{Binary, Number, Wrapping};
use thalweg_graph::ops::{Comparison, Connective};
use thalweg_graph::{DType, Type};

/// `op(a, b)`; the result takes over the buffer of operand `reuse` if nothing else holds it.
pub(crate) fn binary(op: Binary, a: Tensor, b: Tensor, reuse: Option<usize>) -> Result<Tensor> {
    match a.ty().dtype {
        DType::F32 => float::<f32>(op, a, b, reuse),
        DType::F64 => float::<f64>(op, a, b, reuse),
        DType::BF16 => zip(&a, &b, a.shared_type(), |x: bf16, y: bf16| bf16::from_f32(op.eval(x.to_f32(), y.to_f32()))),
        DType::I64 => zip(&a, &b, a.shared_type(), |x: i64, y: i64| op.eval(Wrapping(x), Wrapping(y)).0),
        DType::Bool => Err(EngineError::internal(format!("{} of truth values", op.name()))),
    }
}

fn float<L: Element + Number>(op: Binary, a: Tensor, b: Tensor, reuse: Option<usize>) -> Result<Tensor> {
    if reuse == Some(0) && a.may_overwrite() {
        let read = b.read();
        let right = Operand::<L>::of(&read)?;
        a.edit::<L, ()>(|values| {
            let work = |scratch: &mut _, start, chunk: &mut [L]| {
                let count = chunk.len();
                op.map_left(chunk, right.get(start, count, scratch));
            };
            chunks(values, || right.scratch(), work)
        })?;
        return Ok(a);
    }
    if reuse == Some(1) && b.may_overwrite() {
        let read = a.read();
        let left = Operand::<L>::of(&read)?;
        b.edit::<L, ()>(|values| {
            let work = |scratch: &mut _, start, chunk: &mut [L]| {
                let count = chunk.len();
                op.map_right(left.get(start, count, scratch), chunk);
            };
            chunks(values, || left.scratch(), work)
        })?;
        return Ok(b);
    }
    let (read_a, read_b) = (a.read(), b.read());
    let (left, right) = (Operand::<L>::of(&read_a)?, Operand::<L>::of(&read_b)?);
    let mut out = pool::buffer::<L>(a.ty().count());
    chunks(
        &mut out,
        || (left.scratch(), right.scratch()),
        |(sa, sb), start, chunk| {
            op.map(left.get(start, chunk.len(), sa), right.get(start, chunk.len(), sb), chunk);
        },
    );
    Tensor::own(out, a.shared_type())
}

/// `out[i] = f(a[i], b[i])` between element types.
fn zip<T: Element, O: Element>(a: &Tensor, b: &Tensor, ty: Arc<Type>, f: impl Fn(T, T) -> O + Sync) -> Result<Tensor> {
    let (read_a, read_b) = (a.read(), b.read());
    let (left, right) = (Operand::<T>::of(&read_a)?, Operand::<T>::of(&read_b)?);
    let mut out = pool::buffer::<O>(ty.count());
    chunks(
        &mut out,
        || (left.scratch(), right.scratch()),
        |(sa, sb), start, chunk| {
            let (x, y) = (left.get(start, chunk.len(), sa), right.get(start, chunk.len(), sb));
            for ((o, x), y) in chunk.iter_mut().zip(x).zip(y) {
                *o = f(*x, *y);
            }
        },
    );
    Tensor::own(out, ty)
}

/// `a ⋄ b` as truth values.
pub(crate) fn compare(relation: Comparison, a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match a.ty().dtype {
        DType::F32 => ordered::<f32>(relation, a, b, ty),
        DType::F64 => ordered::<f64>(relation, a, b, ty),
        DType::BF16 => ordered::<bf16>(relation, a, b, ty),
        DType::I64 => ordered::<i64>(relation, a, b, ty),
        DType::Bool => ordered::<u8>(relation, a, b, ty),
    }
}

/// One specialised loop per relation.
fn ordered<T: Element + PartialOrd>(relation: Comparison, a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match relation {
        Comparison::Eq => zip(a, b, ty, |x: T, y: T| (x == y) as u8),
        Comparison::Ne => zip(a, b, ty, |x: T, y: T| (x != y) as u8),
        Comparison::Lt => zip(a, b, ty, |x: T, y: T| (x < y) as u8),
        Comparison::Le => zip(a, b, ty, |x: T, y: T| (x <= y) as u8),
        Comparison::Gt => zip(a, b, ty, |x: T, y: T| (x > y) as u8),
        Comparison::Ge => zip(a, b, ty, |x: T, y: T| (x >= y) as u8),
    }
}

/// A connective of truth values.
pub(crate) fn logical(connective: Connective, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    zip(a, b, a.shared_type(), |x: u8, y: u8| connective.eval(x != 0, y != 0) as u8)
}
