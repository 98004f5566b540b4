//! pad: a tensor surrounded, and interspersed, with zeros.

use super::strided::{Operand, Strided};
use crate::Result;
use crate::tensor::element::{Element, with_element};
use crate::tensor::{Tensor, pool};
use std::sync::Arc;
use thalweg_graph::ops::Pad;
use thalweg_graph::{Type, strides};

/// `x` with zeros before, after and between its elements.
pub(crate) fn pad(x: &Tensor, op: &Pad, ty: Arc<Type>) -> Result<Tensor> {
    with_element!(ty.dtype, T => place::<T>(x, op, ty))
}

fn place<T: Element>(x: &Tensor, op: &Pad, ty: Arc<Type>) -> Result<Tensor> {
    let whole = strides(&ty.shape);
    let offset: usize = whole.iter().zip(&op.before).map(|(s, b)| s * b).sum();
    let steps: Vec<isize> = whole.iter().zip(&op.between).map(|(s, b)| (s * (b + 1)) as isize).collect();
    let read = x.read();
    let source = Operand::<T>::of(&read)?;
    let mut out = pool::zeros::<T>(ty.count());
    // Where the elements of `x` go is a strided view of the result.
    let places = Strided::<()>::new(&[], offset as isize, &x.ty().shape, &steps);
    let mut scratch = source.scratch();
    let (mut start, total) = (0, x.ty().count());
    while start < total {
        let count = scratch.len().min(total - start);
        let values = source.get(start, count, &mut scratch);
        places.runs(start, count, |done, at, length, stride| {
            if stride == 1 {
                out[at as usize..at as usize + length].copy_from_slice(&values[done..done + length]);
            } else {
                let targets = out[at as usize..].iter_mut().step_by(stride.max(1) as usize);
                targets.zip(&values[done..done + length]).for_each(|(o, v)| *o = *v);
            }
        });
        start += count;
    }
    Tensor::own(out, ty)
}
