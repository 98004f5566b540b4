//! A recorded graph: what goes in, how it looks, and running it.
//! It is joined and compiled at its first run, on the worker's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use napi::Env;
use napi::bindgen_prelude::Array;
use napi_derive::napi;
use thalweg_model::engine::EngineError;
use thalweg_model::graph::Type;

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::recording::Source;
use crate::trace::{Declared, Kind};
use crate::value::{self, Value};

/// The key of a graph's random numbers, unless its user draws them otherwise.
const SEED: i64 = 0;

/// An input of a recorded graph.
#[napi(object)]
pub struct GraphInput {
    /// Its name.
    pub name: String,
    /// Element type.
    pub dtype: String,
    /// Sizes of its dimensions.
    pub shape: Vec<f64>,
}

/// A recorded graph.
#[napi]
pub struct NativeGraph {
    source: Arc<Source>,
    runs: AtomicI64,
}

impl NativeGraph {
    /// A graph that has not run.
    pub fn new(source: Source) -> NativeGraph {
        NativeGraph { source: Arc::new(source), runs: AtomicI64::new(0) }
    }

    /// What was recorded.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    fn given(&self) -> impl Iterator<Item = &Declared> {
        self.source.inputs.iter().filter(|input| input.kind == Kind::Given)
    }

    fn check(&self, values: &[Arc<Value>]) -> Result<(), ThalwegError> {
        let expected: Vec<&Declared> = self.given().collect();
        if expected.len() != values.len() {
            let names: Vec<&str> = expected.iter().map(|input| input.name.as_str()).collect();
            let wanted = format!("{} ({})", names.len(), names.join(", "));
            return Err(ThalwegError::expected(ErrorCode::ShapeError, "wrong number of inputs", wanted, values.len()));
        }
        for (input, value) in expected.iter().zip(values) {
            if input.ty != *value.ty() {
                return Err(EngineError::mismatch(&format!("input {}", input.name), &input.ty, value.ty()).into());
            }
        }
        Ok(())
    }
}

#[napi]
impl NativeGraph {
    /// Inputs that a run is given, in order: neither captured tensors nor the seed of random numbers.
    #[napi]
    pub fn inputs(&self) -> napi::Result<Vec<GraphInput>> {
        guard("NativeGraph.inputs", || {
            let shown = |input: &Declared| {
                let Type { dtype, shape } = &input.ty;
                GraphInput { name: input.name.clone(), dtype: dtype.name().into(), shape: args::sizes(shape) }
            };
            Ok(self.given().map(shown).collect())
        })
    }

    /// Number of ops that were recorded, inputs included; simplification and derivatives come later.
    #[napi]
    pub fn nodes(&self) -> napi::Result<f64> {
        guard("NativeGraph.nodes", || Ok(self.source.recorded as f64))
    }

    /// What was recorded, as text: at most 500 ops.
    #[napi]
    pub fn show(&self) -> napi::Result<String> {
        guard("NativeGraph.show", || Ok(self.source.listing.clone()))
    }

    /// Enqueues a run. Its random numbers depend on how many runs came before.
    #[napi]
    pub fn run(&self, env: &Env, #[napi(ts_arg_type = "NativeTensor[]")] inputs: Array<'_>) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeGraph.run", || {
            let values = args::instances(&inputs, args::VALUES, NativeTensor::value)?;
            self.check(&values)?;
            value::require(&self.source.outputs)?;
            let source = self.source.clone();
            let getters = values.iter().chain(source.captured.iter().map(|captured| &captured.value)).map(|value| value.getter());
            let (given, random) = (values.len(), [SEED, self.runs.fetch_add(1, Ordering::Relaxed)]);
            let work = {
                let source = source.clone();
                move |tensors: Vec<_>| {
                    let (given, captured) = tensors.split_at(given);
                    let arguments = source.arguments(given, captured, random)?;
                    Ok(source.program()?.run(arguments)?)
                }
            };
            let results = value::enqueue("NativeGraph.run", getters.collect(), &source.outputs, work)?;
            NativeTensor::all(env, results)
        })
    }
}
