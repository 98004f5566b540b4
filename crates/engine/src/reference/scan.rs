//! scan: a loop over a body that was compiled once. Sequences are walked as views, outputs written into one stack.

use super::plan::Plan;
use super::run::run;
use crate::tensor::element::{Element, with_element};
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use candle_core::Layout;
use std::sync::Arc;
use thalweg_graph::Type;
use thalweg_graph::ops::Scan;

/// A scan with its compiled body.
pub(crate) struct Loop {
    body: Plan,
    length: usize,
    consts: usize,
    carry: usize,
    /// Types of the body's inputs that are entries of sequences.
    entries: Vec<Arc<Type>>,
    results: Vec<Arc<Type>>,
    carry_bytes: usize,
}

impl Loop {
    /// Compiles the body; it may overwrite the carry that it is given.
    pub(crate) fn new(scan: &Scan) -> Result<Loop> {
        let graph = &scan.body.0;
        let donated: Vec<usize> = (scan.consts..scan.consts + scan.carry).collect();
        let carried = graph.inputs[scan.consts..scan.consts + scan.carry].iter();
        Ok(Loop {
            body: super::compile(graph, &donated)?,
            length: scan.length,
            consts: scan.consts,
            carry: scan.carry,
            entries: graph.inputs[scan.consts + scan.carry..].iter().map(|i| Arc::new(i.ty.clone())).collect(),
            results: scan.result_types().into_iter().map(Arc::new).collect(),
            carry_bytes: carried.map(|i| i.ty.bytes()).fold(0, usize::saturating_add),
        })
    }

    /// Bytes that a step needs beside operands and results of the loop.
    pub(crate) fn scratch_bytes(&self) -> usize {
        self.body.peak.saturating_add(self.carry_bytes)
    }

    /// Whether the body has work for several threads.
    pub(crate) fn is_large(&self) -> bool {
        self.body.large
    }

    /// The results that are wanted: the last carry, then the stacked outputs.
    pub(crate) fn run(&self, operands: Vec<Tensor>, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let mut rest = operands.into_iter();
        let consts: Vec<Tensor> = rest.by_ref().take(self.consts).collect();
        let mut carry: Vec<Tensor> = rest.by_ref().take(self.carry).collect();
        let sequences: Vec<Tensor> = rest.collect();
        let stack = |(ty, wanted): (&Arc<Type>, &bool)| wanted.then(|| empty(ty)).transpose();
        let stacks = self.results.iter().zip(wanted).skip(self.carry).map(stack).collect::<Result<Vec<Option<Tensor>>>>()?;
        for step in 0..self.length {
            let mut inputs = Vec::with_capacity(consts.len() + carry.len() + sequences.len());
            inputs.extend(consts.iter().cloned());
            inputs.append(&mut carry);
            for (sequence, ty) in sequences.iter().zip(&self.entries) {
                inputs.push(entry(sequence, step, ty)?);
            }
            let mut outputs = run(&self.body, inputs)?;
            for (stack, output) in stacks.iter().zip(outputs.drain(self.carry..)) {
                if let Some(stack) = stack {
                    with_element!(output.ty().dtype, T => put::<T>(stack, step, &output))?;
                }
            }
            carry = outputs;
        }
        let last = carry.into_iter().zip(wanted).map(|(value, wanted)| wanted.then_some(value));
        Ok(last.chain(stacks).collect())
    }
}

/// A stack to be filled step by step.
fn empty(ty: &Arc<Type>) -> Result<Tensor> {
    with_element!(ty.dtype, T => Tensor::own(pool::buffer::<T>(ty.count()), ty.clone()))
}

/// Entry `step` of a sequence, as a view.
fn entry(sequence: &Tensor, step: usize, ty: &Arc<Type>) -> Result<Tensor> {
    let layout = sequence.layout();
    let (strides, start) = (layout.stride(), layout.start_offset());
    let part = Layout::new(ty.shape.as_slice().into(), strides[1..].to_vec(), start + step * strides[0]);
    Ok(sequence.viewed(part, ty.clone()))
}

/// Writes entry `step` of a stack.
fn put<T: Element>(stack: &Tensor, step: usize, value: &Tensor) -> Result<()> {
    let value = value.contiguous()?;
    let read = value.read();
    let (start, count) = (read.layout.start_offset(), value.ty().count());
    let source = read.slice::<T>()?.get(start..start + count).ok_or_else(|| EngineError::internal("a view outside its storage"))?;
    stack.edit::<T, ()>(|all| all[step * count..(step + 1) * count].copy_from_slice(source))
}
