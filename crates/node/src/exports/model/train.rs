//! fit: training as one job; JavaScript sees events and the end.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use thalweg_model::engine::Tensor;
use thalweg_model::{Cuts, Feed, FitJob, FitOptions, FitRequest, Model, ModelError, Run, config};

use super::run::{Begin, NativeRun, end_with};
use super::{NativeModel, getters};
use crate::args;
use crate::error::ThalwegError;
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::recording::Source;
use crate::value::Value;
use crate::worker::submit;

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

/// What was asked for, apart from tensors.
struct Ask {
    options: FitOptions,
    cuts: Cuts,
    weight: Option<Arc<Source>>,
    streamed: bool,
}

fn request(model: &Model, ask: Ask, tensors: Vec<Tensor>) -> Result<FitRequest, ModelError> {
    let Ask { options, cuts, weight, .. } = ask;
    let inner = model.inner();
    let groups = cuts.apply(tensors)?;
    let data = inner.check_rows("", &groups)?;
    let validation = if groups.get("validation.x").is_empty() { None } else { Some(inner.check_rows("validation.", &groups)?) };
    let weight = weight.map(|source| source.function("a weight")).transpose()?;
    Ok(FitRequest { options, data, validation, weight })
}

#[napi]
impl NativeModel {
    /// Starts training with options as JSON. Groups of tensors: the data `x`, and `x0`, `condition`, `sampleWeight`, `energy` and the same below
    /// `validation.` where there are any. Forwards that `needs` names must be given before. One model is trained by one run at a time.
    /// `weight` is a graph of the times of a batch that its losses are multiplied by. The data of a `streamed` run are its first rows; more come by `feed`,
    /// of any number that is a multiple of a step's, until `complete` says that there are no more.
    #[napi]
    pub fn fit(
        &self,
        env: &Env,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
        weight: Option<ClassInstance<'_, NativeGraph>>,
        streamed: Option<bool>,
    ) -> napi::Result<NativeRun> {
        guard("NativeModel.fit", || {
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let cuts: Cuts = config::parse(&groups)?;
            let model = self.model()?;
            let options = FitOptions::parse(&options)?;
            let weight = weight.map(|graph| graph.source().clone());
            start(env, &model, Ask { options, cuts, weight, streamed: streamed.unwrap_or(false) }, &values)
        })
    }
}

fn start(env: &Env, model: &Model, ask: Ask, values: &[Arc<Value>]) -> Result<NativeRun, ThalwegError> {
    let claim = Claim::new(model)?;
    let run = Run::new();
    end_with(env, &run)?;
    let (trained, own) = (model.clone(), run.clone());
    let (feed, intake) = ask.streamed.then(|| Feed::new(&run)).unzip();
    let (job, begun) = Begin::new(getters(values), move |tensors| {
        let request = request(&trained, ask, tensors)?;
        let job = FitJob::new(trained.inner().clone(), request, own);
        claim.hand_over();
        Ok(match intake {
            Some(intake) => job.fed_by(intake),
            None => job,
        })
    });
    submit(model.inner().device(), "NativeModel.fit", Box::new(job))?;
    Ok(NativeRun::fed(run, begun, feed))
}
