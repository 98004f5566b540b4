//! A recorded graph: what goes in, how it looks, and running it.
//! It is joined and compiled at its first run, on the worker's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use thalweg_model::engine::Choice;
use thalweg_model::graph::Type;
use thalweg_model::path::Expression;

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::recording::Source;
use crate::trace::Declared;
use crate::value;

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
}

#[napi]
impl NativeGraph {
    /// Inputs that a run is given, in order: neither captured tensors, nor parts of models, nor the seed of random numbers.
    #[napi]
    pub fn inputs(&self) -> napi::Result<Vec<GraphInput>> {
        guard("NativeGraph.inputs", || {
            let shown = |input: &Declared| {
                let Type { dtype, shape } = &input.ty;
                GraphInput { name: input.name.clone(), dtype: dtype.name().into(), shape: args::sizes(shape) }
            };
            Ok(self.source.given().map(shown).collect())
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
            self.source.check(&values)?;
            value::require(&self.source.outputs)?;
            let source = self.source.clone();
            let random = [SEED, self.runs.fetch_add(1, Ordering::Relaxed)];
            let work = {
                let source = source.clone();
                move |tensors: Vec<_>| {
                    let arguments = source.arguments(|_| true, &tensors, random)?;
                    Ok(source.program()?.run(arguments)?)
                }
            };
            let results = value::enqueue(Choice::Auto, "NativeGraph.run", source.getters(&values), &source.outputs, work)?;
            NativeTensor::all(env, results)
        })
    }
}

/// A recorded function of one number t as data that a config can hold, as JSON.
#[napi]
pub fn graph_expression(graph: ClassInstance<'_, NativeGraph>) -> napi::Result<String> {
    guard("graphExpression", || {
        let expression = Expression::from_graph(graph.source().function("a function of t")?.as_ref())?;
        serde_json::to_string(&expression).map_err(|e| ThalwegError::new(ErrorCode::InternalError, e.to_string()))
    })
}
