//! gather and scatter_add: slices of a dimension picked, or added up, by index.

use super::copy;
use super::parallel::rows;
use super::strided::Strided;
use crate::tensor::element::{Element, with_element};
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use half::bf16;
use std::ops::AddAssign;
use std::sync::Arc;
use thalweg_graph::{DType, Type, count};

/// The indices as numbers below `size`.
fn checked(op: &str, indices: &Tensor, size: usize) -> Result<Vec<usize>> {
    let read = indices.read();
    let source = Strided::of(read.slice::<i64>()?, read.layout);
    let mut raw = vec![0i64; indices.ty().count()];
    source.fill(0, &mut raw);
    let place = |(position, &index): (usize, &i64)| match usize::try_from(index) {
        Ok(i) if i < size => Ok(i),
        _ => Err(out_of_range(op, position, index, size)),
    };
    raw.iter().enumerate().map(place).collect()
}

/// What is wrong with element `position` of the indices.
pub(crate) fn out_of_range(op: &str, position: usize, index: i64, size: usize) -> EngineError {
    let error = EngineError::data(format!("{op}: index {index} (element {position} of the indices) is out of range"));
    error.with(format!("0 ≤ index < {size}"), index.to_string())
}

/// Dimension `axis` of `x` replaced by the dimensions of `indices`.
pub(crate) fn gather(x: &Tensor, axis: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    with_element!(ty.dtype, T => pick::<T>(x, axis, indices, ty))
}

fn pick<T: Element>(x: &Tensor, axis: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let shape = &x.ty().shape;
    let (size, inner) = (shape[axis], count(&shape[axis + 1..]));
    let picked = checked("gather", indices, size)?;
    let source = x.contiguous()?;
    let read = source.read();
    let start = read.layout.start_offset();
    let values = &read.slice::<T>()?[start..start + count(shape)];
    let mut out = pool::buffer::<T>(ty.count());
    rows(&mut out, inner, inner, |row, piece| {
        let (outer, i) = (row / picked.len(), picked[row % picked.len()]);
        let from = (outer * size + i) * inner;
        piece.copy_from_slice(&values[from..from + inner]);
    });
    Tensor::own(out, ty)
}

/// `updates` added at `indices` of zeros, in the order of the indices.
pub(crate) fn scatter_add(updates: &Tensor, axis: usize, size: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match ty.dtype {
        DType::F32 => add_up::<f32>(updates, axis, size, indices, ty),
        DType::F64 => add_up::<f64>(updates, axis, size, indices, ty),
        DType::I64 => add_up_with::<i64>(updates, axis, size, indices, ty, |a, b| *a = a.wrapping_add(b)),
        DType::BF16 => {
            let wide = copy::cast(updates, Arc::new(updates.ty().with_dtype(DType::F32)))?;
            let out = add_up::<f32>(&wide, axis, size, indices, Arc::new(ty.with_dtype(DType::F32)))?;
            copy::map(&out, ty, bf16::from_f32)
        }
        DType::Bool => Err(EngineError::internal("a sum of truth values")),
    }
}

fn add_up<T: Element + AddAssign>(updates: &Tensor, axis: usize, size: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    add_up_with::<T>(updates, axis, size, indices, ty, |a, b| *a += b)
}

fn add_up_with<T: Element>(
    updates: &Tensor,
    axis: usize,
    size: usize,
    indices: &Tensor,
    ty: Arc<Type>,
    add: impl Fn(&mut T, T) + Sync,
) -> Result<Tensor> {
    let places = checked("scatter_add", indices, size)?;
    let inner = count(&ty.shape[axis + 1..]);
    let source = updates.contiguous()?;
    let read = source.read();
    let start = read.layout.start_offset();
    let values = &read.slice::<T>()?[start..start + updates.ty().count()];
    let mut out = pool::zeros::<T>(ty.count());
    rows(&mut out, size * inner, places.len() * inner, |outer, sums| {
        let given = &values[outer * places.len() * inner..(outer + 1) * places.len() * inner];
        for (slice, place) in given.chunks(inner.max(1)).zip(&places) {
            let target = &mut sums[place * inner..(place + 1) * inner];
            target.iter_mut().zip(slice).for_each(|(t, v)| add(t, *v));
        }
    });
    Tensor::own(out, ty)
}
