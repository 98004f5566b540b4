//! A model as JavaScript holds it: what it is, which forwards it needs traced, and its end.
//! Jobs, losses, checkpoints and training steps are in files of their own.

pub mod checkpoint;
pub mod couple;
pub mod energy;
pub mod loss;
pub mod run;
pub mod sample;
pub mod step;
pub mod train;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Object};
use napi_derive::napi;
use serde_json::json;
use thalweg_model::engine::{Choice, Getter, Tensor};
use thalweg_model::external::{self, ExternalModule};
use thalweg_model::{Model, ModelConfig, ModelError, Task, Weights};

use crate::args;
use crate::device;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::graph::NativeGraph;
use crate::guard::guard;
use crate::promise::promise;
use crate::value::Value;
use crate::worker::{discard, submit};

/// A model: its parameters, optimiser state and the jobs that use them.
#[napi]
pub struct NativeModel {
    model: RefCell<Option<Model>>,
}

impl NativeModel {
    /// The model.
    ///
    /// # Errors
    /// `DisposedError` after `dispose`.
    fn model(&self) -> Result<Model, ThalwegError> {
        let disposed = || ThalwegError::new(ErrorCode::DisposedError, "the model was disposed of; it has no parameters any more");
        self.model.borrow().clone().ok_or_else(disposed)
    }
}

impl Drop for NativeModel {
    fn drop(&mut self) {
        if let Some(model) = self.model.take() {
            discard(model);
        }
    }
}

/// Which parameters a call names.
fn weights(name: &str) -> Result<Weights, ThalwegError> {
    match name {
        "ema" => Ok(Weights::Ema),
        "raw" => Ok(Weights::Raw),
        other => {
            let error = ThalwegError::expected(ErrorCode::ConfigError, "weights", "\"ema\" or \"raw\"", args::quoted(other));
            Err(error.with_path("weights"))
        }
    }
}

/// What jobs wait for.
fn getters(values: &[Arc<Value>]) -> Vec<Getter<Tensor>> {
    values.iter().map(|value| value.getter()).collect()
}

/// Enqueues a short job at a device whose result is a text that settles a promise.
pub(super) fn enqueue_text(
    device: Choice,
    name: &'static str,
    inputs: Vec<Getter<Tensor>>,
    settle: crate::promise::Settle<String>,
    work: impl FnOnce(Vec<Tensor>) -> Result<String, ModelError> + Send + 'static,
) -> Result<(), ThalwegError> {
    let deliver = Box::new(move |outcome: Result<String, ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |text| text));
    submit(device, name, Box::new(Task::new(inputs, Box::new(work), deliver)))
}

#[napi]
impl NativeModel {
    /// Reads and checks the config (JSON) of a model of the class `className`. `external` describes the modules that TypeScript registered, by
    /// the place of their network in the config: `{ "model.args": { parameters: [{ name, shape, init, trainable, decay }] } }`.
    #[napi(constructor)]
    pub fn new(class_name: String, config: String, external: String) -> napi::Result<Self> {
        guard("NativeModel", || {
            let config = ModelConfig::parse(&class_name, &config)?;
            device::named(&config.common().device).map_err(|error| error.with_path("device"))?;
            let externals: HashMap<String, ExternalModule> = thalweg_model::config::parse(&external)?;
            Ok(NativeModel { model: RefCell::new(Some(Model::new(config, &externals)?)) })
        })
    }

    /// The config with all defaults, as JSON.
    #[napi]
    pub fn config(&self) -> napi::Result<String> {
        guard("NativeModel.config", || Ok(self.model()?.inner().config().to_json()?.to_string()))
    }

    /// Has jobs that come later run on this device; the values of the parameters go there with the first. Refused during a fit.
    #[napi]
    pub fn move_to(&self, device: String) -> napi::Result<()> {
        guard("NativeModel.moveTo", || Ok(self.model()?.inner().move_to(device::named(&device)?)?))
    }

    /// The parameters in the order of their declaration, as JSON: `[{ name, shape, trainable, decay }]`.
    #[napi]
    pub fn parameters(&self) -> napi::Result<String> {
        guard("NativeModel.parameters", || {
            let model = self.model()?;
            let described = model
                .definition()
                .layout()
                .specs()
                .iter()
                .map(|spec| json!({ "name": spec.name, "shape": spec.shape, "trainable": spec.trainable, "decay": spec.decay }));
            Ok(described.collect::<serde_json::Value>().to_string())
        })
    }

    /// The forwards of TypeScript modules that a job needs and that are not known yet, as JSON: `[{ key, mode, inputs }]`.
    /// The job: `{ kind: "fit", options, rows, candidates?, validationRows?, validationCandidates? }`, `{ kind: "sample", options, given }`,
    /// `{ kind: "loss", rows, candidates?, training }` or `{ kind: "call", rows }`.
    #[napi]
    pub fn needs(&self, kind: String) -> napi::Result<String> {
        guard("NativeModel.needs", || Ok(text(&self.model()?.needs_of(&kind)?)?))
    }

    /// Gives a forward that `needs` asked for. Inputs of the graph: `t`, `x`, `condition`, their leaves, `param:<name>`.
    #[napi]
    pub fn provide(&self, key: String, graph: ClassInstance<'_, NativeGraph>) -> napi::Result<()> {
        guard("NativeModel.provide", || {
            let model = self.model()?;
            let traced = graph.source().function("a forward")?;
            external::check(&traced)?;
            model.definition().forwards().provide(&key, traced);
            Ok(())
        })
    }

    /// Lets go of the parameters: a fit under way ends after its step, other jobs finish, every later call is refused. A second call does nothing.
    #[napi]
    pub fn dispose(&self) -> napi::Result<()> {
        guard("NativeModel.dispose", || {
            if let Some(model) = self.model.take() {
                model.inner().abandon();
                discard(model);
            }
            Ok(())
        })
    }
}

/// JSON schemas of everything that users configure, by name; made on the worker's thread.
#[napi(ts_return_type = "Promise<string>")]
pub fn schemas(env: &Env) -> napi::Result<Object<'_>> {
    const NAME: &str = "schemas";
    guard(NAME, || {
        let (settle, object) = promise::<String>(NAME, env)?;
        let work = Box::new(|_| Ok(thalweg_model::schemas().to_string()));
        let deliver = Box::new(move |outcome: Result<String, ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |text| text));
        submit(Choice::Auto, NAME, Box::new(Task::new(Vec::new(), work, deliver)))?;
        Ok(object)
    })
}

/// A value as JSON.
pub(super) fn text(value: &impl serde::Serialize) -> Result<String, ModelError> {
    serde_json::to_string(value).map_err(|e| ModelError::new("InternalError", e.to_string()))
}
