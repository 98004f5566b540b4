//! Ops with a kernel of their own that works on whole tensors: indices, sorting, scans along an axis, random numbers, convolutions of bf16.
//! The kernels are the reference executor's.

use super::copy::{Copy, View};
use super::memory::{Address, Base, Memory, Plain};
use crate::Result;
use crate::reference::evaluate;
use crate::reference::kernels::parallel::SHARED_FROM;
use crate::tensor::element::{Element, with_element};
use crate::tensor::{Tensor, pool};
use std::sync::Arc;
use thalweg_graph::ops::Op;
use thalweg_graph::{Type, strides};

/// A call of a kernel on whole tensors.
pub(crate) struct OpCall {
    pub(crate) op: Op,
    pub(crate) operands: Vec<(View, Arc<Type>)>,
    pub(crate) ty: Arc<Type>,
    pub(crate) to: View,
}

impl OpCall {
    pub(crate) fn new(op: Op, operands: Vec<(View, Arc<Type>)>, ty: Arc<Type>, to: View) -> OpCall {
        OpCall { op, operands, ty, to }
    }

    /// The op's name.
    pub(crate) fn name(&self) -> &'static str {
        self.op.name()
    }

    /// Whether its kernel may be worth waking other threads for.
    pub(crate) fn shares(&self) -> bool {
        let operands = if let Op::Gather(_) = self.op { &[] } else { &self.operands[..] };
        operands.iter().map(|(_, ty)| ty).chain([&self.ty]).any(|ty| ty.count() >= SHARED_FROM)
    }

    /// Runs it.
    pub(crate) fn run(&self, memory: &Memory<'_>) -> Result<()> {
        if let Op::Gather(op) = &self.op {
            return self.gather(memory, op.axis);
        }
        let operands = self
            .operands
            .iter()
            .map(|(view, ty)| with_element!(ty.dtype, T => taken::<T>(memory, view, ty)))
            .collect::<Result<Vec<Tensor>>>()?;
        let value = evaluate(&self.op, operands, &self.ty, None)?.contiguous()?;
        with_element!(self.ty.dtype, T => {
            let read = value.read();
            let start = read.layout.start_offset();
            let values = &read.slice::<T>()?[start..start + self.ty.count()];
            put::<T>(memory, values, &self.ty, &self.to);
        });
        Ok(())
    }
}

/// A value in memory as a tensor of its own.
fn taken<T: Element + Plain>(memory: &Memory<'_>, view: &View, ty: &Arc<Type>) -> Result<Tensor> {
    let mut values = pool::buffer::<T>(ty.count());
    let bases = [memory.base(view.at.base), Base::writing(&mut values)];
    let from = View { at: Address { base: 0, ..view.at }, strides: view.strides.clone() };
    let to = View::new(Address { base: 1, offset: 0 }, &strides(&ty.shape));
    Copy::new(&ty.shape, size_of::<T>(), from, to, None).run(&Memory::new(&bases, false));
    Tensor::own(values, ty.clone())
}

/// Row-major values put where they belong.
fn put<T: Plain>(memory: &Memory<'_>, values: &[T], ty: &Type, view: &View) {
    let bases = [Base::reading(values), memory.base(view.at.base)];
    let from = View::new(Address { base: 0, offset: 0 }, &strides(&ty.shape));
    let to = View { at: Address { base: 1, ..view.at }, strides: view.strides.clone() };
    Copy::new(&ty.shape, size_of::<T>(), from, to, None).run(&Memory::new(&bases, false));
}
