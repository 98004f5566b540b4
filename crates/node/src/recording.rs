//! A recording as JavaScript sees it: values under numbers that no other recording has, captured tensors, scopes.
//! Finished, it becomes a source: a graph that is joined once, on the worker's thread.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thalweg_model::ModelError;
use thalweg_model::engine::{CompileOptions, Program, Tensor};
use thalweg_model::graph::{Graph, GraphError, Type};

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::live::Share;
use crate::trace::{Declared, Kind, Tape};
use crate::value::Value;
use crate::worker::{discard, internal};

/// Recordings that hold more than this are dropped on the worker's thread.
const LARGE: usize = 4096;
/// Values of one recording; ids of the next one start behind them.
const IDS: f64 = 4_294_967_296.0;
/// After so many recordings ids start again; far more than are alive at one time.
const SERIALS: u64 = 1 << 20;

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
    known: HashMap<usize, usize>,
    scopes: Vec<String>,
}

impl Recording {
    /// An empty recording; `training` says whether dropout drops.
    pub fn new(training: bool) -> Recording {
        let serial = NEXT.fetch_add(1, Ordering::Relaxed) % SERIALS;
        let (captured, known, scopes) = (Vec::new(), HashMap::new(), Vec::new());
        Recording { first: serial as f64 * IDS, tape: Some(Tape::new(training)), captured, known, scopes }
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
            captured: std::mem::take(&mut self.captured),
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
    Joined { graph: Arc<Graph>, program: Option<Arc<Program>> },
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
    /// Captured tensors.
    pub captured: Vec<Captured>,
    state: Mutex<State>,
}

impl Source {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The joined graph; takes time in proportion to it at the first call.
    ///
    /// # Errors
    /// What an op's derivative refuses.
    pub fn graph(&self) -> Result<Arc<Graph>, ModelError> {
        let mut state = self.lock();
        if let State::Recorded { tape, outputs } = &*state {
            *state = match tape.join(outputs) {
                Ok(graph) => State::Joined { graph: Arc::new(graph), program: None },
                Err(error) => State::Failed(GraphError::into(error)),
            };
        }
        match &*state {
            State::Joined { graph, .. } => Ok(graph.clone()),
            State::Failed(error) => Err(error.clone()),
            State::Empty | State::Recorded { .. } => Err(internal("a trace was lost")),
        }
    }

    /// The program, compiled at the first call. Only jobs call this.
    ///
    /// # Errors
    /// As [`Source::graph`]; `MemoryError` where its constants do not fit into memory.
    pub fn program(&self) -> Result<Arc<Program>, ModelError> {
        let graph = self.graph()?;
        if let State::Joined { program: Some(program), .. } = &*self.lock() {
            return Ok(program.clone());
        }
        let compiled = Arc::new(Program::compile(&graph, &CompileOptions::default())?);
        if let State::Joined { program, .. } = &mut *self.lock() {
            *program = Some(compiled.clone());
        }
        Ok(compiled)
    }

    /// All inputs' tensors, in order: `given` for those that the caller gives, then `captured`, and the numbers `random`.
    ///
    /// # Errors
    /// `InternalError` where there are too few.
    pub fn arguments(&self, given: &[Tensor], captured: &[Tensor], random: [i64; 2]) -> Result<Vec<Tensor>, ModelError> {
        let missing = || internal("a graph's input is missing");
        let mut given = given.iter();
        let one = |input: &Declared| match input.kind {
            Kind::Given => given.next().cloned().ok_or_else(missing),
            Kind::Captured(index) => captured.get(index).cloned().ok_or_else(missing),
            Kind::Random => {
                let number = if input.name == "random.seed" { random[0] } else { random[1] };
                Ok(Tensor::from_i64(vec![number], &[])?)
            }
        };
        self.inputs.iter().map(one).collect()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.recorded > LARGE {
            discard(std::mem::replace(&mut *self.lock(), State::Empty));
        }
    }
}
