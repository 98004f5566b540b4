//! fit: the training loop as a job of the worker, one optimiser step per turn.
//! JavaScript is not called; it sees events, and may stop or pause the run between two steps.

mod batch;
mod chunk;
mod feed;
#[cfg(all(test, feature = "cuda"))]
mod on_gpu;
mod options;
mod planner;

pub use feed::{Fed, Feed, Intake};
pub use options::FitOptions;
pub(crate) use planner::pair;

use self::chunk::Chunk;
use self::options::LastBatch;
use self::planner::Planner;
use crate::bind::Bindings;
use crate::data;
use crate::model::Inner;
use crate::objective::{Objective, ObjectiveKind, Rows};
use crate::posthoc::PosthocEma;
use crate::run::{Event, Report, Run};
use crate::step::{Ema, REPORT, StepRule, UNBROKEN, ema_input, power_input, state_input};
use crate::store::{Group, Part, Store, Weights};
use crate::{ModelError, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thalweg_engine::{Device, Job, Program, Step, Tensor, Waker};
use thalweg_graph::Graph;

/// Key of the validation loss's random numbers, so that evaluations compare like with like.
const VALIDATION_SEED: i64 = 0x7661_6c69_6461_7465;
/// Largest number of rows of one validation program.
pub(crate) const VALIDATION_ROWS: usize = 4096;

/// How the rows of an epoch become steps.
pub(crate) struct Batches {
    /// Rows of one loss.
    pub batch: usize,
    /// Rows of one step.
    pub per_step: usize,
    /// Rows of a last, smaller step; 0 if there is none.
    pub rest: usize,
    /// Steps of an epoch.
    pub per_epoch: u64,
}

/// The batches of `rows` ≥ 1 rows. With fewer rows than a step takes, batches become smaller, never emptier.
pub(crate) fn batches(options: &FitOptions, rows: usize) -> Batches {
    let batch = (options.batch_size as usize).min(rows);
    let parts = (options.accumulate as usize).min((rows / batch.max(1)).max(1));
    let per_step = batch * parts;
    let rest = if options.last_batch == LastBatch::Keep && per_step > 0 { rows % per_step } else { 0 };
    let full = (rows / per_step.max(1)) as u64;
    Batches { batch, per_step, rest, per_epoch: full + u64::from(rest > 0) }
}

/// Everything `fit` was given.
pub struct FitRequest {
    /// Options.
    pub options: FitOptions,
    /// Training data: all of it, or the first rows of a stream.
    pub data: Rows,
    /// Validation data.
    pub validation: Option<Rows>,
    /// Weight of a time, as a graph `t [B] → w [B]`, for a given number of rows.
    pub weight: Option<Arc<Graph>>,
}

struct Progress {
    objective: Objective,
    part: Part,
    /// Validation data, the weights of whose candidates are known.
    validation: Option<Rows>,
    rule: StepRule,
    /// Steps to do; of a stream whose length nobody knows there is no such number.
    steps: Option<u64>,
    first: u64,
    done: u64,
    /// What is trained on; none while a resumed stream has not come to its place yet.
    chunk: Option<Chunk>,
    /// Chunks that were there, and the step at which the next one begins.
    chunks: u64,
    until: u64,
    started: Instant,
    loss: Option<f64>,
    best: Option<f64>,
    misses: u32,
    /// Whether the last step was applied, and with it all before.
    unbroken: Tensor,
    /// Steps that were started and whose results nobody has read yet.
    pending: Vec<Started>,
    settled: Instant,
}

impl Progress {
    /// Steps done, of earlier runs too.
    fn index(&self) -> u64 {
        self.first + self.done
    }

    fn is_done(&self) -> bool {
        self.steps.is_some_and(|steps| self.index() >= steps)
    }

    /// Whether the next step needs rows that are not there yet.
    fn is_hungry(&self) -> bool {
        self.index() >= self.until
    }

    /// Steps to do, as far as anybody knows.
    fn known_steps(&self) -> u64 {
        self.steps.unwrap_or(self.until)
    }
}

/// A step that was started.
struct Started {
    index: u64,
    report: StepReport,
}

/// Steps that may be on their way on a GPU before their results are read, and for how long nobody needs to see any.
const PENDING: usize = 64;
const UNSEEN: Duration = Duration::from_millis(50);

/// The training job.
pub struct FitJob {
    inner: Arc<Inner>,
    options: FitOptions,
    /// The data, until training begins.
    data: Option<Rows>,
    validation: Option<Rows>,
    weight: Option<Arc<Graph>>,
    /// Where more rows come from.
    intake: Option<Intake>,
    run: Run,
    progress: Option<Progress>,
}

impl FitJob {
    /// A job that trains `inner`.
    pub fn new(inner: Arc<Inner>, request: FitRequest, run: Run) -> FitJob {
        let FitRequest { options, data, validation, weight } = request;
        FitJob { inner, options, data: Some(data), validation, weight, intake: None, run, progress: None }
    }

    /// The same job on a stream, of which the request has the first rows. A resumed one passes over what it was trained on before.
    #[must_use]
    pub fn fed_by(self, intake: Intake) -> FitJob {
        FitJob { intake: Some(intake), ..self }
    }

    fn advance(&mut self) -> Result<Option<Report>> {
        if let Some(data) = self.data.take() {
            self.progress = Some(self.start(data)?);
            return Ok(None);
        }
        let Some(mut p) = self.progress.take() else { return Ok(None) };
        let complete = !p.is_done() && !self.run.is_stopped() && p.is_hungry() && !self.refill(&mut p)?;
        if self.run.is_stopped() || self.inner.is_abandoned() || p.is_done() || complete {
            let reason = if p.is_done() || complete { "finished" } else { "stopped" };
            self.settle(&mut p, None, false)?;
            return self.end(&p, reason).map(Some);
        }
        if !p.is_hungry() && self.train_step(&mut p)? {
            return self.end(&p, "early stop").map(Some);
        }
        self.progress = Some(p);
        Ok(None)
    }

    fn start(&self, data: Rows) -> Result<Progress> {
        let FitJob { options, validation, .. } = self;
        data.check("")?;
        if let Some(v) = validation {
            v.check("validation.")?;
        }
        let objective = self.objective()?;
        for rows in [Some(&data), validation.as_ref()].into_iter().flatten() {
            self.inner.check_candidates(&objective, rows.candidates.is_some())?;
        }
        let part = part_of(&objective);
        let rule = self.rule(part)?;
        let first = self.prepare_store(&data, &rule, part)?;
        let per_epoch = batches(options, data::rows(&data.x)).per_epoch;
        let epochs = options.epochs.filter(|_| self.intake.is_none());
        let validation = validation.as_ref().map(|rows| -> Result<Rows> {
            let candidates = rows.candidates.as_ref().map(|c| self.inner.candidate_weights(&objective, c)).transpose()?;
            Ok(Rows { candidates, ..rows.clone() })
        });
        let mut p = Progress {
            objective,
            part,
            validation: validation.transpose()?,
            rule,
            steps: options.steps.or(epochs.map(|e| e.saturating_mul(per_epoch))),
            first,
            done: 0,
            chunk: None,
            chunks: 0,
            until: 0,
            started: Instant::now(),
            loss: None,
            best: None,
            misses: 0,
            unbroken: Tensor::from_bool(vec![true], &[])?,
            pending: Vec::new(),
            settled: Instant::now(),
        };
        self.take(&mut p, data, 0)?;
        Ok(p)
    }

    /// Goes on with the next rows of the stream; false where there are no more.
    fn refill(&self, p: &mut Progress) -> Result<bool> {
        self.settle(p, None, false)?;
        p.chunk = None;
        let Some(intake) = &self.intake else { return Ok(false) };
        let Some((groups, epoch)) = intake.next()? else { return Ok(false) };
        let rows = self.inner.check_rows("", &groups)?;
        rows.check("")?;
        self.inner.check_candidates(&p.objective, rows.candidates.is_some())?;
        self.take(p, rows, epoch)?;
        Ok(true)
    }

    fn objective(&self) -> Result<Objective> {
        let definition = &self.inner.definition;
        let default = || Objective::default_for(definition.process(), definition.networks()).into();
        let objective = self.options.loss.clone().map_or_else(default, |loss| loss.objective());
        objective.validate(definition).map_err(|e| e.under("loss"))?;
        Ok(objective)
    }

    /// Makes the store ready for the first step; the number of steps that were done before.
    fn prepare_store(&self, data: &Rows, rule: &StepRule, part: Part) -> Result<u64> {
        let options = &self.options;
        let layout = self.inner.definition.layout();
        self.inner.with_store(|store| {
            if !options.resume {
                let kept = self.kept(part);
                store.restart(layout, part, &kept)?;
                if part == Part::Model {
                    self.set_normalization(data, store)?;
                    store.source_is_data = data.x0.is_some();
                }
            }
            for name in options.optimizer.rule().state() {
                store.ensure_state(layout, name)?;
            }
            match (&rule.ema, &store.ema) {
                (Some(_), None) => store.ema = Some([store.parameters[0].clone(), store.parameters[1].clone()]),
                (None, _) => store.ema = None,
                _ => {}
            }
            if part == Part::Model {
                store.track(options.posthoc_ema.as_ref(), options.resume)?;
            }
            store.training = Some(serde_json::to_string(options).map_err(|e| ModelError::new("InternalError", e.to_string()))?);
            Ok(*store.steps(part) as u64)
        })
    }

    /// For each parameter, whether it belongs to the part that is not trained.
    fn kept(&self, part: Part) -> Vec<bool> {
        self.inner.definition.energy_parameters().into_iter().map(|of_energy| of_energy != (part == Part::Energy)).collect()
    }

    /// Measures the data, unless an energy was fitted in the units that there are.
    fn set_normalization(&self, data: &Rows, store: &mut Store) -> Result<()> {
        let options = &self.options;
        if store.energy_step == 0 {
            let continuous = self.inner.definition.tokens().is_none();
            store.normalization = if options.normalize && continuous { Some(data::measure(&data.x, data.x0.as_ref())?) } else { None };
            return Ok(());
        }
        if options.normalize != store.normalization.is_some() {
            let expected = format!("{}, as when the model's energy was fitted", !options.normalize);
            return Err(ModelError::config("normalize", expected, options.normalize));
        }
        Ok(())
    }

    fn rule(&self, part: Part) -> Result<StepRule> {
        let options = &self.options;
        let specs = self.inner.definition.layout().specs();
        for prefix in &options.frozen {
            if !specs.iter().any(|s| s.name.starts_with(prefix.as_str())) {
                return Err(ModelError::config("frozen", "a prefix of a parameter's name", format!("{prefix:?}")));
            }
        }
        let kept = self.kept(part);
        let frozen =
            specs.iter().zip(&kept).map(|(s, &kept)| kept || options.frozen.iter().any(|p| s.name.starts_with(p.as_str()))).collect();
        // Without an average of its own a part goes on in that of the other, as its parameters are.
        let follow = Ema::Settings { decay: 0.0, warmup: false };
        let others = kept.contains(&true) && self.inner.with_store(|store| Ok(store.ema.is_some()))?;
        let ema = options.ema.or(others.then_some(follow));
        let powers = match &options.posthoc_ema {
            Some(_) if part == Part::Energy => {
                return Err(ModelError::config(
                    "posthocEma",
                    "null, since it is the diffusion model that is averaged",
                    "averages of an energy's fit",
                ));
            }
            tracked => tracked.as_ref().map_or(Ok(Vec::new()), PosthocEma::exponents)?,
        };
        Ok(StepRule { optimizer: options.optimizer.clone(), ema, powers, frozen, accumulate: options.accumulate as usize })
    }

    fn train_step(&self, p: &mut Progress) -> Result<bool> {
        let options = &self.options;
        let index = p.index();
        let Some(chunk) = &mut p.chunk else { return Err(ModelError::new("InternalError", "a step without rows")) };
        let (compiled, mut bound) = chunk.step(index, options.seed)?;
        bound.set(UNBROKEN, p.unbroken.clone());
        let report = self.inner.with_store(|store| {
            apply_step(store, &compiled.program, &compiled.inputs, &compiled.state, &mut bound, p.part, index as i64)
        })?;
        p.unbroken = report.applied.clone();
        p.pending.push(Started { index, report });
        p.done += 1;
        let step = p.index();
        let due = |every: Option<u32>| every.is_some_and(|n| step.is_multiple_of(n as u64));
        let validates = p.validation.is_some() && due(Some(options.validation.map_or(100, |v| v.every)));
        let saves = options.checkpoint.as_ref().filter(|c| due(Some(c.every)));
        let pauses = due(options.every.map(|e| e.steps));
        let waits = Device::current()? != Device::Cpu && options.posthoc_ema.is_none();
        let seen = validates || saves.is_some() || pauses || p.pending.len() == PENDING || p.settled.elapsed() >= UNSEEN;
        if waits && !seen {
            return Ok(false);
        }
        self.check(p)?;
        self.inner.with_store(|store| {
            if let Some(tracked) = store.posthoc.as_mut().filter(|_| p.part == Part::Model) {
                tracked.observe(store.step);
            }
            Ok(())
        })?;
        let mut validation = None;
        let mut stop = false;
        if let Some(v) = p.validation.clone().filter(|_| validates) {
            let value = self.validate(&v, &p.objective)?;
            validation = Some(value);
            stop = self.judge(p, value)?;
        }
        if let Some(saving) = saves {
            self.inner.save_now(&PathBuf::from(&saving.dir))?;
        }
        self.settle(p, validation, pauses)?;
        Ok(stop)
    }

    /// That all steps that were started were applied; else the store is that before the first that was not.
    fn check(&self, p: &Progress) -> Result<()> {
        for Started { index, report } in &p.pending {
            if !report.is_applied()? {
                self.inner.with_store(|store| {
                    *store.steps(p.part) = *index as i64;
                    Ok(())
                })?;
                let (loss, norm) = (report.loss()?, report.grad_norm()?);
                let message = format!(
                    "training stopped at step {}: the loss is {loss} and the gradient's norm {norm}; the parameters are those after step {index}",
                    index + 1
                );
                return Err(ModelError::expected("TrainingError", message, "finite numbers", format!("{loss} and {norm}")));
            }
        }
        Ok(())
    }

    /// Tells of the steps that were started; the last is the one that was validated, and after which the run pauses.
    fn settle(&self, p: &mut Progress, validation: Option<f64>, pauses: bool) -> Result<()> {
        self.check(p)?;
        p.settled = Instant::now();
        let seconds = p.started.elapsed().as_secs_f64();
        let speed = p.done as f64 / seconds.max(1e-9);
        let last = p.index();
        let steps = p.known_steps();
        for Started { index, report } in std::mem::take(&mut p.pending) {
            let (step, loss) = (index + 1, report.loss()?);
            p.loss = Some(loss);
            self.run.publish(Event {
                step,
                steps,
                epoch: p.chunk.as_ref().map_or(0, |chunk| chunk.epoch(index)),
                loss: Some(loss),
                grad_norm: Some(report.grad_norm()?),
                learning_rate: Some(report.rate()?),
                steps_per_second: speed,
                seconds_left: (steps.saturating_sub(step)) as f64 / speed,
                validation_loss: validation.filter(|_| step == last),
                paused: pauses && step == last,
            });
        }
        Ok(())
    }

    /// Keeps count of validation losses; saves the best; whether to stop.
    fn judge(&self, p: &mut Progress, value: f64) -> Result<bool> {
        let options = &self.options;
        let margin = options.early_stop.map_or(0.0, |e| e.min_delta);
        if p.best.is_none_or(|best| value < best - margin) {
            p.best = Some(value);
            p.misses = 0;
            if let Some(dir) = &options.best {
                self.inner.save_now(&PathBuf::from(dir))?;
            }
            return Ok(false);
        }
        p.misses += 1;
        Ok(options.early_stop.is_some_and(|e| p.misses >= e.patience))
    }

    /// Mean loss over the validation rows, in chunks, at fixed times and noise.
    fn validate(&self, rows: &Rows, objective: &Objective) -> Result<f64> {
        let total = data::rows(&rows.x);
        let (mut sum, mut start) = (0.0, 0);
        while start < total {
            let length = VALIDATION_ROWS.min(total - start);
            let losses =
                self.inner.losses(objective, false, &rows.narrow(start, length)?, None, (VALIDATION_SEED, start as i64), Weights::Ema)?;
            sum += losses.to_f64_vec()?.iter().sum::<f64>();
            start += length;
        }
        Ok(sum / total as f64)
    }

    fn end(&self, p: &Progress, reason: &str) -> Result<Report> {
        if let Some(saving) = &self.options.checkpoint {
            self.inner.save_now(&PathBuf::from(&saving.dir))?;
        }
        Ok(Report {
            step: p.index(),
            steps_run: p.done,
            loss: p.loss,
            best_validation_loss: p.best,
            seconds: p.started.elapsed().as_secs_f64(),
            reason: reason.into(),
            ..Report::default()
        })
    }
}

/// The part that an objective trains.
fn part_of(objective: &Objective) -> Part {
    if objective.kind == ObjectiveKind::EnergyMatching { Part::Energy } else { Part::Model }
}

/// What a step says of itself, once it is computed.
pub(crate) struct StepReport {
    numbers: [Tensor; 3],
    /// Whether it and all steps before were applied.
    pub(crate) applied: Tensor,
}

impl StepReport {
    fn number(&self, k: usize) -> Result<f64> {
        Ok(self.numbers[k].to_f64_vec()?[0])
    }

    pub(crate) fn loss(&self) -> Result<f64> {
        self.number(0)
    }

    pub(crate) fn grad_norm(&self) -> Result<f64> {
        self.number(1)
    }

    pub(crate) fn rate(&self) -> Result<f64> {
        self.number(2)
    }

    pub(crate) fn is_applied(&self) -> Result<bool> {
        Ok(self.applied.to_bool_vec()?[0])
    }
}

/// Starts one training step: gives the program the store's buffers to overwrite, and puts the results back. The step is counted; one that
/// turns out not to have been applied has changed nothing else.
pub(crate) fn apply_step(
    store: &mut Store,
    program: &Program,
    inputs: &[String],
    state: &[String],
    bound: &mut Bindings,
    part: Part,
    index: i64,
) -> Result<StepReport> {
    bound.set_i64("step", index)?;
    bound.set_i64("random.counter", index)?;
    bound.set_normalization(store.normalization.as_ref());
    bound.set(Group::Frozen.input(), store.parameters[2].clone());
    for group in Group::TRAINED {
        let k = group as usize;
        bound.set(group.input(), store.parameters[k].clone());
        for (name, buffers) in &store.optimizer {
            bound.set(state_input(name, group), buffers[k].clone());
        }
        if let Some(ema) = &store.ema {
            bound.set(ema_input(group), ema[k].clone());
        }
        for (n, average) in store.posthoc.iter().flat_map(|tracked| tracked.averages.iter().enumerate()) {
            bound.set(power_input(n, group), average[k].clone());
        }
    }
    // The store keeps its handles until the run has succeeded: a run that fails has changed nothing.
    let outputs = bound.update(program, inputs, state)?;
    let (new, report) = outputs.split_at(outputs.len() - REPORT);
    let mut new: HashMap<&str, Tensor> = state.iter().map(String::as_str).zip(new.iter().cloned()).collect();
    let mut put = |name: &str, slot: &mut Tensor| {
        if let Some(tensor) = new.remove(name) {
            *slot = tensor;
        }
    };
    for group in Group::TRAINED {
        let k = group as usize;
        put(group.input(), &mut store.parameters[k]);
        for (name, buffers) in &mut store.optimizer {
            put(&state_input(name, group), &mut buffers[k]);
        }
        if let Some(ema) = &mut store.ema {
            put(&ema_input(group), &mut ema[k]);
        }
        for (n, average) in store.posthoc.iter_mut().flat_map(|tracked| tracked.averages.iter_mut().enumerate()) {
            put(&power_input(n, group), &mut average[k]);
        }
    }
    *store.steps(part) += 1;
    store.version += 1;
    let [loss, norm, rate, applied] = report else { return Err(ModelError::new("InternalError", "a step without a report")) };
    Ok(StepReport { numbers: [loss.clone(), norm.clone(), rate.clone()], applied: applied.clone() })
}

impl Job for FitJob {
    fn watch(&mut self, waker: &Waker) {
        self.run.attach(waker.clone());
    }

    fn ready(&self) -> bool {
        if self.inner.is_abandoned() || self.run.is_stopped() {
            return true;
        }
        // While the next rows or pairs are not there yet, other jobs may have their turn.
        let Some(p) = &self.progress else { return !self.run.is_paused() };
        let fed = p.is_done() || !p.is_hungry() || self.intake.as_ref().is_none_or(Intake::is_ready);
        let planned = p.is_hungry() || p.chunk.as_ref().and_then(Chunk::planner).is_none_or(Planner::is_ready);
        fed && planned && !self.run.is_paused()
    }

    fn step(&mut self) -> Step {
        match self.advance() {
            Ok(None) => Step::Again,
            Ok(Some(report)) => {
                self.inner.release();
                self.run.finish(Ok(report));
                Step::Done
            }
            Err(error) => {
                self.inner.release();
                self.run.finish(Err(error));
                Step::Done
            }
        }
    }

    fn panicked(&mut self, message: String) {
        self.inner.release();
        self.run.panicked(message);
    }
}
