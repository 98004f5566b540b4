//! fit: training as one job; JavaScript sees events and the end.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use thalweg_model::engine::Tensor;
use thalweg_model::{FitJob, FitOptions, FitRequest, Model, ModelError, Rows, Run};

use super::run::{Begin, NativeRun, end_with};
use super::{NativeModel, getters};
use crate::args;
use crate::error::ThalwegError;
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::recording::Source;
use crate::value::Value;
use crate::worker::{submit, waker};

/// Ends a model's claim to be trained by this run, unless its job took it over.
struct Claim(Option<Model>);

impl Claim {
    fn new(model: &Model) -> Result<Claim, ModelError> {
        model.claim()?;
        Ok(Claim(Some(model.clone())))
    }

    fn hand_over(mut self) {
        self.0 = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(model) = self.0.take() {
            model.inner().release();
        }
    }
}

/// How many tensors there are of each kind, in this order.
#[derive(Clone, Copy)]
struct Counts {
    x: usize,
    condition: usize,
    validation: usize,
}

/// What was asked for, apart from tensors.
struct Ask {
    options: FitOptions,
    counts: Counts,
    weight: Option<Arc<Source>>,
}

fn request(model: &Model, ask: Ask, tensors: &[Tensor]) -> Result<FitRequest, ModelError> {
    let Ask { options, counts, weight } = ask;
    let inner = model.inner();
    let (x, rest) = tensors.split_at(counts.x);
    let (condition, rest) = rest.split_at(counts.condition);
    let (held, held_condition) = rest.split_at(counts.validation);
    let data = Rows { x: inner.check_x("data", x)?, condition: inner.check_condition(condition)? };
    let validation = if held.is_empty() {
        None
    } else {
        Some(Rows { x: inner.check_x("validation", held)?, condition: inner.check_condition(held_condition)? })
    };
    let weight = weight.map(|source| source.function("a weight")).transpose()?;
    Ok(FitRequest { options, data, validation, weight })
}

#[napi]
impl NativeModel {
    /// Starts training on rows `x` (one tensor per leaf), with options as JSON. Forwards that `needs` names must be given
    /// before. One model is trained by one run at a time. `weight` is a graph of the times of a batch that its losses are
    /// multiplied by.
    #[napi]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the boundary")]
    pub fn fit(
        &self,
        env: &Env,
        options: String,
        #[napi(ts_arg_type = "NativeTensor[]")] x: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] condition: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] validation: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] validation_condition: Array<'_>,
        weight: Option<ClassInstance<'_, NativeGraph>>,
    ) -> napi::Result<NativeRun> {
        guard("NativeModel.fit", || {
            let take = |values: &Array<'_>| args::instances(values, args::VALUES, NativeTensor::value);
            let (x, condition) = (take(&x)?, take(&condition)?);
            let (held, held_condition) = (take(&validation)?, take(&validation_condition)?);
            let model = self.model()?;
            let options = FitOptions::parse(&options)?;
            let counts = Counts { x: x.len(), condition: condition.len(), validation: held.len() };
            let all: Vec<Arc<Value>> = [x, condition, held, held_condition].concat();
            let weight = weight.map(|graph| graph.source().clone());
            start(env, &model, Ask { options, counts, weight }, &all)
        })
    }
}

fn start(env: &Env, model: &Model, ask: Ask, values: &[Arc<Value>]) -> Result<NativeRun, ThalwegError> {
    let claim = Claim::new(model)?;
    let run = Run::new();
    run.attach(waker()?);
    end_with(env, &run)?;
    let (trained, own) = (model.clone(), run.clone());
    let (job, begun) = Begin::new(getters(values), move |tensors| {
        let request = request(&trained, ask, &tensors)?;
        let job = FitJob::new(trained.inner().clone(), request, own);
        claim.hand_over();
        Ok(job)
    });
    submit("NativeModel.fit", Box::new(job))?;
    Ok(NativeRun::new(run, begun, Vec::new()))
}
