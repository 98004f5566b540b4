//! arg_sort: the indices that put a dimension into ascending order, sorted where they lie in the result.
//! Ties are broken by index, so that the order is total: an unstable sort is stable, and has one result however it is shared.

use super::parallel::{SHARED_FROM, rows};
use crate::tensor::element::Element;
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result, threads};
use half::bf16;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;
use thalweg_graph::{DType, Type, count};

/// Indices that sort `axis` ascending; equal elements keep their order, NaN comes last.
pub(crate) fn arg_sort(x: &Tensor, axis: usize, ty: Arc<Type>) -> Result<Tensor> {
    match x.ty().dtype {
        DType::F32 => turned(x, axis, ty, ascending(f32::is_nan)),
        DType::F64 => turned(x, axis, ty, ascending(f64::is_nan)),
        DType::BF16 => turned(x, axis, ty, ascending(bf16::is_nan)),
        DType::I64 => turned(x, axis, ty, |a: i64, b| a.cmp(&b)),
        DType::Bool => Err(EngineError::internal("an order of truth values")),
    }
}

/// Ascending, −0 equal to 0, NaN equal to NaN and above all others.
fn ascending<T: PartialOrd + Copy>(nan: fn(T) -> bool) -> impl Fn(T, T) -> Ordering + Sync {
    move |a, b| a.partial_cmp(&b).unwrap_or_else(|| nan(a).cmp(&nan(b)))
}

/// Moves `axis` behind the others, sorts rows, and moves it back.
fn turned<T: Element>(x: &Tensor, axis: usize, ty: Arc<Type>, order: impl Fn(T, T) -> Ordering + Sync) -> Result<Tensor> {
    let (shape, rank) = (&x.ty().shape, x.ty().rank());
    if count(&shape[axis + 1..]) == 1 {
        return Tensor::own(sorted::<T>(&x.contiguous()?, shape[axis], order)?, ty);
    }
    let there: Vec<usize> = (0..rank).filter(|&d| d != axis).chain([axis]).collect();
    let back: Vec<usize> = (0..axis).chain([rank - 1]).chain(axis..rank - 1).collect();
    let moved = there.iter().map(|&d| shape[d]).collect::<Vec<_>>();
    let source = x.permuted(&there, Arc::new(x.ty().with_shape(moved.clone())))?.contiguous()?;
    let indices = Tensor::own(sorted::<T>(&source, shape[axis], order)?, Arc::new(ty.with_shape(moved)))?;
    indices.permuted(&back, ty)?.contiguous()
}

/// The indices that sort each row of `length` elements of `x`, which has no gaps.
fn sorted<T: Element>(x: &Tensor, length: usize, order: impl Fn(T, T) -> Ordering + Sync) -> Result<Vec<i64>> {
    let read = x.read();
    let start = read.layout.start_offset();
    let values = &read.slice::<T>()?[start..start + x.ty().count()];
    let mut out = pool::buffer::<i64>(values.len());
    let comparisons = length.saturating_mul(length.max(1).ilog2() as usize + 1);
    rows(&mut out, length, comparisons, |row, indices| {
        let from = &values[row * length..(row + 1) * length];
        let before = |a: &i64, b: &i64| order(from[*a as usize], from[*b as usize]).then(a.cmp(b));
        indices.iter_mut().zip(0..).for_each(|(index, i)| *index = i);
        if length >= SHARED_FROM && threads::inside() {
            indices.par_sort_unstable_by(before);
        } else {
            indices.sort_unstable_by(before);
        }
    });
    Ok(out)
}
