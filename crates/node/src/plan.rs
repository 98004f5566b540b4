//! Small graphs that run again and again, by key: what an eager op, a random tensor or an initial value is.
//! Shapes are checked and the graph is built on the main thread, once; it is compiled on the worker's thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use thalweg_model::engine::{Choice, CompileOptions, Getter, ProgramCache, Tensor};
use thalweg_model::graph::{Builder, Graph, Type, Var};
use thalweg_model::{ModelError, methods};

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::value::{self, Value};

/// How many plans are kept; the one used longest ago makes room.
const PLANS: usize = 1024;

/// On how many devices a plan's program is kept.
const DEVICES: usize = 8;

/// What a plan depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// What is computed.
    pub name: String,
    /// Everything else that shapes it, as text.
    pub attrs: String,
    /// Types of its inputs.
    pub types: Vec<Type>,
}

/// A small graph and its program for each device.
pub struct Plan {
    graph: Graph,
    outputs: Vec<Type>,
    programs: ProgramCache<()>,
}

struct Entry {
    plan: Arc<Plan>,
    used: u64,
}

#[derive(Default)]
struct Plans {
    entries: HashMap<Key, Entry>,
    clock: u64,
}

static KEPT: Mutex<Option<Plans>> = Mutex::new(None);

/// The plan of `key`, built by `build` if it is not there.
///
/// # Errors
/// Those of `build`; nothing is kept then.
pub fn plan(key: Key, build: impl FnOnce(&Key) -> Result<Graph, ThalwegError>) -> Result<Arc<Plan>, ThalwegError> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let plans = kept.get_or_insert_with(Plans::default);
    plans.clock += 1;
    let now = plans.clock;
    if let Some(entry) = plans.entries.get_mut(&key) {
        entry.used = now;
        return Ok(entry.plan.clone());
    }
    let graph = build(&key)?;
    let plan = Arc::new(Plan { outputs: graph.output_types(), graph, programs: ProgramCache::new(DEVICES) });
    if plans.entries.len() >= PLANS {
        let oldest = plans.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
        oldest.and_then(|key| plans.entries.remove(&key));
    }
    plans.entries.insert(key, Entry { plan: plan.clone(), used: now });
    Ok(plan)
}

/// The plan of the method `op` with arguments `attrs` (JSON) on tensors of these types.
///
/// # Errors
/// `TraceError`, `ShapeError` or `DTypeError` where they do not fit.
pub fn of_method(op: String, attrs: String, types: Vec<Type>) -> Result<Arc<Plan>, ThalwegError> {
    plan(Key { name: op, attrs, types }, |key| {
        let attrs = attributes(&key.name, &key.attrs)?;
        let b = Builder::new();
        let input = |(i, ty): (usize, &Type)| b.input(&format!("x{i}"), ty.dtype, &ty.shape);
        let inputs: Vec<Var<'_>> = key.types.iter().enumerate().map(input).collect();
        let outputs = methods::apply(&b, &key.name, &attrs, &inputs, None)?;
        Ok(b.finish(&outputs)?)
    })
}

/// The arguments of a method.
///
/// # Errors
/// `TraceError` where they are not JSON.
pub fn attributes(op: &str, attrs: &str) -> Result<Json, ThalwegError> {
    let wrong = |e: serde_json::Error| {
        let message = format!("{}: arguments do not fit", args::quoted(op));
        ThalwegError::expected(ErrorCode::TraceError, message, "a JSON object", e)
    };
    if attrs.is_empty() { Ok(Json::Object(serde_json::Map::new())) } else { serde_json::from_str(attrs).map_err(wrong) }
}

impl Plan {
    /// Runs at once. Only jobs call this.
    ///
    /// # Errors
    /// Those of compiling and running.
    pub fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, ModelError> {
        let program = self.programs.get_or_compile((), || Ok((self.graph.clone(), CompileOptions::default())))?;
        Ok(program.run(inputs)?)
    }

    /// Enqueues a run for the export `name`; returns the results' handles at once.
    ///
    /// # Errors
    /// `MemoryError` where the results would not fit into memory; `DeviceError` where there is no worker.
    pub fn enqueue(self: Arc<Self>, name: &'static str, inputs: Vec<Getter<Tensor>>) -> Result<Vec<Arc<Value>>, ThalwegError> {
        value::require(&self.outputs)?;
        let outputs = self.outputs.clone();
        value::enqueue(Choice::Auto, name, inputs, &outputs, move |tensors| self.run(tensors))
    }
}
