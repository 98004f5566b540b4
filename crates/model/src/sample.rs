//! Sampling as a job of the worker: one solver action per turn, chunk by chunk, on a snapshot of the parameters.
//! Rows are padded to a power of two, so that any number of samples needs a handful of programs.

use crate::bind::Bindings;
use crate::dynamics::{Dynamics, State};
use crate::model::Inner;
use crate::run::{Event, Report, Run};
use crate::store::Weights;
use crate::task::resolve;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use thalweg_engine::{Getter, Job, Setter, Step, Tensor, random};
use thalweg_graph::{Leaves, Type, count};
use thalweg_path::{Diffusion as Spread, GaussianPath, dynamics_range};
use thalweg_solver::{Action, Driver, SolverConfig, Verdict};

/// Largest number of rows that are integrated at once.
pub const CHUNK: usize = 4096;

/// A number of samples, or a shape of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BatchSize {
    /// So many.
    Count(usize),
    /// As many as fill this shape.
    Shape(Vec<usize>),
}

impl BatchSize {
    fn shape(&self) -> Vec<usize> {
        match self {
            BatchSize::Count(n) => vec![*n],
            BatchSize::Shape(shape) => shape.clone(),
        }
    }
}

/// Options of `sample`, `sampleForwardProcess` and `forwardSample`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SampleOptions {
    /// How many samples (of each condition or start, if there are any).
    pub batch_size: Option<BatchSize>,
    /// Sampler times τ = t_max − t at which a trajectory is returned, increasing from 0; the last one is where sampling ends. Clamped to the times
    /// at which the model's velocity is finite.
    pub t_span: Option<Vec<f64>>,
    /// Seed of the start and of the SDE's noise. The random numbers of row i depend on the seed and on i alone; so does the row, up to rounding
    /// and, with an adaptive solver, up to its tolerance, since all rows of a chunk share their steps.
    pub seed: i64,
    /// Which parameters: `"ema"` where there are any, or `"raw"`.
    pub weights: Weights,
    /// Solver, instead of the config's.
    pub solver: Option<SolverConfig>,
    /// Diffusion h(t) of an SDE solver.
    pub diffusion: Option<Spread>,
    /// Whether to return all times, first dimension, instead of the last.
    pub trajectory: bool,
    /// Whether to go from data to noise.
    pub forward: bool,
}

impl SampleOptions {
    /// Reads and validates options.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn parse(json: &str) -> Result<SampleOptions> {
        let options: SampleOptions = crate::config::parse(json)?;
        if let Some(size) = &options.batch_size
            && (size.shape().is_empty() || size.shape().contains(&0))
        {
            return Err(ModelError::config("batchSize", "a number ≥ 1, or a list of them", format!("{:?}", size.shape())));
        }
        if let Some(span) = &options.t_span {
            let increasing = span.windows(2).all(|w| w[0] < w[1]);
            if span.len() < 2 || !increasing || span.iter().any(|t| !t.is_finite() || *t < 0.0) {
                return Err(ModelError::config("tSpan", "at least two times ≥ 0, strictly increasing", format!("{span:?}")));
            }
        }
        if let Some(solver) = &options.solver {
            solver.validate()?;
        }
        if let Some(diffusion) = &options.diffusion {
            diffusion.validate().map_err(|e| ModelError::config(format!("diffusion.{}", e.field), e.expected, e.got))?;
        }
        Ok(options)
    }
}

/// The padded sizes of the chunks of `rows` rows: whose forwards must be known beforehand.
pub fn chunk_rows(rows: usize) -> Vec<usize> {
    let tail = rows % CHUNK;
    let full = (rows >= CHUNK).then_some(CHUNK);
    full.into_iter().chain((tail > 0).then(|| tail.next_power_of_two())).collect()
}

/// Everything a sampling call was given.
pub struct SampleRequest {
    /// Options.
    pub options: SampleOptions,
    /// Starting points, one per row, or nothing.
    pub x0: Vec<Getter<Tensor>>,
    /// Conditions, one per row, or nothing.
    pub condition: Vec<Getter<Tensor>>,
}

impl SampleRequest {
    /// Rows to integrate, given the number of rows of `x0` or the condition (if there are any).
    pub fn rows(options: &SampleOptions, given: Option<usize>) -> usize {
        let batch = options.batch_size.as_ref().map_or(1, |b| count(&b.shape()));
        batch.saturating_mul(given.unwrap_or(1))
    }

    /// The result's leading dimensions.
    fn leading(options: &SampleOptions, given: Option<usize>) -> Vec<usize> {
        options.batch_size.iter().flat_map(BatchSize::shape).chain(given).collect()
    }
}

/// The sampling job. It sets one tensor per leaf.
pub struct SampleJob {
    inner: Arc<Inner>,
    request: SampleRequest,
    run: Run,
    results: Option<Vec<Setter<Tensor>>>,
    work: Option<Work>,
}

struct Work {
    dynamics: Dynamics,
    bound: Bindings,
    x0: Option<Leaves<Tensor>>,
    condition: Option<Leaves<Tensor>>,
    given: Option<usize>,
    rows: usize,
    times: Vec<f64>,
    start: usize,
    chunk: Option<Chunk>,
    /// Per emitted time, per leaf, the chunks so far.
    parts: Vec<Vec<Vec<Tensor>>>,
    started: Instant,
    report: Report,
}

struct Chunk {
    driver: Driver,
    state: State,
    length: usize,
    index: u64,
}

impl SampleJob {
    /// A job that samples from `inner` into `results`, one per leaf.
    pub fn new(inner: Arc<Inner>, request: SampleRequest, run: Run, results: Vec<Setter<Tensor>>) -> SampleJob {
        SampleJob { inner, request, run, results: Some(results), work: None }
    }

    fn begin(&self) -> Result<Work> {
        let options = &self.request.options;
        let inner = &self.inner;
        let x0 = resolve(&self.request.x0)?;
        let x0 = if x0.is_empty() { None } else { Some(inner.check_x("x0", &x0)?) };
        let condition = inner.check_condition(&resolve(&self.request.condition)?)?;
        let sizes = (x0.as_ref().map(crate::data::rows), condition.as_ref().map(crate::data::rows));
        let given = match sizes {
            (Some(a), Some(b)) if a != b => return Err(ModelError::expected("ShapeError", "x0 and condition differ in rows", a, b)),
            (a, b) => a.or(b),
        };
        if options.forward && x0.is_none() {
            return Err(ModelError::expected("DataError", "forwardSample: no data", "x0, the data to start from", "none"));
        }
        let solver = options.solver.clone().unwrap_or_else(|| inner.diffusion.config().solver.clone());
        let spread = match solver {
            SolverConfig::Ode(_) => Spread::Zero,
            SolverConfig::Sde(_) => options.diffusion.unwrap_or_default(),
        };
        let times = self.times(&spread)?;
        let rows = SampleRequest::rows(options, given);
        let row: usize = inner.diffusion.x().values().map(|shape| count(shape)).sum();
        let kept = if options.trajectory { times.len() } else { 1 };
        let bytes = [row, kept, inner.dtype().size()].into_iter().fold(rows, usize::saturating_mul);
        thalweg_engine::memory::require(bytes, &format!("{rows} samples"))?;
        let (flat, normalization) = inner.with_store(|store| Ok((store.flat(options.weights), store.normalization.clone())))?;
        let mut bound = Bindings::new();
        bound.set_parameters(&flat);
        bound.set_normalization(normalization.as_ref());
        Ok(Work {
            dynamics: Dynamics::new(inner.clone(), solver, spread, normalization.is_some()),
            bound,
            x0,
            condition,
            given,
            rows,
            parts: vec![vec![Vec::new(); inner.diffusion.x().len()]; times.len()],
            times,
            start: 0,
            chunk: None,
            started: Instant::now(),
            report: Report { reason: "finished".into(), ..Report::default() },
        })
    }

    /// Path times of the emitted states. The one place that turns sampler time τ into path time t = t_max − τ.
    fn times(&self, spread: &Spread) -> Result<Vec<f64>> {
        let diffusion = &self.inner.diffusion;
        let path = diffusion.path();
        let t_max = path.t_max();
        let range = dynamics_range(path, diffusion.config().model.parameterization, spread);
        let span = self.request.options.t_span.clone().unwrap_or_else(|| vec![0.0, t_max]);
        if span.last().is_some_and(|&end| end > t_max) {
            return Err(ModelError::config("tSpan", format!("times ≤ {t_max}"), format!("{span:?}")));
        }
        let forward = self.request.options.forward;
        let path_time = |tau: f64| (if forward { tau } else { t_max - tau }).clamp(range.t_min, range.t_max);
        let times: Vec<f64> = span.into_iter().map(path_time).collect();
        if times.windows(2).any(|w| w[0] == w[1]) {
            let expected = format!("distinct times within [{}, {}], where the velocity is finite", range.t_min, range.t_max);
            return Err(ModelError::config("tSpan", expected, format!("{times:?} after clamping")));
        }
        Ok(times)
    }

    /// The state of the next chunk, or `None` if all rows are done.
    fn next_chunk(&self, work: &mut Work) -> Result<Option<Chunk>> {
        if work.start >= work.rows {
            return Ok(None);
        }
        let length = CHUNK.min(work.rows - work.start);
        let padded = if length == CHUNK { CHUNK } else { length.next_power_of_two() };
        // Row r of the flat order (b, n) uses start and condition n; padding repeats the last row.
        let n = work.given.unwrap_or(1);
        let pick: Vec<i64> = (0..padded).map(|i| ((work.start + i.min(length - 1)) % n) as i64).collect();
        if let Some(condition) = &work.condition {
            work.bound.set_leaves("condition", &gather(condition, &pick)?);
        }
        let x = match &work.x0 {
            Some(x0) => {
                let picked = gather(x0, &pick)?;
                if self.request.options.forward { work.dynamics.normalized(&picked, &work.bound)? } else { picked }
            }
            None => self.prior(work.start, padded)?,
        };
        let keep: Vec<bool> = (0..padded).map(|i| i < length).collect();
        work.bound.set("rows", Tensor::from_bool(keep, &[padded])?);
        let driver = work.dynamics.driver(&work.times)?;
        Ok(Some(Chunk { driver, state: State::new(x), length, index: 0 }))
    }

    /// Rows `start` … of N(0, σ(t_max)²I).
    fn prior(&self, start: usize, rows: usize) -> Result<Leaves<Tensor>> {
        let diffusion = &self.inner.diffusion;
        let scale = diffusion.path().prior_std();
        noise(diffusion.x(), diffusion.dtype(), "sample.start", self.request.options.seed, 0, start, rows, scale)
    }

    fn advance(&self, work: &mut Work) -> Result<bool> {
        if work.chunk.is_none() {
            work.chunk = self.next_chunk(work)?;
        }
        let Some(mut chunk) = work.chunk.take() else { return Ok(true) };
        let action = chunk.driver.next();
        match action {
            Action::Emit { index, theta } => {
                let x = work.dynamics.emit(&chunk.state, theta, &mut work.bound)?;
                for (leaf, tensor) in x.into_iter().enumerate() {
                    work.parts[index][leaf].push(tensor.narrow(0, 0, chunk.length)?);
                }
            }
            Action::Slope { t } => {
                let (state, slope) = work.dynamics.slope(&mut chunk.state, t, &mut work.bound)?;
                chunk.driver.started(state, slope)?;
            }
            Action::Probe { t, h } => {
                let change = work.dynamics.probe(&chunk.state, t, h, &mut work.bound)?;
                chunk.driver.probed(change);
            }
            Action::Step { t, h } => {
                let noise = self.step_noise(work, &chunk)?;
                let error = work.dynamics.step(&mut chunk.state, t, h, noise, &mut work.bound)?;
                if chunk.driver.stepped(error)? == Verdict::Accepted {
                    chunk.state.accept();
                    chunk.index += 1;
                }
                self.publish(work, &chunk);
            }
            Action::Done => {
                let s = chunk.driver.statistics();
                work.report.evaluations += s.nfe as u64;
                work.report.rejected += s.rejected as u64;
                work.report.steps_run += s.accepted as u64;
                work.start += chunk.length;
                return Ok(false);
            }
        }
        work.chunk = Some(chunk);
        Ok(false)
    }

    fn step_noise(&self, work: &Work, chunk: &Chunk) -> Result<Option<Leaves<Tensor>>> {
        if !work.dynamics.is_stochastic() {
            return Ok(None);
        }
        let diffusion = &self.inner.diffusion;
        let rows = crate::data::rows(chunk.state.x());
        noise(diffusion.x(), diffusion.dtype(), "sample.noise", self.request.options.seed, chunk.index as i64, work.start, rows, 1.0)
            .map(Some)
    }

    fn publish(&self, work: &Work, chunk: &Chunk) {
        let (from, to) = (work.times[0], work.times[work.times.len() - 1]);
        let within = (chunk.driver.time() - from) / (to - from);
        let part = (work.start as f64 + within * chunk.length as f64) / work.rows as f64;
        let seconds = work.started.elapsed().as_secs_f64();
        let done = work.report.steps_run + chunk.driver.statistics().accepted as u64;
        self.run.publish(Event {
            step: done,
            steps: (done as f64 / part.max(1e-9)).ceil() as u64,
            steps_per_second: done as f64 / seconds.max(1e-9),
            seconds_left: seconds * (1.0 / part.max(1e-9) - 1.0),
            ..Event::default()
        });
    }

    /// Joins the chunks of every leaf, in the shape that was asked for.
    fn results(&self, work: &Work) -> Result<Vec<Tensor>> {
        let options = &self.request.options;
        let leading = SampleRequest::leading(options, work.given);
        let times = if options.trajectory { 0..work.times.len() } else { work.times.len() - 1..work.times.len() };
        let mut out = Vec::new();
        for (leaf, shape) in self.inner.diffusion.x().values().enumerate() {
            let parts: Vec<Tensor> = times.clone().flat_map(|k| work.parts[k][leaf].iter().cloned()).collect();
            let joined = Tensor::concat(&parts, 0)?;
            let first: Vec<usize> = options.trajectory.then_some(work.times.len()).into_iter().collect();
            out.push(joined.reshape(&[&first[..], &leading, shape].concat())?);
        }
        Ok(out)
    }

    fn turn(&mut self) -> Result<Option<Report>> {
        if self.run.is_stopped() {
            return Err(ModelError::new("AbortError", "sampling was stopped before it was done"));
        }
        let Some(mut work) = self.work.take() else {
            self.work = Some(self.begin()?);
            return Ok(None);
        };
        if self.advance(&mut work)? {
            let tensors = self.results(&work)?;
            for (setter, tensor) in self.results.take().into_iter().flatten().zip(tensors) {
                setter.set(Ok(tensor));
            }
            work.report.seconds = work.started.elapsed().as_secs_f64();
            return Ok(Some(work.report));
        }
        self.work = Some(work);
        Ok(None)
    }

    fn fail(&mut self, error: ModelError) {
        for setter in self.results.take().into_iter().flatten() {
            setter.set(Err(error.clone().into()));
        }
        self.run.finish(Err(error));
    }
}

/// Normal numbers for rows `start` …, by absolute row: they do not depend on the chunk.
#[allow(clippy::too_many_arguments, reason = "the coordinates of a random number")]
fn noise(
    sizes: &Leaves<Vec<usize>>,
    dtype: thalweg_graph::DType,
    stream: &str,
    seed: i64,
    counter: i64,
    start: usize,
    rows: usize,
    scale: f64,
) -> Result<Leaves<Tensor>> {
    let mut entries = Vec::new();
    for (name, shape) in sizes.iter() {
        let ty = Type::new(dtype, [&[rows], &shape[..]].concat());
        let first = start as u64 * count(shape) as u64;
        let stream = random::stream_of(&format!("{stream}.{name}"));
        entries.push((name.to_string(), crate::data::normal(seed, stream, counter, first, scale, ty)?));
    }
    Ok(Leaves::new(entries))
}

fn gather(leaves: &Leaves<Tensor>, rows: &[i64]) -> Result<Leaves<Tensor>> {
    let entries: Result<Vec<_>> = leaves.iter().map(|(name, t)| Ok((name.to_string(), crate::data::gather_rows(t, rows)?))).collect();
    Ok(Leaves::new(entries?))
}

impl Job for SampleJob {
    fn ready(&self) -> bool {
        self.request.x0.iter().chain(&self.request.condition).all(|g| g.try_get().is_some())
    }

    fn step(&mut self) -> Step {
        match self.turn() {
            Ok(None) => Step::Again,
            Ok(Some(report)) => {
                self.run.finish(Ok(report));
                Step::Done
            }
            Err(error) => {
                self.fail(error);
                Step::Done
            }
        }
    }

    fn panicked(&mut self, message: String) {
        self.fail(ModelError::new("InternalError", message));
    }
}
