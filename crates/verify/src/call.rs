//! Jobs of the model crate, run to their end on this thread.
//! Times are the process's own; the samplers' counting is converted in one place.

use crate::case::Case;
use serde_json::Value;
use thalweg_model::engine::{Future, Job, Step, Tensor};
use thalweg_model::{Ask, Groups, LogProbOptions, Model, ModelError, Result, Run, SampleJob, SampleOptions, SampleRequest};

/// What a job gave: one list of numbers for each of its results.
///
/// # Errors
/// Those of the job.
pub fn job(model: &Model, ask: Ask, x0: &[f64], dimensions: usize) -> Result<Vec<Vec<f64>>> {
    let rows = x0.len() / dimensions;
    let given = Groups::of(vec![("x0", vec![Future::ready(Ok(Tensor::from_f64(x0.to_vec(), &[rows, dimensions])?))])]);
    let request = SampleRequest::new(ask, given);
    let (setters, getters): (Vec<_>, Vec<_>) = (0..request.results(model.inner())).map(|_| Future::new()).unzip();
    let run = Run::new();
    let mut job = SampleJob::new(model.inner().clone(), request, run.clone(), setters);
    while job.step() == Step::Again {}
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| {
        let _ = sender.send(end);
    }));
    receiver.recv().map_err(|e| ModelError::new("InternalError", e.to_string()))??;
    getters.into_iter().map(|getter| Ok(getter.wait()?.to_f64_vec()?)).collect()
}

/// Options of sampling.
///
/// # Errors
/// A `ConfigError`.
pub fn sample(options: &Value) -> Result<Ask> {
    Ok(Ask::Sample(SampleOptions::parse(&options.to_string())?))
}

/// Options of a likelihood.
///
/// # Errors
/// A `ConfigError`.
pub fn log_prob(options: &Value) -> Result<Ask> {
    Ok(Ask::LogProb(LogProbOptions::parse(&options.to_string())?))
}

/// States at times of the process, in the direction of sampling, from `x0` at the first one.
///
/// # Errors
/// Those of the job.
pub fn states(model: &Model, case: &Case, times: &[f64], x0: &[f64], mut options: Value) -> Result<Vec<f64>> {
    options["tSpan"] = times.iter().map(|&t| case.sampler_time(t)).collect();
    Ok(job(model, sample(&options)?, x0, model.definition().x().first()[0])?.swap_remove(0))
}
