//! Batched matrix products of views: transposed and repeated operands are multiplied as they lie.

use super::copy;
use super::parallel::rows;
use super::product::{Matrix, Multiply, Sizes, product};
use crate::tensor::pool;
use crate::tensor::{Read, Tensor};
use crate::{EngineError, Result};
use std::sync::Arc;
use thalweg_graph::{DType, Type};

/// `[…, m, k] × […, k, n]`. bf16 operands are widened to f32, multiplied and summed there, and rounded once.
pub(crate) fn matmul(a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match ty.dtype {
        DType::F32 => batched::<f32>(a, b, ty),
        DType::F64 => batched::<f64>(a, b, ty),
        DType::BF16 => {
            let wide = |t: &Tensor| copy::cast(t, Arc::new(t.ty().with_dtype(DType::F32)));
            let out = batched::<f32>(&wide(a)?, &wide(b)?, Arc::new(ty.with_dtype(DType::F32)))?;
            copy::cast(&out, ty)
        }
        other => Err(EngineError::internal(format!("a product of {other}"))),
    }
}

/// The last two dimensions exchanged, as a view.
fn transpose(x: &Tensor) -> Result<Tensor> {
    let rank = x.ty().rank();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(rank - 2, rank - 1);
    let ty = x.ty().with_shape(order.iter().map(|&d| x.ty().shape[d]).collect::<Vec<_>>());
    x.permuted(&order, Arc::new(ty))
}

/// As [`matmul`], laid out so that the transpose of the result has no gaps: (bᵀ aᵀ)ᵀ.
pub(crate) fn turned(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (left, right) = (transpose(b)?, transpose(a)?);
    let rank = left.ty().rank();
    let mut shape = left.ty().shape.clone();
    shape[rank - 1] = right.ty().shape[rank - 1];
    transpose(&matmul(&left, &right, Arc::new(left.ty().with_shape(shape)))?)
}

/// An operand: its storage, and where the matrix of each batch entry starts.
struct Batch<'a, T> {
    first: Matrix<'a, T>,
    shape: &'a [usize],
    strides: &'a [usize],
}

impl<'a, T: Multiply> Batch<'a, T> {
    fn of(read: &'a Read<'_>) -> Result<Batch<'a, T>> {
        let (dims, strides) = (read.layout.dims(), read.layout.stride());
        let lead = dims.len() - 2;
        let first = Matrix { data: read.slice::<T>()?, offset: read.layout.start_offset(), row: strides[lead], column: strides[lead + 1] };
        Ok(Batch { first, shape: &dims[..lead], strides: &strides[..lead] })
    }

    fn at(&self, entry: usize) -> Matrix<'a, T> {
        let (mut rest, mut offset) = (entry, self.first.offset);
        for (size, stride) in self.shape.iter().zip(self.strides).rev() {
            offset += rest % size * stride;
            rest /= size;
        }
        Matrix { offset, ..self.first }
    }

    /// Whether all entries are the same matrix.
    fn repeats(&self) -> bool {
        self.shape.iter().zip(self.strides).all(|(size, stride)| *size == 1 || *stride == 0)
    }

    /// Whether the rows of entry after entry follow each other at equal distance, as the rows of one tall matrix.
    fn stacks(&self, m: usize) -> bool {
        let mut next = self.first.row * m;
        self.shape.iter().zip(self.strides).rev().all(|(size, stride)| {
            let fits = *size == 1 || *stride == next;
            next *= size;
            fits
        })
    }
}

fn batched<T: Multiply>(a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let rank = ty.rank();
    let sizes = Sizes { m: ty.shape[rank - 2], k: a.ty().shape[rank - 1], n: ty.shape[rank - 1] };
    let entries: usize = ty.shape[..rank - 2].iter().product();
    let (read_a, read_b) = (a.read(), b.read());
    let (left, right) = (Batch::<T>::of(&read_a)?, Batch::<T>::of(&read_b)?);
    let mut out = pool::buffer::<T>(ty.count());
    let width = sizes.m * sizes.n;
    if entries == 1 {
        product(sizes, left.at(0), right.at(0), &mut out, false, true);
    } else if right.repeats() && left.stacks(sizes.m) && width > 0 {
        product(Sizes { m: entries * sizes.m, ..sizes }, left.at(0), right.at(0), &mut out, false, true);
    } else if width.saturating_mul(sizes.k) >= super::product::SHARED_FROM {
        for (entry, piece) in out.chunks_mut(width).enumerate() {
            product(sizes, left.at(entry), right.at(entry), piece, false, true);
        }
    } else {
        let cost = width.saturating_mul(sizes.k.max(1));
        rows(&mut out, width, cost, |entry, piece| product(sizes, left.at(entry), right.at(entry), piece, false, false));
    }
    Tensor::own(out, ty)
}
