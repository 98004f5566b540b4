//! Sums and maxima over dimensions, with an order that is a function of the shape alone.
//! Long sums are added in blocks whose results are added pairwise, so that the rounding error grows with log n, not n.

use super::copy;
use super::parallel::rows;
use crate::tensor::element::Element;
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use std::sync::Arc;
use thalweg_graph::{DType, Type, count};

/// Elements added one after the other (in `LANES` interleaved sums) before sums are added pairwise.
const BLOCK: usize = 256;
const LANES: usize = 16;
/// Rows added one after the other when rows are summed.
const ROWS: usize = 32;
/// Columns whose sums fit into the first-level cache together.
const COLUMNS: usize = 512;

/// How values are joined.
pub(crate) trait Join<T>: Sync {
    /// The value of nothing.
    const START: T;
    /// The value of both.
    fn join(a: T, b: T) -> T;
}

/// a + b.
struct Sum;
/// The larger; NaN if either is.
struct Max;

macro_rules! joins {
    ($($type:ty, $add:expr, $least:expr, $nan:expr;)*) => {$(
        impl Join<$type> for Sum {
            const START: $type = 0 as $type;
            #[inline]
            fn join(a: $type, b: $type) -> $type {
                $add(a, b)
            }
        }
        impl Join<$type> for Max {
            const START: $type = $least;
            #[inline]
            fn join(a: $type, b: $type) -> $type {
                if a > b || $nan(a) { a } else { b }
            }
        }
    )*};
}

joins! {
    f32, |a, b| a + b, f32::NEG_INFINITY, f32::is_nan;
    f64, |a, b| a + b, f64::NEG_INFINITY, f64::is_nan;
    i64, i64::wrapping_add, i64::MIN, |_| false;
}

/// Which reduction.
#[derive(Clone, Copy)]
pub(crate) enum Reduction {
    /// Σ.
    Sum,
    /// max.
    Max,
}

/// `x` reduced over `axes` (ascending), which disappear. bf16 is reduced in f32 and rounded once.
pub(crate) fn reduce(kind: Reduction, x: &Tensor, axes: &[usize], ty: Arc<Type>) -> Result<Tensor> {
    match (ty.dtype, kind) {
        (DType::F32, Reduction::Sum) => along::<f32, Sum>(x, axes, ty),
        (DType::F32, Reduction::Max) => along::<f32, Max>(x, axes, ty),
        (DType::F64, Reduction::Sum) => along::<f64, Sum>(x, axes, ty),
        (DType::F64, Reduction::Max) => along::<f64, Max>(x, axes, ty),
        (DType::I64, Reduction::Sum) => along::<i64, Sum>(x, axes, ty),
        (DType::I64, Reduction::Max) => along::<i64, Max>(x, axes, ty),
        (DType::BF16, _) => {
            let wide = copy::cast(x, Arc::new(x.ty().with_dtype(DType::F32)))?;
            copy::cast(&reduce(kind, &wide, axes, Arc::new(ty.with_dtype(DType::F32)))?, ty)
        }
        (DType::Bool, _) => Err(EngineError::internal("a reduction of truth values")),
    }
}

/// Brings the view into the form [outer, reduced, inner] and reduces that.
fn along<T: Element, J: Join<T>>(x: &Tensor, axes: &[usize], ty: Arc<Type>) -> Result<Tensor> {
    let shape = &x.ty().shape;
    if count(shape) == 0 {
        return Tensor::own(vec![J::START; ty.count()], ty);
    }
    let moving: Vec<usize> = axes.iter().copied().filter(|&a| shape[a] != 1).collect();
    let together = moving.windows(2).all(|w| (w[0] + 1..w[1]).all(|d| shape[d] == 1));
    let (source, outer, length, inner) = if together && !moving.is_empty() {
        let (first, last) = (moving[0], moving[moving.len() - 1]);
        (x.contiguous()?, count(&shape[..first]), count(&shape[first..=last]), count(&shape[last + 1..]))
    } else {
        // Scattered dimensions: move them behind the others.
        let kept = (0..shape.len()).filter(|d| !axes.contains(d));
        let order: Vec<usize> = kept.chain(axes.iter().copied()).collect();
        let moved_ty = Arc::new(x.ty().with_shape(order.iter().map(|&d| shape[d]).collect::<Vec<_>>()));
        let moved = x.permuted(&order, moved_ty)?.contiguous()?;
        (moved, ty.count(), count(shape) / ty.count(), 1)
    };
    let read = source.read();
    let start = read.layout.start_offset();
    let values = &read.slice::<T>()?[start..start + outer * length * inner];
    let out = if inner == 1 { rows_to_numbers::<T, J>(values, outer, length) } else { columns::<T, J>(values, outer, length, inner) };
    Tensor::own(out, ty)
}

/// `[outer, length] → [outer]`.
fn rows_to_numbers<T: Element, J: Join<T>>(values: &[T], outer: usize, length: usize) -> Vec<T> {
    let mut out = pool::buffer::<T>(outer);
    if outer < 8 && length >= 1 << 16 {
        for (o, row) in out.iter_mut().zip(values.chunks(length)) {
            let mut parts = vec![J::START; length.div_ceil(1 << 13)];
            rows(&mut parts, 1, 1 << 13, |i, part| part[0] = one_row::<T, J>(&row[i << 13..length.min((i + 1) << 13)]));
            *o = pairwise::<T, J>(&parts);
        }
    } else {
        rows(&mut out, 1, length, |i, o| o[0] = one_row::<T, J>(&values[i * length..(i + 1) * length]));
    }
    out
}

/// A row, block by block.
fn one_row<T: Copy, J: Join<T>>(row: &[T]) -> T {
    if row.len() > BLOCK {
        // Halves at a multiple of the block, so that blocks are whole.
        let half = (row.len() / BLOCK).div_ceil(2) * BLOCK;
        return J::join(one_row::<T, J>(&row[..half]), one_row::<T, J>(&row[half..]));
    }
    let mut lanes = [J::START; LANES];
    let mut groups = row.chunks_exact(LANES);
    for group in &mut groups {
        for (lane, value) in lanes.iter_mut().zip(group) {
            *lane = J::join(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(groups.remainder()) {
        *lane = J::join(*lane, *value);
    }
    pairwise::<T, J>(&lanes)
}

fn pairwise<T: Copy, J: Join<T>>(values: &[T]) -> T {
    match values {
        [] => J::START,
        [one] => *one,
        many => {
            let half = many.len().div_ceil(2);
            J::join(pairwise::<T, J>(&many[..half]), pairwise::<T, J>(&many[half..]))
        }
    }
}

/// `[outer, length, inner] → [outer, inner]`, strips of columns at a time.
fn columns<T: Element, J: Join<T>>(values: &[T], outer: usize, length: usize, inner: usize) -> Vec<T> {
    let mut out = pool::buffer::<T>(outer * inner);
    if outer == 1 {
        // Narrow strips: enough pieces to share for the common bias gradient [batch, features] → [features].
        let strip = COLUMNS.min(inner.div_ceil(4).next_multiple_of(16));
        rows_of_uneven(&mut out, strip, length, |first, sums| strip_of::<T, J>(values, first, length, inner, sums));
    } else {
        rows(&mut out, inner, length * inner, |entry, sums| {
            let block = &values[entry * length * inner..(entry + 1) * length * inner];
            for (i, strip) in sums.chunks_mut(COLUMNS).enumerate() {
                strip_of::<T, J>(block, i * COLUMNS, length, inner, strip);
            }
        });
    }
    out
}

/// As [`rows`], for pieces of `width` elements of which the last may be shorter.
fn rows_of_uneven<T: Send>(out: &mut [T], width: usize, cost: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    use rayon::prelude::*;
    if out.len().saturating_mul(cost) < super::parallel::SHARED_FROM || !crate::threads::inside() {
        return out.chunks_mut(width).enumerate().for_each(|(i, piece)| work(i * width, piece));
    }
    out.par_chunks_mut(width).enumerate().for_each(|(i, piece)| work(i * width, piece));
}

/// Joins columns `first …` of a `[length, inner]` matrix into `out`: blocks of rows in order, blocks pairwise.
fn strip_of<T: Element, J: Join<T>>(values: &[T], first: usize, length: usize, inner: usize, out: &mut [T]) {
    let width = out.len();
    // Partial results of 1, 2, 4 … blocks, as the digits of a binary counter.
    let mut levels: Vec<(usize, Vec<T>)> = Vec::new();
    let mut row = 0;
    while row < length {
        let end = (row + ROWS).min(length);
        let mut sums = vec![J::START; width];
        for r in row..end {
            let source = &values[r * inner + first..r * inner + first + width];
            sums.iter_mut().zip(source).for_each(|(s, v)| *s = J::join(*s, *v));
        }
        let mut size = 1;
        while let Some((_, below)) = levels.pop_if(|(s, _)| *s == size) {
            sums.iter_mut().zip(&below).for_each(|(s, b)| *s = J::join(*b, *s));
            size *= 2;
        }
        levels.push((size, sums));
        row = end;
    }
    out.fill(J::START);
    for (_, sums) in levels.iter().rev() {
        out.iter_mut().zip(sums).for_each(|(o, s)| *o = J::join(*s, *o));
    }
}

/// Index of the largest element along `axis`, the first at a tie; a NaN counts as the largest.
pub(crate) fn arg_max(x: &Tensor, axis: usize, ty: Arc<Type>) -> Result<Tensor> {
    match x.ty().dtype {
        DType::F32 => largest::<f32>(x, axis, ty, f32::is_nan),
        DType::F64 => largest::<f64>(x, axis, ty, f64::is_nan),
        DType::BF16 => largest::<half::bf16>(x, axis, ty, half::bf16::is_nan),
        DType::I64 => largest::<i64>(x, axis, ty, |_| false),
        DType::Bool => Err(EngineError::internal("a maximum of truth values")),
    }
}

fn largest<T: Element + PartialOrd>(x: &Tensor, axis: usize, ty: Arc<Type>, nan: fn(T) -> bool) -> Result<Tensor> {
    let source = x.contiguous()?;
    let shape = &x.ty().shape;
    let (length, inner) = (shape[axis], count(&shape[axis + 1..]));
    let read = source.read();
    let start = read.layout.start_offset();
    let values = &read.slice::<T>()?[start..start + count(shape)];
    let mut out = pool::buffer::<i64>(ty.count());
    rows(&mut out, 1, length, |at, index| {
        let first = at / inner * length * inner + at % inner;
        let mut best = 0;
        for i in 1..length {
            let (value, top) = (values[first + i * inner], values[first + best * inner]);
            if !nan(top) && (value > top || nan(value)) {
                best = i;
            }
        }
        index[0] = best as i64;
    });
    Tensor::own(out, ty)
}
