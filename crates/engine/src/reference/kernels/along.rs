//! take_along and add_along: elements of a dimension picked, or added up, each by an index of its own.

use super::copy;
use super::index::out_of_range;
use super::parallel::{pieces, rows};
use crate::tensor::element::{Element, with_element};
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use half::bf16;
use std::sync::Arc;
use thalweg_graph::{DType, Type, count};

/// That all indices are below `size`.
fn check(op: &str, indices: &[i64], size: usize) -> Result<()> {
    let outside = |&index: &i64| usize::try_from(index).map_or(true, |i| i >= size);
    match indices.iter().position(outside) {
        Some(position) => Err(out_of_range(op, position, indices[position], size)),
        None => Ok(()),
    }
}

/// Elements of dimension `axis` of `x` at `indices`.
pub(crate) fn take(x: &Tensor, axis: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    with_element!(ty.dtype, T => pick::<T>(x, axis, indices, ty))
}

fn pick<T: Element>(x: &Tensor, axis: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let (source, places) = (x.contiguous()?, indices.contiguous()?);
    let (read, chosen) = (source.read(), places.read());
    let (start, first) = (read.layout.start_offset(), chosen.layout.start_offset());
    let values = &read.slice::<T>()?[start..start + x.ty().count()];
    let chosen = &chosen.slice::<i64>()?[first..first + ty.count()];
    let (size, inner) = (x.ty().shape[axis], count(&ty.shape[axis + 1..]));
    check("take_along", chosen, size)?;
    let block = ty.shape[axis] * inner;
    let mut out = pool::buffer::<T>(ty.count());
    pieces(&mut out, |begin, piece| {
        for (k, value) in piece.iter_mut().enumerate() {
            let at = begin + k;
            *value = values[(at / block * size + chosen[at] as usize) * inner + at % inner];
        }
    });
    Tensor::own(out, ty)
}

/// `updates` added at `indices` of zeros, in the order of the indices. bf16 is added up in f32 and rounded once.
pub(crate) fn add(updates: &Tensor, axis: usize, size: usize, indices: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match ty.dtype {
        DType::F32 => add_up(updates, axis, size, indices, ty, |a: f32, b| a + b),
        DType::F64 => add_up(updates, axis, size, indices, ty, |a: f64, b| a + b),
        DType::I64 => add_up(updates, axis, size, indices, ty, i64::wrapping_add),
        DType::BF16 => {
            let wide = copy::cast(updates, Arc::new(updates.ty().with_dtype(DType::F32)))?;
            let out = add(&wide, axis, size, indices, Arc::new(ty.with_dtype(DType::F32)))?;
            copy::map(&out, ty, bf16::from_f32)
        }
        DType::Bool => Err(EngineError::internal("a sum of truth values")),
    }
}

fn add_up<T: Element>(
    updates: &Tensor,
    axis: usize,
    size: usize,
    indices: &Tensor,
    ty: Arc<Type>,
    sum: impl Fn(T, T) -> T + Sync,
) -> Result<Tensor> {
    let (source, places) = (updates.contiguous()?, indices.contiguous()?);
    let (read, chosen) = (source.read(), places.read());
    let (start, first, total) = (read.layout.start_offset(), chosen.layout.start_offset(), updates.ty().count());
    let values = &read.slice::<T>()?[start..start + total];
    let chosen = &chosen.slice::<i64>()?[first..first + total];
    check("add_along", chosen, size)?;
    let inner = count(&ty.shape[axis + 1..]);
    let block = updates.ty().shape[axis] * inner;
    let mut out = pool::zeros::<T>(ty.count());
    rows(&mut out, size * inner, block, |outer, sums| {
        for (k, at) in (outer * block..(outer + 1) * block).enumerate() {
            let target = &mut sums[chosen[at] as usize * inner + k % inner];
            *target = sum(*target, values[at]);
        }
    });
    Tensor::own(out, ty)
}
