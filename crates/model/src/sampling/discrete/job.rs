//! Sampling tokens as a job of the worker: one step of the chain per turn.
//! Rows are padded to a power of two; results are cut to what was asked for.

use super::chain::{Chain, Pick};
use super::options::{DiscreteSampleOptions, DiscreteSampler};
use crate::bind::Bindings;
use crate::groups::Groups;
use crate::model::Inner;
use crate::run::{Event, Report, Run};
use crate::sampling::job::gather;
use crate::sampling::noise;
use crate::sampling::options::BatchSize;
use crate::sampling::{CHUNK, padded};
use crate::task::resolve;
use crate::{ModelError, Result};
use std::sync::Arc;
use std::time::Instant;
use thalweg_engine::{Getter, Job, Setter, Step, Tensor};
use thalweg_graph::{Leaves, count};
use thalweg_path::{Jump, TokenSource};

/// Everything a call was given.
pub struct TokenRequest {
    /// What is asked for.
    pub options: DiscreteSampleOptions,
    /// Groups of tensors: starts `x0` (i64), `condition`, one row each.
    pub given: Groups<Getter<Tensor>>,
}

impl TokenRequest {
    /// Rows to sample, given the number of rows of `x0` or the condition (if there are any).
    pub fn rows(options: &DiscreteSampleOptions, given: Option<usize>) -> usize {
        let batch = options.batch_size.as_ref().map_or(1, |b| count(&b.shape()));
        batch.saturating_mul(given.unwrap_or(1))
    }
}

/// The job. It sets one i64 tensor per leaf.
pub struct TokenJob {
    inner: Arc<Inner>,
    request: TokenRequest,
    run: Run,
    results: Option<Vec<Setter<Tensor>>>,
    work: Option<Work>,
}

/// A step of all rows.
struct Planned {
    t: f64,
    jump: Jump,
    pick: Pick,
}

struct Work {
    chain: Chain,
    bound: Bindings,
    x0: Option<Leaves<Tensor>>,
    given: Option<usize>,
    condition: Option<Leaves<Tensor>>,
    rows: usize,
    steps: Vec<Planned>,
    /// After how many steps each time that is returned is reached.
    outputs: Vec<usize>,
    start: usize,
    chunk: Option<Chunk>,
    /// Per returned time, per leaf, the chunks so far.
    parts: Vec<Vec<Vec<Tensor>>>,
    started: Instant,
    report: Report,
}

struct Chunk {
    x: Vec<Tensor>,
    length: usize,
    done: usize,
}

impl TokenJob {
    /// A job that samples from `inner` into `results`, one per leaf of the state.
    pub fn new(inner: Arc<Inner>, request: TokenRequest, run: Run, results: Vec<Setter<Tensor>>) -> TokenJob {
        TokenJob { inner, request, run, results: Some(results), work: None }
    }

    fn begin(&self) -> Result<Work> {
        let (options, inner) = (&self.request.options, &self.inner);
        let definition = &inner.definition;
        let Some(tokens) = definition.tokens() else {
            return Err(ModelError::config("model", "a DiscreteFlowMatchingModel", definition.config().class()));
        };
        let x0 = resolve(self.request.given.get("x0"))?;
        let x0 = if x0.is_empty() { None } else { Some(inner.check_x("x0", &x0)?) };
        let condition = inner.check_optional_condition(&resolve(self.request.given.get("condition"))?)?;
        let given = match (x0.as_ref().map(crate::data::rows), condition.as_ref().map(crate::data::rows)) {
            (Some(a), Some(b)) if a != b => return Err(ModelError::expected("ShapeError", "x0 and condition differ in rows", a, b)),
            (a, b) => a.or(b),
        };
        if options.guidance.is_some() && !(condition.is_some() && definition.has_null_condition()) {
            let got = if condition.is_some() { "a model without conditionDropout" } else { "no condition" };
            return Err(ModelError::config("guidance", "a condition, and a model trained with conditionDropout", got));
        }
        let (flat, source_is_data) = inner.with_store(|store| Ok((store.flat(options.weights), store.source_is_data)))?;
        let sampler = options.sampler.clone().or(definition.sampler().cloned()).unwrap_or_default();
        if source_is_data && x0.is_none() {
            return Err(ModelError::expected("DataError", "x0: missing", "starts x0, since the model was fitted from x0 to x1", "none"));
        }
        if source_is_data && sampler.stochasticity > 0.0 {
            let expected = "0, since the way back to a source that is known by samples is not known";
            return Err(ModelError::config("sampler.stochasticity", expected, sampler.stochasticity));
        }
        let span = options.t_span.clone().unwrap_or_else(|| vec![0.0, 1.0]);
        let times = sampler.times(&span);
        let planned = |w: &[f64]| Planned {
            t: w[0],
            jump: tokens.path.jump(sampler.method, sampler.stochasticity, w[0], w[1]),
            pick: if sampler.argmax_final && w[1] >= 1.0 { Pick::Likeliest } else { Pick::Draw },
        };
        let steps = times.windows(2).map(planned).collect();
        let wanted = if options.trajectory { &span[..] } else { &span[span.len() - 1..] };
        let outputs: Vec<usize> = wanted.iter().map(|t| times.iter().position(|s| s == t).unwrap_or(times.len() - 1)).collect();
        let rows = TokenRequest::rows(options, given);
        let row: usize = definition.x().values().map(|shape| count(shape)).sum();
        let bytes = [row, outputs.len(), definition.state_dtype().size()].into_iter().fold(rows, usize::saturating_mul);
        thalweg_engine::memory::require(bytes, &format!("{rows} samples"))?;
        let mut bound = Bindings::new();
        bound.set_parameters(&flat);
        Ok(Work {
            chain: self.chain(&sampler, condition.is_some()),
            bound,
            x0,
            given,
            condition,
            rows,
            steps,
            parts: vec![vec![Vec::new(); definition.x().len()]; outputs.len()],
            outputs,
            start: 0,
            chunk: None,
            started: Instant::now(),
            report: Report { reason: "finished".into(), ..Report::default() },
        })
    }

    fn chain(&self, sampler: &DiscreteSampler, conditioned: bool) -> Chain {
        Chain { inner: self.inner.clone(), conditioned, guidance: self.request.options.guidance.clone(), temperature: sampler.temperature }
    }

    fn rows_of(&self, start: usize, rows: usize) -> noise::Chunk<'_> {
        let definition = &self.inner.definition;
        noise::Chunk { sizes: definition.x(), dtype: definition.dtype(), seed: self.request.options.seed, start, rows }
    }

    /// The next chunk, or `None` if all rows are done.
    fn next_chunk(&self, work: &mut Work) -> Result<Option<Chunk>> {
        if work.start >= work.rows {
            return Ok(None);
        }
        let length = CHUNK.min(work.rows - work.start);
        let padded = padded(length);
        // Row r of the flat order (b, n) uses start and condition n; padding repeats the last row.
        let n = work.given.unwrap_or(1);
        let pick: Vec<i64> = (0..padded).map(|i| ((work.start + i.min(length - 1)) % n) as i64).collect();
        if let Some(condition) = &work.condition {
            work.bound.set_leaves("condition", &gather(condition, &pick)?);
        }
        let x = match &work.x0 {
            Some(x0) => gather(x0, &pick)?.values().cloned().collect(),
            None => self.source(self.rows_of(work.start, padded))?,
        };
        Ok(Some(Chunk { x, length, done: 0 }))
    }

    /// Tokens of the source.
    fn source(&self, rows: noise::Chunk<'_>) -> Result<Vec<Tensor>> {
        let Some(tokens) = self.inner.definition.tokens() else { return Ok(Vec::new()) };
        let vocabulary = tokens.path.vocabulary;
        let draws = rows.uniform("sample.start", 0)?;
        let token = |u: f64| match tokens.path.source {
            TokenSource::Mask => vocabulary as i64,
            TokenSource::Uniform => ((u * vocabulary as f64) as i64).min(vocabulary as i64 - 1),
        };
        draws.iter().map(|u| Ok(Tensor::from_i64(u.to_f64_vec()?.into_iter().map(token).collect(), &u.ty().shape)?)).collect()
    }

    /// One step, or the next chunk; whether all is done.
    fn advance(&self, work: &mut Work) -> Result<bool> {
        let mut chunk = match work.chunk.take() {
            Some(chunk) => chunk,
            None => match self.next_chunk(work)? {
                Some(chunk) => chunk,
                None => return Ok(true),
            },
        };
        for (parts, _) in work.parts.iter_mut().zip(&work.outputs).filter(|(_, at)| **at == chunk.done) {
            for (leaf, tensor) in parts.iter_mut().zip(&chunk.x) {
                leaf.push(tensor.narrow(0, 0, chunk.length)?);
            }
        }
        let Some(step) = work.steps.get(chunk.done) else {
            work.start += chunk.length;
            return Ok(false);
        };
        let rows = self.rows_of(work.start, chunk.x[0].ty().shape[0]);
        let uniforms = rows.uniform("sample.tokens", chunk.done as i64)?;
        chunk.x = work.chain.step(&chunk.x, step.t, &step.jump, step.pick, &uniforms, &mut work.bound)?;
        chunk.done += 1;
        work.report.steps_run += 1;
        work.report.evaluations += 1;
        self.publish(work, &chunk);
        work.chunk = Some(chunk);
        Ok(false)
    }

    fn publish(&self, work: &Work, chunk: &Chunk) {
        let within = chunk.done as f64 / work.steps.len() as f64;
        let part = (work.start as f64 + within * chunk.length as f64) / work.rows as f64;
        let seconds = work.started.elapsed().as_secs_f64();
        let done = work.report.steps_run;
        self.run.publish(Event {
            step: done,
            steps: work.rows.div_ceil(CHUNK) as u64 * work.steps.len() as u64,
            steps_per_second: done as f64 / seconds.max(1e-9),
            seconds_left: seconds * (1.0 / part.max(1e-9) - 1.0),
            ..Event::default()
        });
    }

    /// Joins the chunks of every leaf, in the shape that was asked for.
    fn results(&self, work: &Work) -> Result<Vec<Tensor>> {
        let options = &self.request.options;
        let times: Vec<usize> = options.trajectory.then_some(work.outputs.len()).into_iter().collect();
        let leading: Vec<usize> = options.batch_size.iter().flat_map(BatchSize::shape).chain(work.given).collect();
        let leaf = |(leaf, shape): (usize, &Vec<usize>)| -> Result<Tensor> {
            let parts: Vec<Tensor> = work.parts.iter().flat_map(|leaves| leaves[leaf].iter().cloned()).collect();
            Ok(Tensor::concat(&parts, 0)?.reshape(&[&times[..], &leading, shape].concat())?)
        };
        self.inner.definition.x().values().enumerate().map(leaf).collect()
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

impl Job for TokenJob {
    fn ready(&self) -> bool {
        self.request.given.values().all(|g| g.try_get().is_some())
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
