//! A training step around a loss that TypeScript traced: the same update as `fit`, one call per step.

use crate::bind::{self, Bindings};
use crate::fit::apply_step;
use crate::model::Inner;
use crate::optimizer::Optimizer;
use crate::step::{self, StepGraph, StepRule, UNBROKEN};
use crate::store::Part;
use crate::{ModelError, Result};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use thalweg_engine::{Device, Program, Tensor};
use thalweg_graph::{Builder, DType, Graph, Var};

/// A compiled step of a user's own loop.
pub struct TrainStep {
    inner: Arc<Inner>,
    graph: Arc<Graph>,
    optimizer: Optimizer,
    /// By the device that the model is on.
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
    /// Steps done with this model.
    pub step: i64,
    /// The loss before the update.
    pub loss: f64,
    /// Norm of the gradient, before clipping.
    pub grad_norm: f64,
    /// Learning rate.
    pub learning_rate: f64,
}

impl TrainStep {
    /// A step whose loss is the first output of `graph`. Inputs named `param:<name>` are the model's parameters,
    /// `random.seed` and `random.counter` are filled in; all others are given at each call, in order.
    pub fn new(inner: Arc<Inner>, graph: Arc<Graph>, optimizer: Optimizer) -> TrainStep {
        TrainStep { inner, graph, optimizer, compiled: Mutex::default() }
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
        let layout = self.inner.definition.layout();
        let rule = StepRule {
            optimizer: self.optimizer.clone(),
            ema: None,
            powers: Vec::new(),
            frozen: vec![false; layout.specs().len()],
            accumulate: 1,
        };
        let loss = LossGraph { inner: &self.inner, graph: &self.graph };
        let StepGraph { graph, options, state } = step::build(layout, &rule, &|b, params, _| loss.build(b, params))?;
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
        bound.set_i64("random.seed", self.inner.definition.common().seed)?;
        let layout = self.inner.definition.layout();
        self.inner.with_store(|store| {
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

struct LossGraph<'a> {
    inner: &'a Inner,
    graph: &'a Graph,
}

impl LossGraph<'_> {
    fn build<'g>(&self, b: &'g Builder, params: &[Var<'g>]) -> Result<Var<'g>> {
        let specs = self.inner.definition.layout().specs();
        let mut args = Vec::new();
        for input in &self.graph.inputs {
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
        b.inline(self.graph, &args).first().copied().ok_or_else(|| ModelError::new("TraceError", "the loss returned nothing"))
    }
}
