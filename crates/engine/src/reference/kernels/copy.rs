//! Copies of views: row-major order, reversed dimensions, slices with steps, casts.

use super::parallel::{chunks, pieces};
use super::strided::{Operand, Strided};
use crate::Result;
use crate::tensor::Tensor;
use crate::tensor::element::{Element, with_element};
use crate::tensor::pool;
use candle_core::WithDType;
use half::bf16;
use std::sync::Arc;
use thalweg_graph::ops::Slice;
use thalweg_graph::{DType, Type};

/// The same values in row-major order without gaps.
pub(crate) fn contiguous(x: &Tensor) -> Result<Tensor> {
    let shape = x.ty().shape.clone();
    strided(x, |offset, strides| (offset, strides), &shape)
}

/// Dimension `axis` in reverse.
pub(crate) fn flip(x: &Tensor, axis: usize) -> Result<Tensor> {
    let shape = x.ty().shape.clone();
    let last = shape[axis].saturating_sub(1) as isize;
    let reversed = |offset: isize, mut strides: Vec<isize>| {
        let start = offset + last * strides[axis];
        strides[axis] = -strides[axis];
        (start, strides)
    };
    strided(x, reversed, &shape)
}

/// A part with steps.
pub(crate) fn slice(x: &Tensor, op: &Slice, ty: &Type) -> Result<Tensor> {
    let part = |offset: isize, strides: Vec<isize>| {
        let start = strides.iter().zip(&op.starts).map(|(s, &i)| s * i as isize).sum::<isize>();
        (offset + start, strides.iter().zip(&op.steps).map(|(s, &n)| s * n as isize).collect())
    };
    strided(x, part, &ty.shape)
}

/// The view of `x` whose offset and strides `change` makes of those of `x`, copied.
fn strided(x: &Tensor, change: impl FnOnce(isize, Vec<isize>) -> (isize, Vec<isize>), shape: &[usize]) -> Result<Tensor> {
    let ty = Arc::new(x.ty().with_shape(shape));
    let read = x.read();
    let own: Vec<isize> = read.layout.stride().iter().map(|&s| s as isize).collect();
    let (offset, strides) = change(read.layout.start_offset() as isize, own);
    with_element!(ty.dtype, T => {
        let source = Strided::new(read.slice::<T>()?, offset, shape, &strides);
        let mut out = pool::buffer::<T>(ty.count());
        pieces(&mut out, |start, piece| source.fill(start, piece));
        Tensor::own(out, ty)
    })
}

/// The same numbers as another element type: floats to integers by truncation (saturating, NaN to 0), to bool by ≠ 0.
pub(crate) fn cast(x: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let to = ty.dtype;
    match x.ty().dtype {
        DType::F32 => cast_from::<f32>(x, ty, |v| v != 0.0, f64::from, |v| v as i64),
        DType::F64 => cast_from::<f64>(x, ty, |v| v != 0.0, |v| v, |v| v as i64),
        DType::BF16 => cast_from::<bf16>(x, ty, |v| v.to_f32() != 0.0, bf16::to_f64, |v| v.to_f32() as i64),
        // An i64 beyond 2⁵³ is rounded once: through f64 to f32 it would be rounded twice.
        DType::I64 if to == DType::F32 => map(x, ty, |v: i64| v as f32),
        DType::I64 => cast_from::<i64>(x, ty, |v| v != 0, |v| v as f64, |v| v),
        DType::Bool => cast_from::<u8>(x, ty, |v| v != 0, f64::from, i64::from),
    }
}

fn cast_from<T: Element>(
    x: &Tensor,
    ty: Arc<Type>,
    truth: impl Fn(T) -> bool + Sync,
    real: impl Fn(T) -> f64 + Sync,
    whole: impl Fn(T) -> i64 + Sync,
) -> Result<Tensor> {
    match ty.dtype {
        DType::F32 => map(x, ty, |v: T| real(v) as f32),
        DType::F64 => map(x, ty, real),
        DType::BF16 => map(x, ty, |v: T| bf16::from_f64(real(v))),
        DType::I64 => map(x, ty, whole),
        DType::Bool => map(x, ty, |v: T| truth(v) as u8),
    }
}

/// `out[i] = f(x[i])` between element types.
pub(crate) fn map<T: Element, O: Element + WithDType>(x: &Tensor, ty: Arc<Type>, f: impl Fn(T) -> O + Sync) -> Result<Tensor> {
    let read = x.read();
    let source = Operand::of(&read)?;
    let mut out = pool::buffer::<O>(ty.count());
    chunks(
        &mut out,
        || source.scratch(),
        |scratch, start, chunk| {
            let values = source.get(start, chunk.len(), scratch);
            chunk.iter_mut().zip(values).for_each(|(o, v)| *o = f(*v));
        },
    );
    drop(read);
    Tensor::own(out, ty)
}
