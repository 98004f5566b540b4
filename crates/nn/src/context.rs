//! What a network is traced with: the graph, the parameters' values, the mode, and where random numbers come from.
//! One is made per trace; networks themselves hold handles only.

use crate::Param;
use std::cell::Cell;
use thalweg_graph::{Builder, GraphError, Var};

/// What a trace is for; part of the key under which programs are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Fitting: dropout drops.
    Train,
    /// Anything else: dropout passes its input on.
    Sample,
}

/// The first stream of the random ops inside networks ("nnrandom" in ASCII): far from small numbers that others count up from.
const FIRST_STREAM: u64 = 0x6e6e_7261_6e64_6f6d;

/// Random numbers for the inside of a network: every draw of one trace has a stream of its own.
#[derive(Clone, Debug)]
pub struct RandomSource<'g> {
    seed: Var<'g>,
    counter: Var<'g>,
    next: Cell<u64>,
}

impl<'g> RandomSource<'g> {
    /// Draws are functions of `seed` (the key) and `counter` (which evaluation: a step's number), both scalar i64.
    pub fn new(seed: Var<'g>, counter: Var<'g>) -> RandomSource<'g> {
        RandomSource { seed, counter, next: Cell::new(FIRST_STREAM) }
    }

    /// The key.
    pub fn seed(&self) -> Var<'g> {
        self.seed
    }

    /// Which evaluation this is.
    pub fn counter(&self) -> Var<'g> {
        self.counter
    }

    /// A stream that this source has not given out before.
    pub fn stream(&self) -> u64 {
        let stream = self.next.get();
        self.next.set(stream.wrapping_add(1));
        stream
    }
}

/// What a network is traced with.
#[derive(Clone)]
pub struct Context<'a, 'g> {
    /// The graph under construction.
    pub builder: &'g Builder,
    /// The parameters' values in the order of their declarations.
    pub params: &'a [Var<'g>],
    /// What the trace is for.
    pub mode: Mode,
    /// Random numbers; may be absent when sampling.
    pub random: Option<RandomSource<'g>>,
}

impl<'g> Context<'_, 'g> {
    /// The value of a declared parameter. One that was declared elsewhere is an error of the graph, not a panic.
    pub fn param(&self, param: Param) -> Var<'g> {
        match self.params.get(param.0) {
            Some(value) => *value,
            None => self.builder.fail(GraphError::trace(
                "parameter",
                "a network was traced with another model's parameters",
                format!("at least {} parameters", param.0 + 1),
                self.params.len().to_string(),
            )),
        }
    }

    /// The value for an input of a graph that was traced elsewhere: `"random.seed"` and `"random.counter"`, if there are random
    /// numbers.
    pub fn random_input(&self, name: &str) -> Option<Var<'g>> {
        let random = self.random.as_ref()?;
        match name {
            "random.seed" => Some(random.seed),
            "random.counter" => Some(random.counter),
            _ => None,
        }
    }
}
