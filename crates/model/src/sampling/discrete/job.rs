//! Sampling tokens as a job of the worker: one step of the chain per turn.

use super::chain::{Chain, Pick};
use super::options::{DiscreteSampleOptions, DiscreteSampler};
use crate::bind::Bindings;
use crate::groups::Groups;
use crate::model::Inner;
use crate::run::Run;
use crate::sampling::chunks::{Chunks, Sampler, SamplerJob, Starts};
use crate::sampling::noise;
use crate::task::resolve;
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_engine::{Getter, Setter, Tensor};
use thalweg_path::{Jump, TokenSource};

/// Everything a call was given.
pub struct TokenRequest {
    /// What is asked for.
    pub options: DiscreteSampleOptions,
    /// Groups of tensors: starts `x0` (i64), `condition`, one row each.
    pub given: Groups<Getter<Tensor>>,
}

/// The job. It sets one i64 tensor per leaf.
pub type TokenJob = SamplerJob<TokenChain>;

/// What the job does with its rows.
pub struct TokenChain {
    inner: Arc<Inner>,
    request: TokenRequest,
}

/// A step of all rows.
struct Planned {
    t: f64,
    jump: Jump,
    pick: Pick,
}

/// What it holds between two turns.
pub struct Work {
    chain: Chain,
    bound: Bindings,
    steps: Vec<Planned>,
    /// After how many steps each time that is returned is reached.
    outputs: Vec<usize>,
    chunks: Chunks,
    chunk: Option<Chunk>,
}

struct Chunk {
    x: Vec<Tensor>,
    length: usize,
    done: usize,
}

impl TokenJob {
    /// A job that samples from `inner` into `results`, one per leaf of the state.
    pub fn new(inner: Arc<Inner>, request: TokenRequest, run: Run, results: Vec<Setter<Tensor>>) -> TokenJob {
        SamplerJob::of(TokenChain { inner, request }, run, results)
    }
}

impl TokenChain {
    fn chain(&self, sampler: &DiscreteSampler, conditioned: bool) -> Chain {
        Chain { inner: self.inner.clone(), conditioned, guidance: self.request.options.guidance.clone(), temperature: sampler.temperature }
    }

    /// The next chunk, or `None` if all rows are done.
    fn next_chunk(&self, work: &mut Work) -> Result<Option<Chunk>> {
        let Some(slice) = work.chunks.next(&mut work.bound)? else { return Ok(None) };
        let x = match slice.x0 {
            Some(x0) => x0,
            None => self.source(work.chunks.noise(&self.inner.definition, self.request.options.seed, slice.pick.len()))?,
        };
        Ok(Some(Chunk { x, length: slice.length, done: 0 }))
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
}

impl Sampler for TokenChain {
    type Work = Work;

    fn given(&self) -> &Groups<Getter<Tensor>> {
        &self.request.given
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
        condition.as_ref().map_or(Ok(()), |leaves| crate::data::check_finite("condition", leaves))?;
        let starts = Starts::new("x0", x0, condition)?;
        let conditioned = starts.condition.is_some();
        options.guidance.as_ref().map_or(Ok(()), |guidance| guidance.check(definition, conditioned))?;
        let (flat, source_is_data) = inner.with_store(|store| Ok((store.flat(options.weights), store.source_is_data)))?;
        let sampler = options.sampler.clone().or(definition.sampler().cloned()).unwrap_or_default();
        if source_is_data && starts.x0.is_none() {
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
        let mut bound = Bindings::new();
        bound.set_parameters(&flat);
        Ok(Work {
            chain: self.chain(&sampler, conditioned),
            bound,
            steps,
            chunks: Chunks::new(definition, options.batch_size.as_ref(), starts, outputs.len())?,
            outputs,
            chunk: None,
        })
    }

    /// One step, or the next chunk; whether all is done.
    fn advance(&self, run: &Run, work: &mut Work) -> Result<bool> {
        if work.chunk.is_none() {
            work.chunk = self.next_chunk(work)?;
        }
        let Some(mut chunk) = work.chunk.take() else { return Ok(true) };
        for (index, _) in work.outputs.iter().enumerate().filter(|(_, at)| **at == chunk.done) {
            work.chunks.keep(index, &chunk.x, chunk.length)?;
        }
        let Some(step) = work.steps.get(chunk.done) else {
            work.chunks.end_chunk(chunk.length);
            return Ok(false);
        };
        let rows = work.chunks.noise(&self.inner.definition, self.request.options.seed, chunk.x[0].ty().shape[0]);
        let uniforms = rows.uniform("sample.tokens", chunk.done as i64)?;
        chunk.x = work.chain.step(&chunk.x, step.t, &step.jump, step.pick, &uniforms, &mut work.bound)?;
        chunk.done += 1;
        work.chunks.report.steps_run += 1;
        work.chunks.report.evaluations += 1;
        let within = chunk.done as f64 / work.steps.len() as f64;
        let all = work.chunks.count() as u64 * work.steps.len() as u64;
        work.chunks.publish(run, work.chunks.report.steps_run, Some(all), within, chunk.length);
        work.chunk = Some(chunk);
        Ok(false)
    }

    fn results(&self, work: Work) -> Result<(Vec<Tensor>, Chunks)> {
        Ok((work.chunks.states(&self.inner.definition, self.request.options.trajectory)?, work.chunks))
    }
}
