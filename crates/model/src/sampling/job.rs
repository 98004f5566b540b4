//! Sampling and likelihood as a job of the worker: one solver action per turn.
//! Rows are padded to a power of two; results are cut to what was asked for.

use super::brownian::Brownian;
use super::density::Divergence;
use super::dynamics::{Dynamics, State};
use super::energy::{Energy, Source};
use super::field::{Field, OTHER, Other};
use super::noise;
use super::options::{BatchSize, LogProbOptions, SampleOptions};
use super::times::{Course, diffusion, view};
use super::{CHUNK, padded};
use crate::bind::Bindings;
use crate::groups::Groups;
use crate::model::Inner;
use crate::process::Process;
use crate::run::{Event, Report, Run};
use crate::task::resolve;
use crate::{ModelError, Result};
use std::sync::Arc;
use std::time::Instant;
use thalweg_engine::{Getter, Job, Setter, Step, Tensor};
use thalweg_graph::{Graph, Leaves, count};
use thalweg_path::{Diffusion as Spread, ScheduleTransform};
use thalweg_solver::{Action, Driver, OdeSolver, Plan, PlannedStep, Problem, Quantity, Schedule, SolverConfig, Verdict};

/// What is asked for.
pub enum Ask {
    /// Samples, or data carried to noise.
    Sample(SampleOptions),
    /// Log densities of data.
    LogProb(LogProbOptions),
}

/// Everything a call was given.
pub struct SampleRequest {
    /// What is asked for.
    pub ask: Ask,
    /// Groups of tensors: starts or data `x0`, `condition`, one row each.
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

    /// Rows to integrate, given the number of rows of `x0` or the condition (if there are any).
    pub fn rows(options: &SampleOptions, given: Option<usize>) -> usize {
        let batch = options.batch_size.as_ref().map_or(1, |b| count(&b.shape()));
        batch.saturating_mul(given.unwrap_or(1))
    }

    /// How many tensors the result is.
    pub fn results(&self, inner: &Inner) -> usize {
        let leaves = inner.definition.x().len();
        match &self.ask {
            Ask::Sample(options) => leaves + usize::from(options.log_prob),
            Ask::LogProb(_) => 1,
        }
    }

    /// The options that sampling and likelihood have in common, as those of sampling.
    fn options(&self) -> SampleOptions {
        match &self.ask {
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

/// The job. It sets one tensor per leaf, and then the log density if it was asked for; of a likelihood the log density alone.
pub struct SampleJob {
    inner: Arc<Inner>,
    request: SampleRequest,
    options: SampleOptions,
    run: Run,
    results: Option<Vec<Setter<Tensor>>>,
    work: Option<Work>,
}

struct Work {
    dynamics: Dynamics,
    spread: Spread,
    bound: Bindings,
    x0: Option<Leaves<Tensor>>,
    /// Whether starts are in the user's units.
    starts_are_data: bool,
    condition: Option<Leaves<Tensor>>,
    given: Option<usize>,
    rows: usize,
    times: Vec<f64>,
    start: usize,
    chunk: Option<Chunk>,
    /// Per emitted time, per leaf, the chunks so far.
    parts: Vec<Vec<Vec<Tensor>>>,
    /// Log densities of the chunks so far.
    densities: Vec<Tensor>,
    started: Instant,
    report: Report,
}

struct Chunk {
    driver: Driver,
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
        let options = request.options();
        SampleJob { inner, request, options, run, results: Some(results), work: None }
    }

    fn is_likelihood(&self) -> bool {
        matches!(self.request.ask, Ask::LogProb(_))
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
        let sizes = (x0.as_ref().map(crate::data::rows), condition.as_ref().map(crate::data::rows));
        let given = match sizes {
            (Some(a), Some(b)) if a != b => {
                return Err(ModelError::expected("ShapeError", format!("{what} and condition differ in rows"), a, b));
            }
            (a, b) => a.or(b),
        };
        if options.forward && x0.is_none() {
            return Err(ModelError::expected("DataError", "no data", "the data to start from", "none"));
        }
        let (flat, normalization, source_is_data) =
            inner.with_store(|store| Ok((store.flat(options.weights), store.normalization.clone(), store.source_is_data)))?;
        if options.log_prob && source_is_data {
            let expected = "a model whose source is standard normal: the density of a source known by samples is not known";
            return Err(ModelError::expected("ConfigError", "logProb", expected, "a model fitted from x0 to x1"));
        }
        let solver = self.solver()?;
        let mut bound = Bindings::new();
        bound.set_parameters(&flat);
        bound.set_normalization(normalization.as_ref());
        let field = self.field(condition.is_some(), normalization.is_some(), &solver, &mut bound)?;
        let spread = self.spread(&field, &solver)?;
        let course = Course { field: &field, quantity: solver.quantity(), spread: &spread, forward: options.forward };
        let times = course.times(options.t_span.as_deref())?;
        let solver = solver.with_times(|t| course.process_time(t));
        let rows = SampleRequest::rows(options, given);
        let row: usize = inner.definition.x().values().map(|shape| count(shape)).sum();
        let kept = if options.trajectory { times.len() } else { 1 };
        let bytes = [row, kept, inner.dtype().size()].into_iter().fold(rows, usize::saturating_mul);
        thalweg_engine::memory::require(bytes, &format!("{rows} samples"))?;
        Ok(Work {
            dynamics: Dynamics::new(field, solver),
            spread,
            bound,
            x0,
            starts_are_data: options.forward || source_is_data,
            condition,
            given,
            rows,
            parts: vec![vec![Vec::new(); inner.definition.x().len()]; times.len()],
            densities: Vec::new(),
            times,
            start: 0,
            chunk: None,
            started: Instant::now(),
            report: Report { reason: "finished".into(), ..Report::default() },
        })
    }

    fn solver(&self) -> Result<SolverConfig> {
        let configured = || self.inner.definition.common().solver.clone();
        let solver = self.options.solver.clone().unwrap_or_else(configured);
        if !self.options.log_prob || solver.quantity() == Quantity::Velocity {
            return Ok(solver);
        }
        match &self.options.solver {
            None => Ok(SolverConfig::Ode(OdeSolver::default())),
            Some(_) => {
                let expected = "an ODESolver: a density is followed along the probability-flow ODE";
                Err(ModelError::config("solver.type", expected, "another solver"))
            }
        }
    }

    fn spread(&self, field: &Field, solver: &SolverConfig) -> Result<Spread> {
        let process = field.process();
        let spread = if solver.quantity() == Quantity::Drift { self.options.diffusion.clone().unwrap_or_default() } else { Spread::Zero };
        let of_path = matches!(spread, Spread::G | Spread::GScaled { .. });
        if of_path && view(&process).is_none() {
            return Err(ModelError::config("diffusion.type", "a diffusion that is no multiple of g, since a bridge has no g", "g"));
        }
        if let Some(view) = view(&process) {
            spread.validate_on(&view.path).map_err(|e| ModelError::config(format!("diffusion.{}", e.field), e.expected, e.got))?;
        }
        Ok(spread)
    }

    fn field(&self, conditioned: bool, normalized: bool, solver: &SolverConfig, bound: &mut Bindings) -> Result<Field> {
        let (options, inner) = (&self.options, &self.inner);
        let definition = &inner.definition;
        if options.guidance.is_some() && !(conditioned && definition.has_null_condition()) {
            let expected = "a condition, and a model trained with conditionDropout";
            let got = if conditioned { "a model without conditionDropout" } else { "no condition" };
            return Err(ModelError::config("guidance", expected, got));
        }
        let other = self.request.other.as_ref().map(|other| self.other(other, conditioned, bound)).transpose()?;
        let energy = match (&options.energy, self.request.energy.is_empty()) {
            (None, true) => None,
            (settings, no_function) => {
                let source = if no_function { Source::Network } else { Source::Function(self.request.energy.clone()) };
                if no_function && !definition.has_energy() {
                    return Err(ModelError::config("energy", "an energy function, or a model with an energy of its own", "neither"));
                }
                let energy = Energy { settings: settings.unwrap_or_default(), source, normalized };
                energy.check(definition)?;
                Some(energy)
            }
        };
        let transform = match (&options.schedule, definition.process()) {
            (None, _) => None,
            (Some(sampled), Process::Gaussian(trained)) => Some(ScheduleTransform { trained: trained.clone(), sampled: sampled.clone() }),
            (Some(_), _) => return Err(ModelError::config("schedule", "a diffusion model", definition.config().class())),
        };
        if transform.is_some() && (other.is_some() || energy.is_some()) {
            return Err(ModelError::config("schedule", "no guide and no energy beside it", "both"));
        }
        let width: usize = definition.x().values().map(|shape| count(shape)).sum();
        let divergence = options.log_prob.then(|| options.divergence.unwrap_or(Divergence::for_dimensions(width)));
        let (guidance, thresholding) = (options.guidance.clone(), solver.thresholding());
        Ok(Field { inner: inner.clone(), conditioned, guidance, other, energy, transform, thresholding, divergence, normalized })
    }

    /// The other model, whose parameters are bound.
    fn other(&self, other: &Arc<Inner>, conditioned: bool, bound: &mut Bindings) -> Result<Other> {
        let (own, theirs) = (&self.inner.definition, &other.definition);
        let fail = |expected: &str, got: String| Err(ModelError::expected("ConfigError", "guide.model does not fit", expected, got));
        if own.x() != theirs.x() || own.dtype() != theirs.dtype() {
            return fail("a model of the same xSize and dtype", format!("{:?} of {}", theirs.common().x_size, theirs.dtype()));
        }
        if own.process() != theirs.process() {
            return fail("a model of the same path", format!("{:?}", theirs.process()));
        }
        if theirs.condition().is_some() && (!conditioned || theirs.condition() != own.condition()) {
            return fail("a model without condition, or with the same conditionSize and a condition given", "another conditionSize".into());
        }
        let scales = |inner: &Inner| -> Result<Vec<f64>> {
            let normalization = inner.with_store(|store| Ok(store.normalization.clone()))?;
            let tensors = normalization.iter().flat_map(|n| n.leaves.iter().flat_map(|(mean, std)| [mean.clone(), std.clone()]));
            Ok(tensors.map(|t| t.to_f64_vec()).collect::<std::result::Result<Vec<_>, _>>()?.concat())
        };
        let (a, b) = (scales(&self.inner)?, scales(other)?);
        let alike = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-5 * a.abs().max(1.0));
        if !alike {
            return fail("a model normalised alike: fitted on the same data, or both with normalize: false", "other mean or deviation".into());
        }
        let flat = other.with_store(|store| Ok(store.flat(self.options.weights)))?;
        bound.set_parameters_at(OTHER, &flat);
        Ok(Other { inner: other.clone(), scale: self.options.other_scale.unwrap_or(1.0) })
    }

    fn rows_of<'a>(&'a self, start: usize, rows: usize) -> noise::Chunk<'a> {
        let definition = &self.inner.definition;
        noise::Chunk { sizes: definition.x(), dtype: definition.dtype(), seed: self.options.seed, start, rows }
    }

    /// The state of the next chunk, or `None` if all rows are done.
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
        let rows = self.rows_of(work.start, padded);
        let mut x = match &work.x0 {
            Some(x0) => {
                let picked: Vec<Tensor> = gather(x0, &pick)?.values().cloned().collect();
                if work.starts_are_data { work.dynamics.normalized(&picked, &work.bound)? } else { picked }
            }
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
        let driver = driver(&work.dynamics.field().process(), work.dynamics.solver(), &work.spread, &work.times)?;
        let (from, to) = (work.times[0], work.times[work.times.len() - 1]);
        let brownian = work.dynamics.solver().is_brownian().then(|| Brownian::new(&rows, from, to));
        Ok(Some(Chunk { driver, first: first.transpose()?, brownian, state: State::new(x), length, index: 0 }))
    }


    fn advance(&self, work: &mut Work) -> Result<bool> {
        if work.chunk.is_none() {
            work.chunk = self.next_chunk(work)?;
        }
        let Some(mut chunk) = work.chunk.take() else { return Ok(true) };
        match chunk.driver.next() {
            Action::Emit { index, output } => {
                let x = work.dynamics.emit(&chunk.state, &output, &mut work.bound)?;
                for (leaf, tensor) in x.into_iter().enumerate() {
                    work.parts[index][leaf].push(tensor.narrow(0, 0, chunk.length)?);
                }
            }
            Action::Evaluate(query) => {
                let (state, value) = work.dynamics.evaluate(&mut chunk.state, &query, &mut work.bound)?;
                chunk.driver.started(state, value)?;
            }
            Action::Probe(step) => {
                let change = work.dynamics.probe(&chunk.state, &step, &mut work.bound)?;
                chunk.driver.probed(change);
            }
            Action::Step(planned) => {
                let noise = self.step_noise(work, &mut chunk, &planned)?;
                let errors = work.dynamics.step(&mut chunk.state, &planned.step, &noise, &mut work.bound)?;
                if chunk.driver.stepped(&errors)? == Verdict::Accepted {
                    chunk.state.accept();
                    chunk.index += 1;
                }
                self.publish(work, &chunk);
            }
            Action::Done => {
                self.finish_chunk(work, &chunk)?;
                return Ok(false);
            }
        }
        work.chunk = Some(chunk);
        Ok(false)
    }

    fn finish_chunk(&self, work: &mut Work, chunk: &Chunk) -> Result<()> {
        let s = chunk.driver.statistics();
        work.report.evaluations += s.nfe as u64;
        work.report.rejected += s.rejected as u64;
        work.report.steps_run += s.accepted as u64;
        work.start += chunk.length;
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
        let rows = self.rows_of(work.start, chunk.state.x()[0].ty().shape[0]);
        if let Some(brownian) = &mut chunk.brownian {
            let noises = brownian.noises(planned.t, planned.end);
            return noises.into_iter().take(planned.step.structure.noises).map(|leaves| rows.tensors(leaves)).collect();
        }
        let draw = |k: usize| rows.normal(&stream(k), chunk.index as i64, 1.0);
        (0..planned.step.structure.noises).map(draw).collect()
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
        let options = &self.options;
        let leading: Vec<usize> = options.batch_size.iter().flat_map(BatchSize::shape).chain(work.given).collect();
        let density = || -> Result<Tensor> { Ok(Tensor::concat(&work.densities, 0)?.reshape(&leading)?) };
        if self.is_likelihood() {
            return Ok(vec![density()?]);
        }
        let times = if options.trajectory { 0..work.times.len() } else { work.times.len() - 1..work.times.len() };
        let mut out = Vec::new();
        for (leaf, shape) in self.inner.definition.x().values().enumerate() {
            let parts: Vec<Tensor> = times.clone().flat_map(|k| work.parts[k][leaf].iter().cloned()).collect();
            let joined = Tensor::concat(&parts, 0)?;
            let first: Vec<usize> = options.trajectory.then_some(work.times.len()).into_iter().collect();
            out.push(joined.reshape(&[&first[..], &leading, shape].concat())?);
        }
        if options.log_prob {
            out.push(density()?);
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

/// A driver over the process's times.
fn driver(process: &Process, solver: &SolverConfig, spread: &Spread, times: &[f64]) -> Result<Driver> {
    let view = view(process);
    let h = |t: f64| diffusion(process, spread, t);
    let problem = Problem { schedule: view.as_ref().map(|v| v as &dyn Schedule), diffusion: Some(&h) };
    solver.driver(problem, times).map_err(|e| ModelError::from(e).under("solver.args"))
}

/// All steps over the process's times, of a solver whose steps are known beforehand.
pub fn plan_of(process: &Process, solver: &SolverConfig, spread: &Spread, times: &[f64]) -> Result<Plan> {
    match driver(process, solver, spread, times)? {
        Driver::Fixed(fixed) => Ok(fixed.plan().clone()),
        Driver::Adaptive(_) => Err(ModelError::new("InternalError", "an adaptive solver has no plan")),
    }
}

/// The stream of noise `k` of a step.
pub fn stream(k: usize) -> String {
    if k == 0 { "sample.noise".into() } else { format!("sample.noise{k}") }
}

pub(super) fn gather(leaves: &Leaves<Tensor>, rows: &[i64]) -> Result<Leaves<Tensor>> {
    let entries: Result<Vec<_>> = leaves.iter().map(|(name, t)| Ok((name.to_string(), crate::data::gather_rows(t, rows)?))).collect();
    Ok(Leaves::new(entries?))
}

impl Job for SampleJob {
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
