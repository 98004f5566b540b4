//! The parameters of a module that is trained by itself, as JavaScript holds them.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use thalweg_model::engine::Choice;
use thalweg_model::graph::{DType, Type};
use thalweg_model::{Parameters, Trained, config};

use crate::args;
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::exports::trace::{NativeTrace, TracedValue};
use crate::exports::train_step::NativeTrainStep;
use crate::guard::guard;
use crate::part::Owner;
use crate::value;

/// Parameters that training steps change.
#[napi]
pub struct NativeParameters {
    parameters: Arc<Parameters>,
}

impl NativeParameters {
    fn types(&self) -> Vec<Type> {
        let specs = self.parameters.layout().specs();
        specs.iter().map(|spec| Type::new(DType::F32, spec.shape.clone())).collect()
    }
}

#[napi]
impl NativeParameters {
    /// Parameters without values: `{ parameters: [{ name, shape, init, trainable, decay }] }` as JSON, and the seed of random numbers
    /// in losses.
    #[napi(constructor)]
    pub fn new(declared: String, seed: f64) -> napi::Result<Self> {
        guard("NativeParameters", || {
            let parameters = Arc::new(Parameters::new(config::parse(&declared)?, seed as i64));
            Ok(NativeParameters { parameters })
        })
    }

    /// Replaces the values of all parameters, behind the jobs that are there.
    #[napi]
    pub fn set(&self, #[napi(ts_arg_type = "NativeTensor[]")] values: Array<'_>) -> napi::Result<()> {
        guard("NativeParameters.set", || {
            let values = args::instances(&values, args::VALUES, NativeTensor::value)?;
            let inputs = values.iter().map(|value| value.getter()).collect();
            let parameters = self.parameters.clone();
            let work = move |tensors: Vec<_>| parameters.set(&tensors).map(|()| Vec::new());
            value::enqueue(Choice::Auto, "NativeParameters.set", inputs, &[], work)?;
            Ok(())
        })
    }

    /// The values of all parameters behind the jobs that are there, in the order of their declaration.
    #[napi]
    pub fn values(&self, env: &Env) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeParameters.values", || {
            let parameters = self.parameters.clone();
            let work = move |_: Vec<_>| parameters.values();
            NativeTensor::all(env, value::enqueue(Choice::Auto, "NativeParameters.values", Vec::new(), &self.types(), work)?)
        })
    }

    /// All parameters as inputs of a recording, by reference.
    #[napi]
    pub fn bind(&self, trace: ClassInstance<'_, NativeTrace>) -> napi::Result<Vec<TracedValue>> {
        guard("NativeParameters.bind", || {
            let owner = Owner::Module(self.parameters.clone());
            trace.several(|recording| {
                let specs = self.parameters.layout().specs().iter().zip(self.types());
                specs.map(|(spec, ty)| recording.bind(&owner, &format!("param:{}", spec.name), &ty)).collect()
            })
        })
    }

    /// A training step that lowers the graph's first output, a float scalar, with an optimiser given as JSON.
    #[napi]
    pub fn train_step(&self, graph: ClassInstance<'_, NativeGraph>, optimizer: String) -> napi::Result<NativeTrainStep> {
        guard("NativeParameters.trainStep", || NativeTrainStep::new(Owner::Module(self.parameters.clone()), &graph, &optimizer))
    }
}
