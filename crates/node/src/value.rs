//! A tensor that is there or will be: its type is known at once, its elements when its job is done.
//! What JavaScript's handles and recorded graphs share.

use std::sync::Arc;

use thalweg_model::engine::{Choice, Future, Getter, Setter, Tensor, memory};
use thalweg_model::graph::Type;
use thalweg_model::{ModelError, Task};

use crate::error::ThalwegError;
use crate::worker::{internal, submit};

/// A tensor to be.
pub struct Value {
    ty: Type,
    getter: Getter<Tensor>,
}

impl Value {
    /// What `getter` will give, of type `ty`.
    pub fn new(ty: Type, getter: Getter<Tensor>) -> Arc<Value> {
        Arc::new(Value { ty, getter })
    }

    /// Its type.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Its elements, once they are there.
    pub fn getter(&self) -> Getter<Tensor> {
        self.getter.clone()
    }
}

/// Refuses types whose tensors would not fit into memory.
///
/// # Errors
/// `MemoryError` with both sizes.
pub fn require<'a>(types: impl IntoIterator<Item = &'a Type>) -> Result<(), ThalwegError> {
    for ty in types {
        memory::require(ty.bytes(), &format!("a tensor of type {ty}"))?;
    }
    Ok(())
}

/// Pending values of these types, and what sets them.
pub fn pending(types: &[Type]) -> (Vec<Arc<Value>>, Vec<Setter<Tensor>>) {
    let slot = |ty: &Type| {
        let (setter, getter) = Future::new();
        (Value::new(ty.clone(), getter), setter)
    };
    types.iter().map(slot).unzip()
}

/// Sets what a job made, or its error.
pub fn settle(setters: Vec<Setter<Tensor>>, outcome: Result<Vec<Tensor>, ModelError>) {
    let outcome = outcome.and_then(|tensors| {
        if tensors.len() == setters.len() { Ok(tensors) } else { Err(internal("a job made the wrong number of tensors")) }
    });
    match outcome {
        Ok(tensors) => setters.into_iter().zip(tensors).for_each(|(setter, tensor)| setter.set(Ok(tensor))),
        Err(error) => setters.into_iter().for_each(|setter| setter.set(Err(error.clone().into()))),
    }
}

/// Enqueues `work` on the tensors of `inputs` at a device, for the export `name`; returns its results' handles at once.
/// Where an input's own job failed, every result fails with the same error.
///
/// # Errors
/// `DeviceError` where there is no worker.
pub fn enqueue(
    device: Choice,
    name: &'static str,
    inputs: Vec<Getter<Tensor>>,
    outputs: &[Type],
    work: impl FnOnce(Vec<Tensor>) -> Result<Vec<Tensor>, ModelError> + Send + 'static,
) -> Result<Vec<Arc<Value>>, ThalwegError> {
    let (values, setters) = pending(outputs);
    submit(device, name, Box::new(Task::new(inputs, Box::new(work), Box::new(move |outcome| settle(setters, outcome)))))?;
    Ok(values)
}
