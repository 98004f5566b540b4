//! A recording as JavaScript sees it: values under numbers that no other recording has, captured tensors, scopes.
//! Finished, it becomes a source: a graph that is joined once, on the worker's thread.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thalweg_model::engine::{CompileOptions, Device, EngineError, Getter, Program, Tensor};
use thalweg_model::graph::{Graph, GraphError, Type};
use thalweg_model::{ModelError, Weights};

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::live::Share;
use crate::part::{Owner, Part};
use crate::trace::{Declared, Kind, Tape};
use crate::value::Value;
use crate::worker::{discard, internal};

/// Recordings that hold more than this are dropped on the worker's thread.
const LARGE: usize = 4096;
/// Values of one recording; ids of the next one start behind them.
const IDS: f64 = 4_294_967_296.0;
/// After so many recordings ids start again; far more than are alive at one time.
const SERIALS: u64 = 1 << 20;
/// Counters of one part's random numbers; those of the next part start behind them.
const DRAWS: f64 = 1_099_511_627_776.0;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A tensor that a recording holds.
pub struct Captured {
    /// The tensor.
    pub value: Arc<Value>,
    /// Keeps its bytes counted.
    pub share: Share,
}

/// A graph that JavaScript is recording.
pub struct Recording {
    first: f64,
    tape: Option<Tape>,
    captured: Vec<Captured>,
    /// Captured tensors by address → their values.
    known: HashMap<usize, usize>,
    owners: Vec<Owner>,
    parts: Vec<Part>,
    /// Owner and part's name → its value.
    bound: HashMap<(usize, String), usize>,
    /// How many times random numbers were handed out to a model.
    draws: u32,
    scopes: Vec<String>,
}

impl Recording {
    /// An empty recording; `training` says whether dropout drops.
    pub fn new(training: bool) -> Recording {
        let serial = NEXT.fetch_add(1, Ordering::Relaxed) % SERIALS;
        Recording {
            first: serial as f64 * IDS,
            tape: Some(Tape::new(training)),
            captured: Vec::new(),
            known: HashMap::new(),
            owners: Vec::new(),
            parts: Vec::new(),
            bound: HashMap::new(),
            draws: 0,
            scopes: Vec::new(),
        }
    }

    /// The tape.
    ///
    /// # Errors
    /// `TraceError` after the recording was finished.
    pub fn tape(&mut self) -> Result<&mut Tape, ThalwegError> {
        let finished = || ThalwegError::new(ErrorCode::TraceError, "the trace is finished; it takes no more ops");
        self.tape.as_mut().ok_or_else(finished)
    }

    /// The number of the value that has this id.
    ///
    /// # Errors
    /// `TraceError` for an id of another recording, or of none.
    pub fn number(&mut self, id: f64) -> Result<usize, ThalwegError> {
        let first = self.first;
        let values = self.tape()?.values();
        let foreign = || ThalwegError::expected(ErrorCode::TraceError, "unknown value", "a value of this trace", id);
        args::natural(id - first).filter(|&number| number < values).ok_or_else(foreign)
    }

    /// The numbers of the values that have these ids.
    ///
    /// # Errors
    /// As [`Recording::number`].
    pub fn numbers(&mut self, ids: &[f64]) -> Result<Vec<usize>, ThalwegError> {
        ids.iter().map(|&id| self.number(id)).collect()
    }

    /// The id of a value.
    pub fn id(&self, number: usize) -> f64 {
        self.first + number as f64
    }

    /// An error of the part of the model that is being recorded.
    pub fn at_scope(&self, error: impl Into<ThalwegError>) -> ThalwegError {
        let error = error.into();
        if self.scopes.is_empty() { error } else { error.with_place(self.scopes.join(".")) }
    }

    /// Enters a named part of the model.
    pub fn enter(&mut self, scope: String) {
        self.scopes.push(scope);
    }

    /// Leaves the part that was entered last; whether there was one.
    pub fn exit(&mut self) -> bool {
        self.scopes.pop().is_some()
    }

    /// Takes a tensor as an input, by reference; the same tensor is one input.
    ///
    /// # Errors
    /// `TraceError` after the recording was finished.
    pub fn capture(&mut self, captured: Captured) -> Result<usize, ThalwegError> {
        let key = Arc::as_ptr(&captured.value) as usize;
        if let Some(&number) = self.known.get(&key) {
            self.tape()?;
            return Ok(number);
        }
        let index = self.captured.len();
        let ty = captured.value.ty().clone();
        let number = self.tape()?.input(&format!("captured.{index}"), &ty, Kind::Captured(index))?;
        self.captured.push(captured);
        self.known.insert(key, number);
        Ok(number)
    }

    /// A part of an owner as an input, by reference.
    ///
    /// # Errors
    /// `InternalError` where the owner has no such part.
    pub fn bind(&mut self, owner: &Owner, name: &str, ty: &Type) -> Result<usize, ThalwegError> {
        let index = self.owners.iter().position(|other| other.is(owner)).unwrap_or(self.owners.len());
        let key = (index, name.to_string());
        if let Some(&number) = self.bound.get(&key) {
            return Ok(number);
        }
        let part = Part::new(owner, name)?;
        let kind = Kind::Bound(self.parts.len());
        let number = self.tape()?.input(&format!("model.{index}.{name}"), ty, kind)?;
        if index == self.owners.len() {
            self.owners.push(owner.clone());
        }
        self.parts.push(part);
        self.bound.insert(key, number);
        Ok(number)
    }

    /// Seed and counter for the random numbers of one more part of the graph: no two parts draw the same. A seed of its
    /// own makes the numbers those of that seed.
    ///
    /// # Errors
    /// `TraceError` after the recording was finished.
    pub fn draw(&mut self, seed: Option<i64>) -> Result<[usize; 2], ThalwegError> {
        let offset = f64::from(self.draws) * DRAWS;
        self.draws += 1;
        let tape = self.tape()?;
        let [mut key, mut counter] = tape.random()?;
        if let Some(seed) = seed {
            key = tape.integer(seed);
        }
        if offset > 0.0 {
            counter = tape.op("add", &serde_json::json!({ "scalar": offset }), &[counter])?[0];
        }
        Ok([key, counter])
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// `TraceError` where it was finished before, or an output is unknown; it goes on then.
    pub fn finish(&mut self, outputs: &[f64]) -> Result<Source, ThalwegError> {
        let outputs = self.numbers(outputs)?;
        let tape = self.tape()?;
        let source = Source {
            inputs: tape.inputs().to_vec(),
            outputs: outputs.iter().map(|&number| tape.ty(number)).collect(),
            recorded: tape.recorded(),
            listing: tape.listing(&outputs),
            training: tape.training(),
            captured: std::mem::take(&mut self.captured),
            parts: std::mem::take(&mut self.parts),
            state: Mutex::new(State::Empty),
        };
        if let Some(tape) = self.tape.take() {
            *source.lock() = State::Recorded { tape: Box::new(tape), outputs };
        }
        Ok(source)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(tape) = self.tape.take().filter(|tape| tape.recorded() > LARGE) {
            discard(tape);
        }
    }
}

enum State {
    Empty,
    Recorded { tape: Box<Tape>, outputs: Vec<usize> },
    Joined { graph: Arc<Graph>, programs: HashMap<Device, Arc<Program>> },
    Failed(ModelError),
}

/// A finished recording.
pub struct Source {
    /// All inputs, in order.
    pub inputs: Vec<Declared>,
    /// Types of the outputs.
    pub outputs: Vec<Type>,
    /// Number of ops that were recorded.
    pub recorded: usize,
    /// What was recorded, as text.
    pub listing: String,
    /// Whether dropout drops; then models' parameters are those that the optimiser works on.
    pub training: bool,
    /// Captured tensors.
    pub captured: Vec<Captured>,
    /// Parts of models and modules.
    pub parts: Vec<Part>,
    state: Mutex<State>,
}

impl Source {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inputs that a run is given.
    pub fn given(&self) -> impl Iterator<Item = &Declared> {
        self.inputs.iter().filter(|input| input.kind == Kind::Given)
    }

    /// Checks the tensors that a run is given.
    ///
    /// # Errors
    /// `ShapeError` or `DTypeError` naming the input.
    pub fn check(&self, values: &[Arc<Value>]) -> Result<(), ThalwegError> {
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

    /// What a run waits for: the tensors that it is given, then those that were captured.
    pub fn getters(&self, values: &[Arc<Value>]) -> Vec<Getter<Tensor>> {
        let captured = self.captured.iter().map(|captured| &captured.value);
        values.iter().chain(captured).map(|value| value.getter()).collect()
    }

    /// The joined graph; takes time in proportion to it at the first call.
    ///
    /// # Errors
    /// What an op's derivative refuses.
    pub fn graph(&self) -> Result<Arc<Graph>, ModelError> {
        let mut state = self.lock();
        if let State::Recorded { tape, outputs } = &*state {
            *state = match tape.join(outputs) {
                Ok(graph) => State::Joined { graph: Arc::new(graph), programs: HashMap::new() },
                Err(error) => State::Failed(GraphError::into(error)),
            };
        }
        match &*state {
            State::Joined { graph, .. } => Ok(graph.clone()),
            State::Failed(error) => Err(error.clone()),
            State::Empty | State::Recorded { .. } => Err(internal("a trace was lost")),
        }
    }

    /// The graph of a function that reads nothing but its inputs, such as a forward or the weight of a time. `what` it is.
    ///
    /// # Errors
    /// `TraceError` where it reads a tensor that it was not given; as [`Source::graph`].
    pub fn function(&self, what: &str) -> Result<Arc<Graph>, ModelError> {
        let foreign = self.inputs.iter().find(|input| matches!(input.kind, Kind::Captured(_) | Kind::Bound(_)));
        match foreign {
            Some(input) => {
                let message = format!("{what} uses a concrete tensor or another model");
                Err(ModelError::expected("TraceError", message, "its arguments, parameters and numbers", &input.ty))
            }
            None => self.graph(),
        }
    }

    /// The program for this thread's device, compiled at the first call. Only jobs call this.
    ///
    /// # Errors
    /// As [`Source::graph`]; `MemoryError` where its constants do not fit into memory.
    pub fn program(&self) -> Result<Arc<Program>, ModelError> {
        let (graph, device) = (self.graph()?, Device::current()?);
        if let State::Joined { programs, .. } = &*self.lock()
            && let Some(program) = programs.get(&device)
        {
            return Ok(program.clone());
        }
        let compiled = Arc::new(Program::compile(&graph, &CompileOptions::default())?);
        if let State::Joined { programs, .. } = &mut *self.lock() {
            programs.insert(device, compiled.clone());
        }
        Ok(compiled)
    }

    /// The tensor of each input that `wanted` keeps, in order: `given` for those that the caller gives, then `captured`,
    /// parts of models and modules as they are now, and the numbers `random`. Only jobs call this.
    ///
    /// # Errors
    /// `InternalError` where there are too few; those of [`Part::tensors`].
    pub fn arguments(&self, wanted: impl Fn(&Declared) -> bool, given: &[Tensor], random: [i64; 2]) -> Result<Vec<Tensor>, ModelError> {
        let missing = || internal("a graph's input is missing");
        let weights = if self.training { Weights::Raw } else { Weights::Ema };
        let mut needed = vec![false; self.parts.len()];
        for input in self.inputs.iter().filter(|input| wanted(input)) {
            if let Kind::Bound(index) = input.kind {
                needed[index] = true;
            }
        }
        let parts = Part::tensors(&self.parts, &needed, weights)?;
        let (given, captured) = given.split_at_checked(given.len() - self.captured.len()).ok_or_else(missing)?;
        let mut given = given.iter();
        let one = |input: &Declared| match input.kind {
            Kind::Given => given.next().cloned().ok_or_else(missing),
            Kind::Captured(index) => captured.get(index).cloned().ok_or_else(missing),
            Kind::Bound(index) => parts.get(index).cloned().flatten().ok_or_else(missing),
            Kind::Random => {
                let number = if input.name == "random.seed" { random[0] } else { random[1] };
                Ok(Tensor::from_i64(vec![number], &[])?)
            }
        };
        self.inputs.iter().filter(|input| wanted(input)).map(one).collect()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.recorded > LARGE {
            discard(std::mem::replace(&mut *self.lock(), State::Empty));
        }
    }
}
