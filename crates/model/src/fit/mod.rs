//! fit: the training loop as a job of the worker, one optimiser step per turn.
//! JavaScript is not called; it sees events, and may stop or pause the run between two steps.

mod batch;
mod options;
mod planner;

pub use options::FitOptions;
pub(crate) use planner::pair;

use self::batch::{BatchLoss, Sources, pair_input};
use self::options::LastBatch;
use self::planner::{HostRows, PlanRequest, Planner};
use crate::bind::{self, Bindings};
use crate::data;
use crate::model::Inner;
use crate::objective::{Objective, ObjectiveKind, Rows};
use crate::posthoc::PosthocEma;
use crate::process::coupling;
use crate::run::{Event, Report, Run};
use crate::step::{self, Ema, REPORT, StepGraph, StepRule, UNBROKEN, ema_input, power_input, state_input};
use crate::store::{Group, Part, Store, Weights};
use crate::{ModelError, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thalweg_coupling::Coupling;
use thalweg_engine::{Device, Job, Program, Step, Tensor, Waker, random};
use thalweg_graph::{Graph, Leaves};

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
    /// Training data.
    pub data: Rows,
    /// Validation data.
    pub validation: Option<Rows>,
    /// Weight of a time, as a graph `t [B] → w [B]`, for a given number of rows.
    pub weight: Option<Arc<Graph>>,
}

struct Compiled {
    program: Arc<Program>,
    inputs: Vec<String>,
    state: Vec<String>,
    rows: usize,
}

struct Progress {
    objective: Objective,
    part: Part,
    /// Validation data, the weights of whose candidates are known.
    validation: Option<Rows>,
    planner: Option<Planner>,
    steps: u64,
    per_epoch: u64,
    first: u64,
    done: u64,
    permutation: Option<(u64, Tensor)>,
    fixed: Bindings,
    full: Compiled,
    last: Option<Compiled>,
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
    request: FitRequest,
    run: Run,
    progress: Option<Progress>,
}

impl FitJob {
    /// A job that trains `inner`.
    pub fn new(inner: Arc<Inner>, request: FitRequest, run: Run) -> FitJob {
        FitJob { inner, request, run, progress: None }
    }

    fn advance(&mut self) -> Result<Option<Report>> {
        if self.progress.is_none() {
            self.progress = Some(self.start()?);
            return Ok(None);
        }
        let Some(mut p) = self.progress.take() else { return Ok(None) };
        if self.run.is_stopped() || self.inner.is_abandoned() || p.first + p.done >= p.steps {
            let reason = if p.first + p.done >= p.steps { "finished" } else { "stopped" };
            self.settle(&mut p, None, false)?;
            return self.end(&p, reason).map(Some);
        }
        if self.train_step(&mut p)? {
            return self.end(&p, "early stop").map(Some);
        }
        self.progress = Some(p);
        Ok(None)
    }

    fn start(&self) -> Result<Progress> {
        let FitRequest { options, data, validation, .. } = &self.request;
        data.check("")?;
        if let Some(v) = validation {
            v.check("validation.")?;
        }
        let objective = self.objective()?;
        let part = part_of(&objective);
        let weights = data.candidates.as_ref().map(|c| self.inner.candidate_weights(&objective, c)).transpose()?;
        let rows = data::rows(&data.x);
        let plan = batches(options, rows);
        let Batches { batch, per_step, rest, per_epoch } = plan;
        let steps = options.steps.or(options.epochs.map(|e| e.saturating_mul(per_epoch))).unwrap_or(0);
        let rule = self.rule(part)?;
        let first = self.prepare_store(&rule, part)?;
        let normalized = self.inner.with_store(|s| Ok(s.normalization.is_some()))?;
        let planner = self.planner(&plan, first, steps)?;
        let sources = Sources {
            rows,
            source_rows: data.x0.as_ref().map(data::rows),
            weighted: data.weight.is_some(),
            normalized,
            candidates: weights.as_ref().map(|w| w.numbers().ty().shape[1]),
            planned: planner.is_some(),
        };
        let full = self.compile(&rule, &objective, batch, per_step, sources)?;
        let last = if rest > 0 { Some(self.compile(&rule, &objective, rest, rest, sources)?) } else { None };
        let mut fixed = Bindings::new();
        fixed.set_leaves("data", &data.x);
        for (name, leaves) in [("source", &data.x0), ("condition", &data.condition)] {
            if let Some(leaves) = leaves {
                fixed.set_leaves(name, leaves);
            }
        }
        if let Some(weight) = &data.weight {
            fixed.set("weight", weight.clone());
        }
        if let Some(weights) = &weights {
            fixed.set("energy", weights.numbers().clone());
        }
        fixed.set_i64("random.seed", options.seed)?;
        let validation = validation.as_ref().map(|rows| -> Result<Rows> {
            let candidates = rows.candidates.as_ref().map(|c| self.inner.candidate_weights(&objective, c)).transpose()?;
            Ok(Rows { candidates, ..rows.clone() })
        });
        Ok(Progress {
            objective,
            part,
            validation: validation.transpose()?,
            planner,
            steps,
            per_epoch,
            first,
            done: 0,
            permutation: None,
            fixed,
            full,
            last,
            started: Instant::now(),
            loss: None,
            best: None,
            misses: 0,
            unbroken: Tensor::from_bool(vec![true], &[])?,
            pending: Vec::new(),
            settled: Instant::now(),
        })
    }

    fn objective(&self) -> Result<Objective> {
        let definition = &self.inner.definition;
        let default = || Objective::default_for(definition.process(), definition.networks()).into();
        let objective = self.request.options.loss.clone().map_or_else(default, |loss| loss.objective());
        objective.validate(definition).map_err(|e| e.under("loss"))?;
        for rows in [Some(&self.request.data), self.request.validation.as_ref()].into_iter().flatten() {
            self.inner.check_candidates(&objective, rows.candidates.is_some())?;
        }
        Ok(objective)
    }

    /// Makes the store ready for the first step; the number of steps that were done before.
    fn prepare_store(&self, rule: &StepRule, part: Part) -> Result<u64> {
        let FitRequest { options, data, .. } = &self.request;
        let layout = self.inner.definition.layout();
        self.inner.with_store(|store| {
            if !options.resume {
                let kept = self.kept(part);
                store.restart(layout, part, &kept)?;
                if part == Part::Model {
                    self.set_normalization(store)?;
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
    fn set_normalization(&self, store: &mut Store) -> Result<()> {
        let FitRequest { options, data, .. } = &self.request;
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

    /// What couples the batches, where rows do not simply come by a shuffled order.
    fn planner(&self, plan: &Batches, first: u64, last: u64) -> Result<Option<Planner>> {
        let FitRequest { options, data, .. } = &self.request;
        let coupling = coupling(self.inner.definition.config());
        let definition = &self.inner.definition;
        if definition.process().gaussian().is_some() {
            return match data.x0 {
                Some(_) => {
                    Err(ModelError::expected("DataError", "x0: not wanted", "data alone: a diffusion model makes its own noise", "x0"))
                }
                None => Ok(None),
            };
        }
        // Tokens of the source are independent of each other: whichever meets which datum.
        let alike = matches!(coupling, Coupling::Independent(_)) || definition.tokens().is_some();
        if alike && data.x0.is_none() {
            return Ok(None);
        }
        if let (Coupling::Paired(_), Some(x0)) = (&coupling, &data.x0)
            && data::rows(x0) != data::rows(&data.x)
        {
            let message = "x0: a paired coupling takes one source sample per datum";
            return Err(ModelError::expected("DataError", message, data::rows(&data.x), data::rows(x0)));
        }
        let normalization = self.inner.with_store(|store| Ok(store.normalization.clone()))?;
        let host = |leaves: &Leaves<Tensor>, normalized: bool| -> Result<HostRows> {
            data::host_rows(leaves, normalization.as_ref().filter(|_| normalized)).map(|(width, values)| HostRows { width, values })
        };
        let request = PlanRequest {
            coupling,
            x: host(&data.x, true)?,
            x0: data.x0.as_ref().map(|x0| host(x0, true)).transpose()?,
            condition: data.condition.as_ref().map(|c| host(c, false)).transpose()?,
            sizes: definition.x().clone(),
            dtype: definition.dtype(),
            seed: options.seed,
            batch: plan.batch,
            parts: plan.per_step / plan.batch.max(1),
            rest: plan.rest,
            per_epoch: plan.per_epoch,
        };
        let run = self.run.clone();
        Planner::start(request, first, last, move || run.wake()).map(Some)
    }

    fn rule(&self, part: Part) -> Result<StepRule> {
        let options = &self.request.options;
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

    /// The program of a step over `per_step` rows, in batches of `batch`.
    fn compile(&self, rule: &StepRule, objective: &Objective, batch: usize, per_step: usize, sources: Sources) -> Result<Compiled> {
        let rule = StepRule { accumulate: per_step / batch, ..rule.clone() };
        let build = BatchLoss { inner: &self.inner, objective, batch, sources, weight: self.request.weight.as_deref() };
        let layout = self.inner.definition.layout();
        let StepGraph { graph, options, state } = step::build(layout, &rule, &|b, params, part| build.loss(b, params, part))?;
        let program = Arc::new(Program::compile(&graph, &options)?);
        Ok(Compiled { program, inputs: bind::names(&graph), state, rows: per_step })
    }

    fn train_step(&self, p: &mut Progress) -> Result<bool> {
        let options = &self.request.options;
        let index = p.first + p.done;
        let (epoch, within) = (index / p.per_epoch, index % p.per_epoch);
        let compiled = match &p.last {
            Some(last) if within + 1 == p.per_epoch => last,
            _ => &p.full,
        };
        let mut bound = p.fixed.clone();
        match &p.planner {
            Some(planner) => {
                for (part, pairs) in planner.next()?.into_iter().enumerate() {
                    for (which, rows) in [("data", pairs.data), ("source", pairs.source)] {
                        let shape = [rows.len()];
                        bound.set(pair_input(which, part), Tensor::from_i64(rows, &shape)?);
                    }
                }
            }
            None => {
                bound.set("permutation", self.order(&mut p.permutation, epoch)?);
                bound.set_i64("offset", (within as usize * p.full.rows) as i64)?;
            }
        }
        bound.set(UNBROKEN, p.unbroken.clone());
        let report = self.inner.with_store(|store| {
            apply_step(store, &compiled.program, &compiled.inputs, &compiled.state, &mut bound, p.part, index as i64)
        })?;
        p.unbroken = report.applied.clone();
        p.pending.push(Started { index, report });
        p.done += 1;
        let step = p.first + p.done;
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
        let last = p.first + p.done;
        for Started { index, report } in std::mem::take(&mut p.pending) {
            let (step, loss) = (index + 1, report.loss()?);
            p.loss = Some(loss);
            self.run.publish(Event {
                step,
                steps: p.steps,
                epoch: index / p.per_epoch,
                loss: Some(loss),
                grad_norm: Some(report.grad_norm()?),
                learning_rate: Some(report.rate()?),
                steps_per_second: speed,
                seconds_left: (p.steps.saturating_sub(step)) as f64 / speed,
                validation_loss: validation.filter(|_| step == last),
                paused: pauses && step == last,
            });
        }
        Ok(())
    }

    /// The order of the rows in an epoch.
    fn order(&self, known: &mut Option<(u64, Tensor)>, epoch: u64) -> Result<Tensor> {
        match known {
            Some((of, order)) if *of == epoch => Ok(order.clone()),
            _ => {
                let rows = data::rows(&self.request.data.x);
                let order = random::permutation(rows, self.request.options.seed, random::stream_of("fit.permutation"), epoch as i64);
                Ok(known.insert((epoch, Tensor::from_i64(order, &[rows])?)).1.clone())
            }
        }
    }

    /// Keeps count of validation losses; saves the best; whether to stop.
    fn judge(&self, p: &mut Progress, value: f64) -> Result<bool> {
        let options = &self.request.options;
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
        if let Some(saving) = &self.request.options.checkpoint {
            self.inner.save_now(&PathBuf::from(&saving.dir))?;
        }
        Ok(Report {
            step: p.first + p.done,
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
        // While the next pairs are not there yet, other jobs may have their turn.
        let planned = self.progress.as_ref().and_then(|p| p.planner.as_ref()).is_none_or(Planner::is_ready);
        planned && !self.run.is_paused()
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
