//! A training step of a user's own loss: one call per step, everything else inside one program.

use std::sync::{Arc, OnceLock};

use napi::Env;
use napi::bindgen_prelude::{Array, Object};
use napi_derive::napi;
use thalweg_model::engine::Tensor;
use thalweg_model::graph::Graph;
use thalweg_model::optimizer::Optimizer;
use thalweg_model::{ModelError, TrainStep, TrainStepReport, config};

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::graph::NativeGraph;
use crate::exports::model::{enqueue_text, text};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::part::Owner;
use crate::promise::promise;
use crate::recording::Source;
use crate::trace::{Declared, Kind};

/// A training step of a user's own loss.
#[napi]
pub struct NativeTrainStep {
    step: Arc<Compiled>,
}

/// A step as a function of what a call gives.
type Step = Box<dyn Fn(Vec<Tensor>) -> Result<TrainStepReport, ModelError> + Send + Sync>;

struct Compiled {
    owner: Owner,
    source: Arc<Source>,
    optimizer: Optimizer,
    step: OnceLock<Result<Step, ModelError>>,
}

/// The step of the parameters of `owner`.
fn step_of(owner: &Owner, graph: Arc<Graph>, optimizer: Optimizer) -> Step {
    match owner {
        Owner::Model(model) => {
            let step = TrainStep::new(model.inner().clone(), graph, optimizer);
            Box::new(move |tensors| step.run(tensors))
        }
        Owner::Module(parameters) => {
            let step = TrainStep::new(parameters.clone(), graph, optimizer);
            Box::new(move |tensors| step.run(tensors))
        }
    }
}

impl Compiled {
    /// The name by which the model crate knows an input that is a part of what is trained.
    fn own(&self, input: &Declared) -> Option<&str> {
        let Kind::Bound(index) = input.kind else { return None };
        let part = self.source.parts.get(index)?;
        part.owner().is(&self.owner).then(|| part.name())
    }

    /// The step with the inputs of what is trained under the names of the model crate.
    fn make(&self) -> Result<Step, ModelError> {
        let mut graph = self.source.graph()?.as_ref().clone();
        for (input, declared) in graph.inputs.iter_mut().zip(&self.source.inputs) {
            if let Some(name) = self.own(declared) {
                input.name = name.to_string();
            }
        }
        Ok(step_of(&self.owner, Arc::new(graph), self.optimizer.clone()))
    }

    fn run(&self, given: &[Tensor]) -> Result<String, ModelError> {
        let step = self.step.get_or_init(|| self.make()).as_ref().map_err(Clone::clone)?;
        let wanted = |input: &Declared| self.own(input).is_none() && input.kind != Kind::Random;
        let arguments = self.source.arguments(wanted, given, [0, 0])?;
        self.owner.refuse_while_training("trainStep")?;
        text(&step(arguments)?)
    }
}

impl NativeTrainStep {
    /// A step that lowers the graph's first output with an optimiser given as JSON.
    ///
    /// # Errors
    /// `ConfigError` for wrong settings; `ShapeError` where the output is no float scalar.
    pub fn new(owner: Owner, graph: &NativeGraph, optimizer: &str) -> Result<NativeTrainStep, ThalwegError> {
        let optimizer: Optimizer = config::parse(optimizer)?;
        optimizer.validate()?;
        let source = graph.source().clone();
        match source.outputs.first() {
            Some(ty) if ty.rank() == 0 && ty.dtype.is_float() => {}
            other => {
                let got = other.map_or_else(|| "nothing".to_string(), ToString::to_string);
                let expected = "a float scalar (mean or sum first)";
                return Err(ThalwegError::expected(ErrorCode::ShapeError, "the loss is not a number", expected, got));
            }
        }
        Ok(NativeTrainStep { step: Arc::new(Compiled { owner, source, optimizer, step: OnceLock::new() }) })
    }
}

#[napi]
impl NativeTrainStep {
    /// Does one step on a batch: the graph's inputs in order. Resolves to `{ step, loss, gradNorm, learningRate }` as JSON;
    /// rejects with a `TrainingError` where loss or gradient are not finite, and then nothing has changed.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn step<'env>(&self, env: &'env Env, #[napi(ts_arg_type = "NativeTensor[]")] inputs: Array<'_>) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeTrainStep.step";
        guard(NAME, || {
            let values = args::instances(&inputs, args::VALUES, NativeTensor::value)?;
            let step = self.step.clone();
            step.source.check(&values)?;
            let inputs = step.source.getters(&values);
            let (settle, object) = promise(NAME, env)?;
            enqueue_text(step.owner.device(), NAME, inputs, settle, move |tensors| step.run(&tensors))?;
            Ok(object)
        })
    }
}
