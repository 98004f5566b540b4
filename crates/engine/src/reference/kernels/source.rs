//! Tensors made of nothing but their type: counting and random numbers.

use super::parallel::pieces;
use crate::random::{self, Key};
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use half::bf16;
use std::sync::Arc;
use thalweg_graph::ops::{Distribution, Random};
use thalweg_graph::{DType, Type};

/// 0, 1, 2, …
pub(crate) fn iota(ty: Arc<Type>) -> Result<Tensor> {
    let n = ty.count();
    match ty.dtype {
        DType::F32 => Tensor::own((0..n).map(|i| i as f32).collect(), ty),
        DType::F64 => Tensor::own((0..n).map(|i| i as f64).collect(), ty),
        DType::BF16 => Tensor::own((0..n).map(|i| bf16::from_f64(i as f64)).collect(), ty),
        DType::I64 => Tensor::own((0..n as i64).collect(), ty),
        DType::Bool => Err(EngineError::internal("counting in truth values")),
    }
}

/// Seeded random numbers; see [`crate::random`].
pub(crate) fn random(op: &Random, seed: &Tensor, counter: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let whole = |t: &Tensor| -> Result<i64> {
        let read = t.read();
        Ok(read.slice::<i64>()?[read.layout.start_offset()])
    };
    let (key, counter) = (Key::new(whole(seed)?, op.stream), whole(counter)?);
    match (ty.dtype, op.distribution) {
        (DType::F32, Distribution::Uniform) => fill(ty, |first, out: &mut [f32]| random::fill_uniform_f32(&key, counter, first, out)),
        (DType::F32, Distribution::Normal) => fill(ty, |first, out: &mut [f32]| random::fill_normal_f32(&key, counter, first, out)),
        (DType::F64, Distribution::Uniform) => fill(ty, |first, out: &mut [f64]| random::fill_uniform_f64(&key, counter, first, out)),
        (DType::F64, Distribution::Normal) => fill(ty, |first, out: &mut [f64]| random::fill_normal_f64(&key, counter, first, out)),
        (other, _) => Err(EngineError::internal(format!("random numbers of type {other}"))),
    }
}

fn fill<T: crate::tensor::element::Element>(ty: Arc<Type>, draw: impl Fn(u64, &mut [T]) + Sync) -> Result<Tensor> {
    let mut out = pool::buffer::<T>(ty.count());
    pieces(&mut out, |start, piece| draw(start as u64, piece));
    Tensor::own(out, ty)
}
