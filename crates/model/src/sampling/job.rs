//! Sampling and likelihood as a job of the worker: one solver action per turn.

use super::brownian::Brownian;
use super::chunks::{Chunks, Sampler, SamplerJob, Starts};
use super::density::Divergence;
use super::dynamics::{Dynamics, State};
use super::field::OTHER;
use super::fixed::{self, Known, Moment};
use super::options::{LogProbOptions, SampleOptions};
use super::resample::{Move, Pilot, Resampled};
use super::setup::{Given, Guides, Setup, driver, fitting, plan_of};
use super::times::view;
use crate::bind::Bindings;
use crate::data::check_finite;
use crate::groups::Groups;
use crate::model::Inner;
use crate::run::Run;
use crate::task::resolve;
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_engine::{Getter, Setter, Tensor};
use thalweg_graph::{Graph, Leaves};
use thalweg_path::Diffusion as Spread;
use thalweg_solver::{Action, PlannedStep, Verdict};

/// What is asked for.
pub enum Ask {
    /// Samples, or data carried to noise.
    Sample(SampleOptions),
    /// Log densities of data.
    LogProb(LogProbOptions),
}

impl Ask {
    /// The options that sampling and likelihood have in common, as those of sampling.
    pub fn options(&self) -> SampleOptions {
        match self {
            Ask::Sample(options) => options.clone(),
            Ask::LogProb(options) => SampleOptions {
                t_span: options.t_span.clone(),
                seed: options.seed,
                weights: options.weights,
                solver: options.solver.clone(),
                guidance: options.guidance.clone(),
                divergence: options.divergence,
                forward: true,
                log_prob: true,
                ..SampleOptions::default()
            },
        }
    }
}

/// Everything a call was given.
pub struct SampleRequest {
    /// What is asked for.
    pub ask: Ask,
    /// Groups of tensors: starts or data `x0`, `condition`, one row each; known coordinates `fixedX` and `fixedMask` (0 where they are known, 1 where
    /// they are sampled), one row each or one for all.
    pub given: Groups<Getter<Tensor>>,
    /// Another model that guides.
    pub other: Option<Arc<Inner>>,
    /// An energy that guides, as a function traced for the chunks' numbers of rows.
    pub energy: Vec<(usize, Arc<Graph>)>,
}

impl SampleRequest {
    /// A request without guides.
    pub fn new(ask: Ask, given: Groups<Getter<Tensor>>) -> SampleRequest {
        SampleRequest { ask, given, other: None, energy: Vec::new() }
    }

    /// How many tensors the result is.
    pub fn results(&self, inner: &Inner) -> usize {
        let leaves = inner.definition.x().len();
        match &self.ask {
            Ask::Sample(options) => leaves + usize::from(options.log_prob),
            Ask::LogProb(_) => 1,
        }
    }
}

/// The job. It sets one tensor per leaf, and then the log density if it was asked for; of a likelihood the log density alone.
pub type SampleJob = SamplerJob<Integration>;

/// What the job does with its rows.
pub struct Integration {
    inner: Arc<Inner>,
    request: SampleRequest,
    options: SampleOptions,
}

/// What it holds between two turns.
pub struct Work {
    dynamics: Dynamics,
    spread: Spread,
    bound: Bindings,
    /// Whether starts are in the user's units.
    starts_are_data: bool,
    known: Option<Known>,
    /// Whether sampling ends at the data.
    ends_at_data: bool,
    times: Vec<f64>,
    chunks: Chunks,
    chunk: Option<Chunk>,
    /// Log densities of the chunks so far.
    densities: Vec<Tensor>,
}

struct Chunk {
    pilot: Pilot,
    state: State,
    /// Where it began, if a density is followed.
    first: Option<Vec<Tensor>>,
    /// The path that steps take their noise from, if it is to be one.
    brownian: Option<Brownian>,
    length: usize,
    index: u64,
}

impl SampleJob {
    /// A job that samples from `inner` into `results`; see [`SampleRequest::results`].
    pub fn new(inner: Arc<Inner>, request: SampleRequest, run: Run, results: Vec<Setter<Tensor>>) -> SampleJob {
        let options = request.ask.options();
        SamplerJob::of(Integration { inner, request, options }, run, results)
    }
}

impl Integration {
    fn is_likelihood(&self) -> bool {
        matches!(self.request.ask, Ask::LogProb(_))
    }

    /// The state of the next chunk, or `None` if all rows are done.
    fn next_chunk(&self, work: &mut Work) -> Result<Option<Chunk>> {
        let Some(slice) = work.chunks.next(&mut work.bound)? else { return Ok(None) };
        let (length, padded) = (slice.length, slice.pick.len());
        let rows = work.chunks.noise(&self.inner.definition, self.options.seed, padded);
        let mut x = match slice.x0 {
            Some(x0) if work.starts_are_data => work.dynamics.normalized(&x0, &work.bound)?,
            Some(x0) => x0,
            None => rows.normal("sample.start", 0, work.dynamics.field().process().prior_std())?,
        };
        let first = work.dynamics.field().divergence.map(|divergence| -> Result<Vec<Tensor>> {
            if divergence == Divergence::Hutchinson {
                let names = self.inner.definition.x().iter().map(|(name, _)| name.to_string());
                work.bound.set_leaves("probe", &Leaves::new(names.zip(rows.signs("sample.probe")?).collect()));
            }
            let start = x.clone();
            x.push(crate::data::tensor_of(vec![0.0; padded], &[padded], self.inner.dtype())?);
            Ok(start)
        });
        let keep: Vec<bool> = (0..padded).map(|i| i < length).collect();
        work.bound.set("rows", Tensor::from_bool(keep, &[padded])?);
        if let Some(known) = &work.known {
            let [given, mask] = known.picked(&slice.pick)?;
            let inside = work.dynamics.normalized(&given, &work.bound)?;
            for (name, tensors) in [("fixed.given", given), ("fixed.mask", mask), ("fixed.x", inside)] {
                let names = self.inner.definition.x().iter().map(|(name, _)| name.to_string());
                work.bound.set_leaves(name, &Leaves::new(names.zip(tensors).collect()));
            }
            fixed::bind_noise(&rows, 0, &x, &mut work.bound)?;
        }
        let pilot = self.pilot(work)?;
        let (from, to) = (work.times[0], work.times[work.times.len() - 1]);
        let brownian = work.dynamics.solver().is_brownian().then(|| Brownian::new(&rows, from, to));
        Ok(Some(Chunk { pilot, first: first.transpose()?, brownian, state: State::new(x), length, index: 0 }))
    }

    /// What a chunk's moves come from.
    fn pilot(&self, work: &Work) -> Result<Pilot> {
        let (process, solver) = (work.dynamics.field().process(), work.dynamics.solver());
        let Some(how) = self.options.resample else { return Ok(Pilot::Driver(driver(&process, solver, &work.spread, &work.times)?)) };
        let Some(view) = view(&process) else {
            return Err(ModelError::config(
                "resample",
                "a Gaussian path, along which states can be noised",
                self.inner.definition.config().class(),
            ));
        };
        if solver.is_adaptive() || solver.is_brownian() {
            let got = if solver.is_adaptive() { "an adaptive solver" } else { "brownian: true" };
            return Err(ModelError::config("resample", "fixed steps (solver.args.steps) with noise of their own", got));
        }
        Ok(Pilot::Resampled(Resampled::new(plan_of(&process, solver, &work.spread, &work.times)?, &view, how)?))
    }

    fn finish_chunk(&self, work: &mut Work, chunk: &Chunk) -> Result<()> {
        let s = chunk.pilot.statistics();
        work.chunks.report.evaluations += s.nfe as u64;
        work.chunks.report.rejected += s.rejected as u64;
        work.chunks.report.steps_run += s.accepted as u64;
        work.chunks.end_chunk(chunk.length);
        if let Some(first) = &chunk.first {
            // Along a flow log p falls by ∫∇·v dt: from the prior's side it is subtracted, towards it added.
            let end = chunk.state.x()[..first.len()].to_vec();
            let (at_prior, sign) = if self.options.forward { (end, 1.0) } else { (first.clone(), -1.0) };
            let density = work.dynamics.log_density(&at_prior, &chunk.state, sign, &mut work.bound)?;
            work.densities.push(density.narrow(0, 0, chunk.length)?);
        }
        Ok(())
    }

    fn step_noise(&self, work: &Work, chunk: &mut Chunk, planned: &PlannedStep) -> Result<Vec<Vec<Tensor>>> {
        let rows = work.chunks.noise(&self.inner.definition, self.options.seed, chunk.state.x()[0].ty().shape[0]);
        if let Some(brownian) = &mut chunk.brownian {
            let noises = brownian.noises(planned.t, planned.end);
            return noises.into_iter().take(planned.step.structure.noises).map(|leaves| rows.tensors(leaves)).collect();
        }
        let draw = |k: usize| rows.normal(&stream(k), chunk.index as i64, 1.0);
        (0..planned.step.structure.noises).map(draw).collect()
    }
}

fn publish(run: &Run, work: &Work, chunk: &Chunk) {
    let (from, to) = (work.times[0], work.times[work.times.len() - 1]);
    let within = (chunk.pilot.time() - from) / (to - from);
    let done = work.chunks.report.steps_run + chunk.pilot.statistics().accepted as u64;
    work.chunks.publish(run, done, None, within, chunk.length);
}

impl Sampler for Integration {
    type Work = Work;

    fn given(&self) -> &Groups<Getter<Tensor>> {
        &self.request.given
    }

    fn begin(&self) -> Result<Work> {
        let (options, inner) = (&self.options, &self.inner);
        if inner.definition.tokens().is_some() {
            let expected = "a model of continuous states: tokens have neither a velocity nor a density";
            return Err(ModelError::config("model", expected, inner.definition.config().class()));
        }
        let tensors = |name: &str| resolve(self.request.given.get(name));
        let what = if self.is_likelihood() { "x" } else { "x0" };
        let x0 = tensors("x0")?;
        let x0 = if x0.is_empty() { None } else { Some(inner.check_x(what, &x0)?) };
        let condition = inner.check_optional_condition(&tensors("condition")?)?;
        for (place, leaves) in [(what, &x0), ("condition", &condition)] {
            leaves.as_ref().map_or(Ok(()), |leaves| check_finite(place, leaves))?;
        }
        let mut starts = Starts::new(what, x0, condition)?;
        let known = Known::of(inner, &tensors("fixedX")?, &tensors("fixedMask")?)?;
        if let Some(known) = &known {
            starts.rows = Some(known.rows(starts.rows)?);
        }
        if known.is_some() && (options.forward || options.log_prob) {
            return Err(ModelError::config("fixedX", "samples without a density", "a likelihood, or the way to noise"));
        }
        if options.resample.is_some() && known.is_none() {
            return Err(ModelError::config("resample", "known coordinates (fixedX and fixedMask)", "none"));
        }
        if options.forward && starts.x0.is_none() {
            return Err(ModelError::expected("DataError", "no data", "the data to start from", "none"));
        }
        let (flat, normalization, source_is_data) =
            inner.with_store(|store| Ok((store.flat(options.weights), store.normalization.clone(), store.source_is_data)))?;
        if source_is_data && starts.x0.is_none() {
            let expected = "samples x0 of the source, since the model was fitted from x0 to x1";
            return Err(ModelError::expected("DataError", "x0: missing", expected, "none"));
        }
        if options.log_prob && source_is_data {
            let expected = "a model whose source is standard normal: the density of a source known by samples is not known";
            return Err(ModelError::expected("ConfigError", "logProb", expected, "a model fitted from x0 to x1"));
        }
        let mut bound = Bindings::new();
        bound.set_parameters(&flat);
        bound.set_normalization(normalization.as_ref());
        let guides = Guides { other: self.request.other.clone(), energy: self.request.energy.clone() };
        if let Some(other) = &guides.other {
            bound.set_parameters_at(OTHER, &fitting(inner, other, options.weights)?);
        }
        let given_as = Given { conditioned: starts.condition.is_some(), normalized: normalization.is_some(), fixed: known.is_some() };
        let Setup { field, solver, spread, times, ends_at_data } = Setup::of(inner, options, guides, given_as)?;
        let kept = if options.trajectory { times.len() } else { 1 };
        Ok(Work {
            dynamics: Dynamics::new(field, solver),
            spread,
            bound,
            starts_are_data: options.forward || source_is_data,
            known,
            ends_at_data,
            times,
            chunks: Chunks::new(&inner.definition, options.batch_size.as_ref(), starts, kept)?,
            chunk: None,
            densities: Vec::new(),
        })
    }

    fn advance(&self, run: &Run, work: &mut Work) -> Result<bool> {
        if work.chunk.is_none() {
            work.chunk = self.next_chunk(work)?;
        }
        let Some(mut chunk) = work.chunk.take() else { return Ok(true) };
        let action = match chunk.pilot.next() {
            Move::Action(action) => action,
            Move::Back(jump) => {
                let rows = work.chunks.noise(&self.inner.definition, self.options.seed, chunk.state.x()[0].ty().shape[0]);
                let noise = rows.normal("sample.back", jump.pass as i64, 1.0)?;
                work.dynamics.back(&mut chunk.state, &jump, &noise, &mut work.bound)?;
                fixed::bind_noise(&rows, jump.pass, &[], &mut work.bound)?;
                work.chunk = Some(chunk);
                return Ok(false);
            }
        };
        match action {
            Action::Emit { index, output } => {
                let last = index + 1 == work.times.len();
                let kept = if self.options.trajectory { Some(index) } else { last.then_some(0) };
                if let Some(kept) = kept.filter(|_| !self.is_likelihood()) {
                    let moment = if last && work.ends_at_data { Moment::Data } else { Moment::At(work.times[index]) };
                    let x = work.dynamics.emit(&chunk.state, &output, moment, &mut work.bound)?;
                    work.chunks.keep(kept, &x, chunk.length)?;
                }
            }
            Action::Evaluate(query) => {
                let (state, value) = work.dynamics.evaluate(&mut chunk.state, &query, &mut work.bound)?;
                chunk.pilot.started(state, value)?;
            }
            Action::Probe(step) => {
                let change = work.dynamics.probe(&chunk.state, &step, &mut work.bound)?;
                chunk.pilot.probed(change);
            }
            Action::Step(planned) => {
                let noise = self.step_noise(work, &mut chunk, &planned)?;
                let errors = work.dynamics.step(&mut chunk.state, &planned.step, &noise, &mut work.bound)?;
                if chunk.pilot.stepped(&errors)? == Verdict::Accepted {
                    chunk.state.accept();
                    chunk.index += 1;
                }
                publish(run, work, &chunk);
            }
            Action::Done => {
                self.finish_chunk(work, &chunk)?;
                return Ok(false);
            }
        }
        work.chunk = Some(chunk);
        Ok(false)
    }

    fn results(&self, work: Work) -> Result<(Vec<Tensor>, Chunks)> {
        let mut out = Vec::new();
        if !self.is_likelihood() {
            out = work.chunks.states(&self.inner.definition, self.options.trajectory)?;
        }
        if self.options.log_prob {
            out.push(work.chunks.join(&work.densities)?);
        }
        Ok((out, work.chunks))
    }
}

/// The stream of noise `k` of a step.
pub fn stream(k: usize) -> String {
    if k == 0 { "sample.noise".into() } else { format!("sample.noise{k}") }
}
