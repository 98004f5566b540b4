//! cum_sum: running sums along a dimension; floats are summed in f64.

use super::parallel::rows;
use crate::tensor::element::Element;
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use half::bf16;
use thalweg_graph::{DType, count};

/// Element i is the sum of elements 0 … i of `axis` (of i … n − 1 if `reverse`).
pub(crate) fn cum_sum(x: &Tensor, axis: usize, reverse: bool) -> Result<Tensor> {
    match x.ty().dtype {
        DType::F32 => running(x, axis, reverse, 0.0, |sum, v: f32| sum + f64::from(v), |sum| sum as f32),
        DType::F64 => running(x, axis, reverse, 0.0, |sum, v: f64| sum + v, |sum| sum),
        DType::BF16 => running(x, axis, reverse, 0.0, |sum, v: bf16| sum + v.to_f64(), bf16::from_f64),
        DType::I64 => running(x, axis, reverse, 0, i64::wrapping_add, |sum| sum),
        DType::Bool => Err(EngineError::internal("a sum of truth values")),
    }
}

fn running<T: Element, S: Copy + Sync>(
    x: &Tensor,
    axis: usize,
    reverse: bool,
    zero: S,
    add: impl Fn(S, T) -> S + Sync,
    round: impl Fn(S) -> T + Sync,
) -> Result<Tensor> {
    let source = x.contiguous()?;
    let shape = &x.ty().shape;
    let (length, inner) = (shape[axis], count(&shape[axis + 1..]));
    let read = source.read();
    let start = read.layout.start_offset();
    let values = &read.slice::<T>()?[start..start + count(shape)];
    let mut out = pool::buffer::<T>(values.len());
    let width = length * inner;
    rows(&mut out, width, width, |row, result| {
        let from = &values[row * width..(row + 1) * width];
        let mut sums = vec![zero; inner];
        for step in 0..length {
            let i = if reverse { length - 1 - step } else { step };
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum = add(*sum, from[i * inner + j]);
                result[i * inner + j] = round(*sum);
            }
        }
    });
    Tensor::own(out, x.shared_type())
}
