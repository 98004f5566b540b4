//! A training step around a loss that TypeScript traced: the same update as `fit`, one call per step.

use crate::bind::{self, Bindings};
use crate::fit::apply_step;
use crate::model::Inner;
use crate::optimizer::Optimizer;
use crate::step::{self, StepGraph, StepRule, UNBROKEN};
use crate::store::{Layout, Part, Store};
use crate::{ModelError, Result};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use thalweg_engine::{Device, Program, Tensor};
use thalweg_graph::{Builder, DType, Graph, Var};

/// What has parameters that a step changes.
pub trait Trained {
    /// Where each parameter lives.
    fn layout(&self) -> &Layout;

    /// The seed of random numbers in the loss.
    fn seed(&self) -> i64;

    /// Calls `f` with the values. Only jobs call this.
    ///
    /// # Errors
    /// Those of `f`, and of making values that are not there yet.
    fn with_store<T>(&self, f: impl FnOnce(&mut Store) -> Result<T>) -> Result<T>;
}

impl Trained for Inner {
    fn layout(&self) -> &Layout {
        self.definition.layout()
    }

    fn seed(&self) -> i64 {
        self.definition.common().seed
    }

    fn with_store<T>(&self, f: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        Inner::with_store(self, f)
    }
}

/// A compiled step of a user's own loop.
pub struct TrainStep<T> {
    trained: Arc<T>,
    graph: Arc<Graph>,
    optimizer: Optimizer,
    /// By the device that it runs on.
    compiled: Mutex<HashMap<Device, Arc<Compiled>>>,
}

struct Compiled {
    program: Program,
    inputs: Vec<String>,
    state: Vec<String>,
}

/// What one step reports.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainStepReport {
    /// Steps done with these parameters.
    pub step: i64,
    /// The loss before the update.
    pub loss: f64,
    /// Norm of the gradient, before clipping.
    pub grad_norm: f64,
    /// Learning rate.
    pub learning_rate: f64,
}

impl<T: Trained> TrainStep<T> {
    /// A step whose loss is the first output of `graph`. Inputs named `param:<name>` are the parameters that are `trained`,
    /// `random.seed` and `random.counter` are filled in; all others are given at each call, in order.
    pub fn new(trained: Arc<T>, graph: Arc<Graph>, optimizer: Optimizer) -> TrainStep<T> {
        TrainStep { trained, graph, optimizer, compiled: Mutex::default() }
    }

    /// Names of the inputs that a call gives.
    pub fn arguments(&self) -> Vec<String> {
        self.graph
            .inputs
            .iter()
            .map(|i| i.name.clone())
            .filter(|n| !["param:", "random.", "norm."].iter().any(|p| n.starts_with(p)))
            .collect()
    }

    fn compile(&self) -> Result<Arc<Compiled>> {
        let layout = self.trained.layout();
        let rule = StepRule {
            optimizer: self.optimizer.clone(),
            ema: None,
            powers: Vec::new(),
            frozen: vec![false; layout.specs().len()],
            accumulate: 1,
        };
        let built = step::build(layout, &rule, &|b, params, _| inlined(&self.graph, layout, b, params))?;
        let StepGraph { graph, options, state, has_gradient } = built;
        if !has_gradient {
            return Err(ModelError::expected(
                "TraceError",
                "the loss has no gradient by what is trained, so that a step would change nothing",
                "one that depends on trainable parameters",
                "one that depends on none, or only through operations without derivatives",
            ));
        }
        Ok(Arc::new(Compiled { program: Program::compile(&graph, &options)?, inputs: bind::names(&graph), state }))
    }

    /// Runs one step. Called by a task of the worker.
    ///
    /// # Errors
    /// `TrainingError` if the loss or its gradient is not finite (nothing has changed then); those of tracing and running.
    pub fn run(&self, tensors: Vec<Tensor>) -> Result<TrainStepReport> {
        let mut known = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = match known.entry(Device::current()?) {
            Entry::Occupied(compiled) => compiled.get().clone(),
            Entry::Vacant(place) => place.insert(self.compile()?).clone(),
        };
        drop(known);
        let mut bound = Bindings::new();
        for (name, tensor) in self.arguments().into_iter().zip(tensors) {
            bound.set(name, tensor);
        }
        bound.set(UNBROKEN, Tensor::from_bool(vec![true], &[])?);
        bound.set_i64("random.seed", self.trained.seed())?;
        let layout = self.trained.layout();
        self.trained.with_store(|store| {
            for name in self.optimizer.rule().state() {
                store.ensure_state(layout, name)?;
            }
            store.ema = None;
            store.posthoc = None;
            let index = store.step;
            let report = apply_step(store, &compiled.program, &compiled.inputs, &compiled.state, &mut bound, Part::Model, index)?;
            let (loss, norm) = (report.loss()?, report.grad_norm()?);
            if !report.is_applied()? {
                store.step = index;
                return Err(ModelError::expected(
                    "TrainingError",
                    format!("step {}: loss and gradient norm; nothing was changed", index + 1),
                    "finite numbers",
                    format!("{loss} and {norm}"),
                ));
            }
            Ok(TrainStepReport { step: store.step, loss, grad_norm: norm, learning_rate: report.rate()? })
        })
    }
}

/// The loss as a value of `b`, its parameters being `params`.
fn inlined<'g>(loss: &Graph, layout: &Layout, b: &'g Builder, params: &[Var<'g>]) -> Result<Var<'g>> {
    let specs = layout.specs();
    let mut args = Vec::new();
    for input in &loss.inputs {
        args.push(match input.name.strip_prefix("param:") {
            Some(name) => match specs.iter().position(|s| s.name == name) {
                Some(i) => params[i],
                None => {
                    return Err(ModelError::expected(
                        "TraceError",
                        "the loss uses a parameter that is not the model's",
                        "a parameter of the model",
                        name,
                    ));
                }
            },
            None if input.name.starts_with("random.") => b.input(&input.name, DType::I64, &[]),
            None => b.input(&input.name, input.ty.dtype, &input.ty.shape),
        });
    }
    b.inline(loss, &args).first().copied().ok_or_else(|| ModelError::new("TraceError", "the loss returned nothing"))
}
