//! Other views of the same values, and joining: what hosts do between runs, without a program.

use super::Tensor;
use super::element::with_element;
use crate::reference::kernels::{concat, copy};
use crate::{EngineError, Result, memory};
use candle_core::Layout;
use std::sync::Arc;
use thalweg_graph::ops::{Concat, Reshape, Rule, Slice};
use thalweg_graph::{DType, Type};

impl Tensor {
    /// `length` entries of dimension `axis` from `start` on; shares the storage.
    ///
    /// # Errors
    /// `ShapeError` if the range is outside the tensor.
    pub fn narrow(&self, axis: usize, start: usize, length: usize) -> Result<Tensor> {
        let rank = self.ty.rank();
        let (mut starts, mut stops) = (vec![0; rank], self.ty.shape.clone());
        if axis < rank {
            starts[axis] = start;
            stops[axis] = start.saturating_add(length);
        }
        if axis >= rank {
            let error = EngineError::shape("slice: no such dimension");
            return Err(error.with(format!("more than {axis} dimensions"), self.ty.to_string()));
        }
        let ty = Slice { starts, stops, steps: vec![1; rank] }.infer(std::slice::from_ref(self.ty()))?;
        Ok(self.viewed(self.layout.narrow(axis, start, length)?, Arc::new(ty)))
    }

    /// The same values, row-major, under another shape; shares the storage where it can.
    ///
    /// # Errors
    /// `ShapeError` if the number of elements differs.
    pub fn reshape(&self, shape: &[usize]) -> Result<Tensor> {
        let ty = Reshape { shape: shape.to_vec() }.infer(std::slice::from_ref(self.ty()))?;
        self.reshaped(Arc::new(ty))
    }

    /// [`Tensor::reshape`] to a type that is known to fit.
    pub(crate) fn reshaped(&self, ty: Arc<Type>) -> Result<Tensor> {
        let source = self.contiguous()?;
        let layout = Layout::contiguous_with_offset(ty.shape.as_slice(), source.layout.start_offset());
        Ok(source.viewed(layout, ty))
    }

    /// The same values in row-major order without gaps.
    pub(crate) fn contiguous(&self) -> Result<Tensor> {
        if self.is_contiguous() { Ok(self.clone()) } else { copy::contiguous(self) }
    }

    /// What a program returns: without gaps, and not a small part of a large buffer that it would keep alive.
    pub(crate) fn compact(self) -> Result<Tensor> {
        let part = self.ty.count().saturating_mul(2) < self.owner.elements;
        if part || !self.is_contiguous() { copy::contiguous(&self) } else { Ok(self) }
    }

    /// The part that `op` (without steps) selects; shares the storage.
    pub(crate) fn part(&self, op: &Slice, ty: Arc<Type>) -> Result<Tensor> {
        let mut layout = self.layout.clone();
        for axis in (0..ty.rank()).filter(|&d| ty.shape[d] != self.ty.shape[d]) {
            layout = layout.narrow(axis, op.starts[axis], ty.shape[axis])?;
        }
        Ok(self.viewed(layout, ty))
    }

    /// Its dimensions in another order; shares the storage.
    pub(crate) fn permuted(&self, order: &[usize], ty: Arc<Type>) -> Result<Tensor> {
        Ok(self.viewed(self.layout.permute(order)?, ty))
    }

    /// Repeated to a type that is known to fit; shares the storage.
    pub(crate) fn broadcast(&self, ty: Arc<Type>) -> Result<Tensor> {
        Ok(self.viewed(self.layout.broadcast_as(ty.shape.as_slice())?, ty))
    }

    /// Tensors joined along `axis`.
    ///
    /// # Errors
    /// `ShapeError` if they do not fit or there are none; `MemoryError` if the result would not fit into memory.
    pub fn concat(parts: &[Tensor], axis: usize) -> Result<Tensor> {
        let types: Vec<Type> = parts.iter().map(|p| p.ty().clone()).collect();
        let ty = Concat { axis }.infer(&types)?;
        memory::require(ty.bytes(), &format!("a tensor of type {ty}"))?;
        concat::concat(parts, axis, Arc::new(ty))
    }

    /// The number of a float, i64 or bool tensor of one element.
    ///
    /// # Errors
    /// `ShapeError` if there are more or fewer elements.
    pub fn item(&self) -> Result<f64> {
        if self.ty.count() != 1 {
            return Err(EngineError::shape("not a single number").with("one element", self.ty.to_string()));
        }
        let read = self.read();
        let at = read.layout.start_offset();
        Ok(match self.ty.dtype {
            DType::Bool => f64::from(read.slice::<u8>()?[at]),
            dtype => with_element!(dtype, T => candle_core::WithDType::to_f64(read.slice::<T>()?[at])),
        })
    }
}
