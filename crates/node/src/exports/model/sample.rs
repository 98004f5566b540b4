//! Sampling and likelihood as one job each; their results are tensors.

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use std::sync::Arc;
use thalweg_model::engine::{Choice, Future, Getter, Job, Setter, Tensor};
use thalweg_model::graph::Graph;
use thalweg_model::sampling::{Unrolled, chunk_rows, rows_of};
use thalweg_model::{
    Ask, Cuts, DiscreteSampleOptions, Groups, LogProbOptions, ModelError, Run, SampleJob, SampleOptions, SampleRequest, TokenJob,
    TokenRequest, config,
};

use super::loss::{Given, traced_groups};
use super::run::{NativeRun, end_with};
use super::{NativeModel, getters};
use crate::args;
use crate::error::ThalwegError;
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::exports::trace::{NativeTrace, TracedValue};
use crate::guard::guard;
use crate::recording::Source;
use crate::worker::submit;

/// An energy's graph and the number of rows that it was traced for: that of its input `t`.
fn energy(source: &Arc<Source>) -> Result<(usize, Arc<Graph>), ModelError> {
    let graph = source.function("an energy")?;
    let rows = graph.inputs.iter().find(|input| input.name == "t").and_then(|input| input.ty.shape.first().copied());
    Ok((rows.unwrap_or(0), graph))
}

/// What a job is given, in its groups.
fn given(groups: &str, tensors: &Array<'_>) -> Result<Groups<Getter<Tensor>>, ThalwegError> {
    let values = args::instances(tensors, args::VALUES, NativeTensor::value)?;
    Ok(config::parse::<Cuts>(groups)?.apply(getters(&values))?)
}

/// Energies of graphs that JavaScript traced.
fn energies(graphs: &Array<'_>) -> Result<Vec<(usize, Arc<Graph>)>, ThalwegError> {
    let sources = args::instances(graphs, args::VALUES, |graph: &NativeGraph| Ok(graph.source().clone()))?;
    Ok(sources.iter().map(energy).collect::<Result<_, _>>()?)
}

/// Submits a job to a device that has so many tensors for results.
fn start<J: Job + 'static>(
    env: &Env,
    device: Choice,
    name: &'static str,
    results: usize,
    job: impl FnOnce(Run, Vec<Setter<Tensor>>) -> J,
) -> Result<NativeRun, ThalwegError> {
    let run = Run::new();
    end_with(env, &run)?;
    let (setters, results) = (0..results).map(|_| Future::new()).unzip();
    submit(device, name, Box::new(job(run.clone(), setters)))?;
    Ok(NativeRun::new(run, Future::ready(Ok(())), results))
}

impl NativeModel {
    fn start(&self, env: &Env, name: &'static str, request: SampleRequest) -> Result<NativeRun, ThalwegError> {
        let inner = self.model()?.inner().clone();
        start(env, inner.device(), name, request.results(&inner), |run, setters| SampleJob::new(inner, request, run, setters))
    }
}

#[napi]
impl NativeModel {
    /// Starts sampling with options as JSON. Groups of tensors, where there are any: starts `x0`, `condition` (one tensor per leaf).
    /// `other` is a model that guides; `energies` are graphs of one energy, traced for each of `sampleRows`.
    #[napi]
    pub fn sample(
        &self,
        env: &Env,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
        #[napi(ts_arg_type = "NativeGraph[]")] energies: Array<'_>,
        other: Option<ClassInstance<'_, NativeModel>>,
    ) -> napi::Result<NativeRun> {
        guard("NativeModel.sample", || {
            let (given, energy) = (given(&groups, &tensors)?, self::energies(&energies)?);
            let mut request = SampleRequest::new(Ask::Sample(SampleOptions::parse(&options)?), given);
            request.other = other.map(|model| model.model()).transpose()?.map(|model| model.inner().clone());
            request.energy = energy;
            self.start(env, "NativeModel.sample", request)
        })
    }

    /// Starts sampling tokens, of a discrete flow, with options as JSON. Groups of tensors, where there are any: starts `x0` (i64), `condition` (one tensor
    /// per leaf). The results are i64.
    #[napi]
    pub fn sample_tokens(
        &self,
        env: &Env,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
    ) -> napi::Result<NativeRun> {
        guard("NativeModel.sampleTokens", || {
            let request = TokenRequest { given: given(&groups, &tensors)?, options: DiscreteSampleOptions::parse(&options)? };
            let inner = self.model()?.inner().clone();
            let leaves = inner.definition.x().len();
            start(env, inner.device(), "NativeModel.sampleTokens", leaves, |run, setters| TokenJob::new(inner, request, run, setters))
        })
    }

    /// Starts computing log densities with options as JSON, of the rows `x0` (one tensor per leaf) under the `condition`, if there is one.
    #[napi]
    pub fn log_prob(
        &self,
        env: &Env,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
    ) -> napi::Result<NativeRun> {
        guard("NativeModel.logProb", || {
            let given = given(&groups, &tensors)?;
            let request = SampleRequest::new(Ask::LogProb(LogProbOptions::parse(&options)?), given);
            self.start(env, "NativeModel.logProb", request)
        })
    }
}

#[napi]
impl NativeModel {
    /// As `sample`, inside a recording: all steps of a solver of fixed steps, to be differentiated. Groups: the starts `x0`, or the data of a
    /// forward run; `condition`. The model's parameters are inputs by reference.
    #[napi]
    pub fn trace_sample(
        &self,
        trace: ClassInstance<'_, NativeTrace>,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "number[]")] values: Array<'_>,
        #[napi(ts_arg_type = "NativeGraph[]")] energies: Array<'_>,
    ) -> napi::Result<Vec<TracedValue>> {
        guard("NativeModel.traceSample", || {
            let energies = self::energies(&energies)?;
            let options = SampleOptions::parse(&options)?;
            let seed = options.seed;
            self.unrolled(&trace, &Ask::Sample(options), seed, &groups, &values, energies)
        })
    }

    /// As `logProb`, inside a recording, by a solver of fixed steps; see `traceSample`.
    #[napi]
    pub fn trace_log_prob(
        &self,
        trace: ClassInstance<'_, NativeTrace>,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "number[]")] values: Array<'_>,
    ) -> napi::Result<Vec<TracedValue>> {
        guard("NativeModel.traceLogProb", || {
            let options = LogProbOptions::parse(&options)?;
            let seed = options.seed;
            self.unrolled(&trace, &Ask::LogProb(options), seed, &groups, &values, Vec::new())
        })
    }
}

impl NativeModel {
    fn unrolled(
        &self,
        trace: &NativeTrace,
        ask: &Ask,
        seed: i64,
        groups: &str,
        values: &Array<'_>,
        energies: Vec<(usize, Arc<Graph>)>,
    ) -> Result<Vec<TracedValue>, ThalwegError> {
        let groups = traced_groups(groups, values)?;
        let model = self.model()?;
        trace.several(|recording| {
            let given = Given::of_starts(recording, &model, &groups)?;
            let conditioned = !groups.get("condition").is_empty();
            let graph = Unrolled::of(model.inner(), ask, given.rows, conditioned, energies)?.graph()?;
            given.inline(recording, &model, &graph, Some(seed))
        })
    }
}

/// The numbers of rows of the programs that sampling with these options (JSON) runs, given so many starts or conditions.
#[napi]
pub fn sample_rows(options: String, given: Option<f64>) -> napi::Result<Vec<f64>> {
    guard("sampleRows", || {
        let options = SampleOptions::parse(&options)?;
        let rows = rows_of(options.batch_size.as_ref(), given.and_then(args::natural));
        Ok(args::sizes(&chunk_rows(rows)))
    })
}
