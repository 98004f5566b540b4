//! Sampling and likelihood as one job each; their results are tensors.

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use std::sync::Arc;
use thalweg_model::engine::Future;
use thalweg_model::graph::Graph;
use thalweg_model::sampling::{Unrolled, chunk_rows};
use thalweg_model::{
    Ask, Cuts, DiscreteSampleOptions, Groups, LogProbOptions, ModelError, Run, SampleJob, SampleOptions, SampleRequest, TokenJob,
    TokenRequest, config,
};

use super::loss::Given;
use super::run::{NativeRun, end_with};
use super::{NativeModel, getters};
use crate::args;
use crate::error::ThalwegError;
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::exports::trace::{NativeTrace, TracedValue};
use crate::guard::guard;
use crate::recording::Source;
use crate::worker::{submit, waker};

/// An energy's graph and the number of rows that it was traced for: that of its input `t`.
fn energy(source: &Arc<Source>) -> Result<(usize, Arc<Graph>), ModelError> {
    let graph = source.function("an energy")?;
    let rows = graph.inputs.iter().find(|input| input.name == "t").and_then(|input| input.ty.shape.first().copied());
    Ok((rows.unwrap_or(0), graph))
}

impl NativeModel {
    fn start(&self, env: &Env, name: &'static str, request: SampleRequest) -> Result<NativeRun, ThalwegError> {
        let model = self.model()?;
        let run = Run::new();
        run.attach(waker()?);
        end_with(env, &run)?;
        let (setters, results) = (0..request.results(model.inner())).map(|_| Future::new()).unzip();
        submit(name, Box::new(SampleJob::new(model.inner().clone(), request, run.clone(), setters)))?;
        Ok(NativeRun::new(run, Future::ready(Ok(())), results))
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
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let sources = args::instances(&energies, args::VALUES, |graph: &NativeGraph| Ok(graph.source().clone()))?;
            let given = config::parse::<Cuts>(&groups)?.apply(getters(&values))?;
            let mut request = SampleRequest::new(Ask::Sample(SampleOptions::parse(&options)?), given);
            request.other = other.map(|model| model.model()).transpose()?.map(|model| model.inner().clone());
            request.energy = sources.iter().map(energy).collect::<Result<_, _>>()?;
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
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let given = config::parse::<Cuts>(&groups)?.apply(getters(&values))?;
            let request = TokenRequest { options: DiscreteSampleOptions::parse(&options)?, given };
            let model = self.model()?;
            let run = Run::new();
            run.attach(waker()?);
            end_with(env, &run)?;
            let (setters, results) = (0..model.definition().x().len()).map(|_| Future::new()).unzip();
            submit("NativeModel.sampleTokens", Box::new(TokenJob::new(model.inner().clone(), request, run.clone(), setters)))?;
            Ok(NativeRun::new(run, Future::ready(Ok(())), results))
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
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let given = config::parse::<Cuts>(&groups)?.apply(getters(&values))?;
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
            let sources = args::instances(&energies, args::VALUES, |graph: &NativeGraph| Ok(graph.source().clone()))?;
            let options = SampleOptions::parse(&options)?;
            let seed = options.seed;
            let energies = sources.iter().map(energy).collect::<Result<_, ModelError>>()?;
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
        let ids = args::ids(values, args::VALUES)?;
        let groups: Groups<f64> = config::parse::<Cuts>(groups)?.apply(ids)?;
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
        let rows = SampleRequest::rows(&options, given.and_then(args::natural));
        Ok(args::sizes(&chunk_rows(rows)))
    })
}
