//! concat: tensors one behind the other along a dimension.

use super::parallel::rows;
use crate::Result;
use crate::tensor::Tensor;
use crate::tensor::element::{Element, with_element};
use crate::tensor::pool;
use std::sync::Arc;
use thalweg_graph::{Type, count};

/// The parts joined along `axis`; `ty` is the type of the result.
pub(crate) fn concat(parts: &[Tensor], axis: usize, ty: Arc<Type>) -> Result<Tensor> {
    with_element!(ty.dtype, T => join::<T>(parts, axis, ty))
}

fn join<T: Element>(parts: &[Tensor], axis: usize, ty: Arc<Type>) -> Result<Tensor> {
    let parts: Vec<Tensor> = parts.iter().map(Tensor::contiguous).collect::<Result<_>>()?;
    let width = count(&ty.shape[axis..]);
    let reads: Vec<_> = parts.iter().map(Tensor::read).collect();
    let mut sources = Vec::with_capacity(parts.len());
    for (part, read) in parts.iter().zip(&reads) {
        let start = read.layout.start_offset();
        sources.push((&read.slice::<T>()?[start..start + part.ty().count()], count(&part.ty().shape[axis..])));
    }
    let mut out = pool::buffer::<T>(ty.count());
    rows(&mut out, width, width, |row, values| {
        let mut rest = values;
        for (source, length) in &sources {
            let (piece, behind) = rest.split_at_mut(*length);
            piece.copy_from_slice(&source[row * length..(row + 1) * length]);
            rest = behind;
        }
    });
    drop(reads);
    Tensor::own(out, ty)
}
