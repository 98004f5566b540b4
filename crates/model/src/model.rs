//! A model with parameter values: what users hold. Jobs on the device's worker read and change it, one step at a time.

use crate::bind::{self, Bindings, normalize, random_inputs};
use crate::config::ModelConfig;
use crate::definition::At;
use crate::external::{ExternalModule, Need};
use crate::groups::Groups;
use crate::objective::{Candidates, Draw, Objective, ObjectiveKind, Rows, mode};
use crate::process::{Process, coupling, what_knows_more};
use crate::save;
use crate::store::{Normalization, Store, Weights};
use crate::{Definition, ModelError, Result};
use std::collections::HashMap;
use std::path::Path as FsPath;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thalweg_engine::{Choice, CompileOptions, Program, ProgramCache, Tensor, random};
use thalweg_graph::{Builder, DType, Graph, Leaves, Var};
use thalweg_nn::{Context, Mode, RandomSource};
use thalweg_path::{Parameterization, StochasticInterpolant};

/// How many programs a model keeps.
const PROGRAMS: usize = 64;

/// What a model's networks tell of a state at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Quantity(Parameterization),
    /// The model's own energy.
    Energy,
}

/// What shapes the graph of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LossShape {
    /// Number of rows.
    pub rows: usize,
    /// Whether source samples are given.
    pub x0: bool,
    /// Whether rows have weights.
    pub weighted: bool,
    /// Whether data is normalised.
    pub normalized: bool,
    /// The number of candidates of a row, of an energy's loss.
    pub candidates: Option<Candidates<usize>>,
}

impl LossShape {
    fn of(rows: &Rows, normalized: bool) -> LossShape {
        LossShape {
            rows: crate::data::rows(&rows.x),
            x0: rows.x0.is_some(),
            weighted: rows.weight.is_some(),
            normalized,
            candidates: rows.candidates.as_ref().map(|c| c.map(|numbers| numbers.ty().shape[1])),
        }
    }
}

/// What all handles and jobs of a model share.
pub struct Inner {
    /// The model as a function.
    pub definition: Definition,
    /// Where its jobs run.
    device: Mutex<Choice>,
    store: Mutex<Option<Store>>,
    programs: ProgramCache,
    training: AtomicBool,
    /// Whether its owner let go of the model: a fit that is under way ends.
    abandoned: AtomicBool,
    /// Whether data is normalised; kept here too, so that tracing need not wait for a job that holds the store.
    normalized: AtomicBool,
    /// Whether starts are in the user's units; likewise.
    source_is_data: AtomicBool,
}

/// A diffusion model with parameters. Clones share everything.
#[derive(Clone)]
pub struct Model {
    inner: Arc<Inner>,
}

impl Model {
    /// Builds a model; parameters get values at the first job.
    ///
    /// # Errors
    /// A `ConfigError`; a `DeviceError` where the config's device is no device's name.
    pub fn new(config: ModelConfig, externals: &HashMap<String, ExternalModule>) -> Result<Model> {
        let definition = Definition::new(config, externals)?;
        let inner = Inner {
            device: Mutex::new(Choice::parse(&definition.common().device)?),
            definition,
            store: Mutex::new(None),
            programs: ProgramCache::new(PROGRAMS),
            training: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            normalized: AtomicBool::new(false),
            source_is_data: AtomicBool::new(false),
        };
        Ok(Model { inner: Arc::new(inner) })
    }

    /// What jobs share.
    pub fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The model as a function.
    pub fn definition(&self) -> &Definition {
        &self.inner.definition
    }

    /// Forwards that TypeScript must trace before a job on `rows` rows.
    pub fn needs(&self, mode: Mode, rows: usize) -> Vec<Need> {
        self.inner.definition.needs(mode, rows)
    }

    /// Marks the model as being trained.
    ///
    /// # Errors
    /// `TrainingError` if it is already.
    pub fn claim(&self) -> Result<()> {
        if self.inner.training.swap(true, Ordering::SeqCst) {
            return Err(ModelError::expected(
                "TrainingError",
                "the model is being trained already",
                "the first run to end, or run.stop()",
                "a second fit",
            ));
        }
        Ok(())
    }
}

impl Inner {
    /// The device that its jobs run on.
    pub fn device(&self) -> Choice {
        *self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has later jobs run on `device`. The values of parameters follow when such a job reads them.
    ///
    /// # Errors
    /// `TrainingError` while a fit is under way.
    pub fn move_to(&self, device: Choice) -> Result<()> {
        self.refuse_while_training("to")?;
        *self.device.lock().unwrap_or_else(PoisonError::into_inner) = device;
        Ok(())
    }

    /// The config, with the device as it is now.
    pub fn config(&self) -> ModelConfig {
        self.definition.config().clone().on(self.device())
    }

    /// Ends the claim of [`Model::claim`].
    pub fn release(&self) {
        self.training.store(false, Ordering::SeqCst);
    }

    /// Ends a fit that is under way after its current step.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }

    /// Whether [`Inner::abandon`] was called.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Whether a fit is under way.
    pub fn is_training(&self) -> bool {
        self.training.load(Ordering::SeqCst)
    }

    /// Calls `f` with the parameter values, which are made at the first call. Only jobs call this.
    pub fn with_store<T>(&self, f: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let mut slot = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match slot.take() {
            Some(store) => slot.insert(store),
            None => slot.insert(Store::new(self.definition.layout(), self.definition.common().seed)?),
        };
        let result = f(store);
        self.remember(store);
        result
    }

    /// Keeps what tracing asks for.
    fn remember(&self, store: &Store) {
        self.normalized.store(store.normalization.is_some(), Ordering::SeqCst);
        self.source_is_data.store(store.source_is_data, Ordering::SeqCst);
    }

    /// Whether starts are in the user's units, as far as the main thread knows.
    pub fn source_is_data(&self) -> bool {
        self.source_is_data.load(Ordering::SeqCst)
    }

    /// Replaces the parameter values.
    pub fn set_store(&self, store: Store) {
        self.remember(&store);
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
    }

    /// The program of `key`, built at most once while it is remembered.
    pub fn program(&self, key: String, build: impl FnOnce() -> Result<(Graph, CompileOptions)>) -> Result<Arc<Program>> {
        let mut failure = None;
        let made = self.programs.get_or_compile(key, || {
            build().map_err(|error| {
                failure = Some(error);
                thalweg_engine::EngineError::internal("the graph could not be built")
            })
        });
        made.map_err(|error| failure.unwrap_or_else(|| error.into()))
    }

    /// Per-sample losses `[N]` of rows in the user's units; `random` is (seed, counter). Rows with source samples are pairs as they stand.
    pub fn losses(
        &self,
        objective: &Objective,
        training: bool,
        rows: &Rows,
        weight: Option<&Graph>,
        random: (i64, i64),
        weights: Weights,
    ) -> Result<Tensor> {
        rows.check("")?;
        let normalized = self.with_store(|s| Ok(s.normalization.is_some()))?;
        let shape = LossShape::of(rows, normalized);
        let build = || {
            let b = Builder::new();
            let params = self.definition.layout().views(&b);
            let losses = self.trace_losses(&b, &params, objective, training, weight, shape);
            Ok((b.finish(&[losses])?, CompileOptions::default()))
        };
        let key = format!("losses {objective:?} {training} {shape:?}");
        let (program, names) = match weight {
            None => self.named_program(key, build)?,
            Some(_) => {
                let (graph, options) = build()?;
                (Arc::new(Program::compile(&graph, &options)?), bind::names(&graph))
            }
        };
        let mut bound = Bindings::new();
        bound.set_rows(rows);
        bound.set_i64("random.seed", random.0)?;
        bound.set_i64("random.counter", random.1)?;
        self.with_store(|store| {
            bound.set_store(store, weights);
            let mut out = bound.run(&program, &names, &[])?;
            Ok(out.swap_remove(0))
        })
    }

    /// Losses `[rows]` as graph values; declares the inputs `x`, `x0`, `condition`, `weight`, `energy`, `random.*` and, if data is normalised, `norm.*`.
    fn trace_losses<'g>(
        &self,
        b: &'g Builder,
        params: &[Var<'g>],
        objective: &Objective,
        training: bool,
        weight: Option<&Graph>,
        shape: LossShape,
    ) -> Var<'g> {
        let definition = &self.definition;
        let (seed, counter) = random_inputs(b);
        let ctx = Context { builder: b, params, mode: mode(training), random: Some(RandomSource::new(seed, counter)) };
        let state = |name: &str| normalize(b, &definition.state_leaves(b, name, shape.rows), shape.normalized);
        let rows = Rows {
            x: match shape.candidates.map(|c| *c.numbers()) {
                None => state("x"),
                Some(k) => normalize(
                    b,
                    &flat_candidates(&definition.input_leaves(b, "x", &of_candidates(definition.x(), k), shape.rows)),
                    shape.normalized,
                ),
            },
            x0: shape.x0.then(|| state("x0")),
            condition: definition.condition().map(|sizes| definition.input_leaves(b, "condition", sizes, shape.rows)),
            weight: shape.weighted.then(|| b.input("weight", definition.dtype(), &[shape.rows])),
            candidates: shape.candidates.map(|c| c.map(|&k| b.input("energy", definition.dtype(), &[shape.rows, k]))),
        };
        objective.per_sample(definition, &ctx, &rows, weight, Draw { seed, counter })
    }

    /// Parameters as inputs `param:<name>`, the convention of graphs that are traced in TypeScript.
    fn named_parameters<'g>(&self, b: &'g Builder) -> Vec<Var<'g>> {
        self.definition.layout().specs().iter().map(|s| b.input(&format!("param:{}", s.name), self.dtype(), &s.shape)).collect()
    }

    /// Losses `[rows]` as a graph to be inlined into a user's trace. Inputs: `param:<name>`, `x`, `x.<leaf>`, `x0` …, `condition` …, `weight`, `energy`,
    /// `random.seed`, `random.counter`, `norm.*`.
    ///
    /// # Errors
    /// What the network's ops refuse; a TypeScript forward that was not provided.
    pub fn loss_graph(&self, objective: &Objective, training: bool, shape: LossShape, weight: Option<&Graph>) -> Result<Graph> {
        let b = Builder::new();
        let params = self.named_parameters(&b);
        let losses = self.trace_losses(&b, &params, objective, training, weight, shape);
        Ok(b.finish(&[losses])?)
    }

    /// Whether data is normalised, as far as the main thread knows.
    pub fn is_normalized(&self) -> bool {
        self.normalized.load(Ordering::SeqCst)
    }

    /// One of the four functions as a graph to be inlined into a user's trace, with inputs as in [`Inner::loss_graph`] and `t`.
    ///
    /// # Errors
    /// As [`Inner::loss_graph`].
    pub fn call_graph(&self, which: Parameterization, rows: usize, training: bool) -> Result<Graph> {
        self.function_graph(Function::Quantity(which), rows, training)
    }

    /// One of the four functions of the model at `t [N]` and `x [N, …]`, in the model's (normalised) units.
    pub fn call(
        &self,
        which: Parameterization,
        t: &Tensor,
        x: &Leaves<Tensor>,
        condition: Option<&Leaves<Tensor>>,
        weights: Weights,
    ) -> Result<Vec<Tensor>> {
        self.evaluate(Function::Quantity(which), t, x, condition, weights)
    }

    /// Refuses the score of a flow whose source is known by samples; the definition, which knows nothing of them, refuses the others.
    fn check_score(&self, which: Function) -> Result<()> {
        let process = self.definition.process();
        let flow = matches!(process, Process::Interpolant(path) if path.as_gaussian().is_some());
        if which != Function::Quantity(Parameterization::Score) || !flow || !self.source_is_data() {
            return Ok(());
        }
        let expected = what_knows_more(process);
        Err(ModelError::expected("TraceError", "score: the model does not have it", expected, "a model fitted from x0 to x1"))
    }

    fn function_graph(&self, which: Function, rows: usize, training: bool) -> Result<Graph> {
        self.check_score(which)?;
        let b = Builder::new();
        let params = self.named_parameters(&b);
        let (seed, counter) = random_inputs(&b);
        let ctx = Context { builder: &b, params: &params, mode: mode(training), random: Some(RandomSource::new(seed, counter)) };
        Ok(b.finish(&self.trace_function(&b, &ctx, which, rows))?)
    }

    fn trace_function<'g>(&self, b: &'g Builder, ctx: &Context<'_, 'g>, which: Function, rows: usize) -> Vec<Var<'g>> {
        let t = b.input("t", self.definition.dtype(), &[rows]);
        let x = self.definition.state_leaves(b, "x", rows);
        let condition = self.definition.condition().map(|sizes| self.definition.input_leaves(b, "condition", sizes, rows));
        let at = At { t, x: &x, condition: condition.as_ref() };
        match which {
            Function::Quantity(which) => self.definition.function(ctx, which, &at).values().copied().collect(),
            Function::Energy => vec![self.definition.energy(ctx, &at)],
        }
    }

    fn evaluate(
        &self,
        which: Function,
        t: &Tensor,
        x: &Leaves<Tensor>,
        condition: Option<&Leaves<Tensor>>,
        weights: Weights,
    ) -> Result<Vec<Tensor>> {
        let rows = crate::data::rows(x);
        self.check_score(which)?;
        self.check_times(t, rows)?;
        let build = || {
            let b = Builder::new();
            let params = self.definition.layout().views(&b);
            let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
            Ok((b.finish(&self.trace_function(&b, &ctx, which, rows))?, CompileOptions::default()))
        };
        let (program, names) = self.named_program(format!("call {which:?} {rows}"), build)?;
        let mut bound = Bindings::new();
        bound.set("t", t.clone());
        bound.set_leaves("x", x);
        if let Some(c) = condition {
            bound.set_leaves("condition", c);
        }
        let outputs = self.with_store(|store| {
            bound.set_store(store, weights);
            bound.run(&program, &names, &[])
        })?;
        self.check_defined(which, t, x, &outputs)?;
        Ok(outputs)
    }

    /// Refuses values that are not finite where a quantity cannot be had from what the network predicts.
    fn check_defined(&self, which: Function, t: &Tensor, x: &Leaves<Tensor>, outputs: &[Tensor]) -> Result<()> {
        let Function::Quantity(wanted) = which else { return Ok(()) };
        let Some(range) = self.definition.range(wanted) else { return Ok(()) };
        let outside = t.to_f64_vec()?.into_iter().find(|t| !range.contains(*t));
        let Some(outside) = outside.filter(|_| crate::data::check_finite("x", x).is_ok()) else { return Ok(()) };
        for output in outputs {
            if output.to_f64_vec()?.iter().any(|v| !v.is_finite()) {
                let from = self.definition.predicted().name();
                let message = format!("t: {} cannot be had from a {from} there", wanted.name());
                return Err(ModelError::expected("DataError", message, format!("times in [{}, {}]", range.t_min, range.t_max), outside));
            }
        }
        Ok(())
    }

    fn check_times(&self, t: &Tensor, rows: usize) -> Result<()> {
        if t.ty().shape != [rows] || t.ty().dtype != self.definition.dtype() {
            return Err(ModelError::expected(
                "ShapeError",
                "t: wrong type",
                format!("{} [{rows}], one time per row", self.definition.dtype()),
                t.ty(),
            ));
        }
        let times = self.definition.process().times();
        if let Some(bad) = t.to_f64_vec()?.into_iter().find(|&t| !times.contains(t)) {
            let expected = format!("times from {} to {}", times.t_min, times.t_max);
            return Err(ModelError::expected("DataError", "t: not a time of the path", expected, bad));
        }
        Ok(())
    }

    /// A cached program and the names of its inputs.
    pub fn named_program(
        &self,
        key: String,
        build: impl FnOnce() -> Result<(Graph, CompileOptions)>,
    ) -> Result<(Arc<Program>, Vec<String>)> {
        let program = self.program(key, build)?;
        let names = program.inputs().iter().map(|(name, _)| name.clone()).collect();
        Ok((program, names))
    }

    /// Checks a condition against what the model was made for.
    ///
    /// # Errors
    /// `DataError` if one is missing or not wanted.
    pub fn check_condition(&self, tensors: &[Tensor]) -> Result<Option<Leaves<Tensor>>> {
        match (self.definition.condition(), tensors) {
            (None, []) => Ok(None),
            (None, _) => Err(ModelError::expected(
                "DataError",
                "condition: not wanted",
                "no condition (the config has no conditionSize)",
                format!("{} tensors", tensors.len()),
            )),
            (Some(_), []) => {
                Err(ModelError::expected("DataError", "condition: missing", "a condition of the config's conditionSize", "none"))
            }
            (Some(sizes), _) => {
                let condition = crate::data::check("condition", tensors, sizes, self.definition.dtype())?;
                if let Some(classes) = self.definition.classes() {
                    crate::data::check_labels("condition", &condition, classes)?;
                }
                Ok(Some(condition))
            }
        }
    }

    /// As [`Inner::check_condition`], for calls that can do without a condition where the model was trained to.
    ///
    /// # Errors
    /// As [`Inner::check_condition`].
    pub fn check_optional_condition(&self, tensors: &[Tensor]) -> Result<Option<Leaves<Tensor>>> {
        if tensors.is_empty() && self.definition.has_null_condition() { Ok(None) } else { self.check_condition(tensors) }
    }

    /// Checks rows of the state.
    ///
    /// # Errors
    /// `DataError`, `ShapeError`, `DTypeError`.
    pub fn check_x(&self, what: &str, tensors: &[Tensor]) -> Result<Leaves<Tensor>> {
        self.check_state(what, tensors, self.definition.x(), false)
    }

    /// As [`Inner::check_x`]; `data` cannot have the mask that other states of tokens may have.
    fn check_state(&self, what: &str, tensors: &[Tensor], sizes: &Leaves<Vec<usize>>, data: bool) -> Result<Leaves<Tensor>> {
        let leaves = crate::data::check(what, tensors, sizes, self.definition.state_dtype())?;
        self.definition.tokens().map_or(Ok(()), |tokens| tokens.check(what, &leaves, data))?;
        Ok(leaves)
    }

    /// Checks the groups `x`, `x0`, `condition`, `sampleWeight` and `energy` of a call; `place` is what their names begin with. With energies `[N, K]`
    /// the leaves of `x` are `[N, K, …]`.
    ///
    /// # Errors
    /// `DataError`, `ShapeError`, `DTypeError`.
    pub fn check_rows(&self, place: &str, groups: &Groups<Tensor>) -> Result<Rows> {
        let group = |name: &str| groups.get(&format!("{place}{name}"));
        let candidates = group("energy").first().map(|energy| self.check_energy(&format!("{place}energy"), energy)).transpose()?;
        let sizes = match &candidates {
            None => self.definition.x().clone(),
            Some(energy) => of_candidates(self.definition.x(), energy.ty().shape[1]),
        };
        let x = self.check_state(&format!("{place}x"), group("x"), &sizes, true)?;
        if let Some(other) = candidates.as_ref().map(|energy| energy.ty().shape[0]).filter(|n| *n != crate::data::rows(&x)) {
            return Err(ModelError::expected("ShapeError", format!("{place}energy: wrong number of rows"), crate::data::rows(&x), other));
        }
        let x0 = match group("x0") {
            [] => None,
            given => Some(self.check_x(&format!("{place}x0"), given)?),
        };
        let condition = self.check_condition(group("condition"))?;
        let rows = crate::data::rows(&x);
        if let Some(other) = condition.as_ref().map(crate::data::rows).filter(|n| *n != rows) {
            return Err(ModelError::expected("ShapeError", format!("{place}condition: wrong number of rows"), rows, other));
        }
        let weight = group("sampleWeight").first().cloned();
        if let Some(weight) = weight.as_ref().filter(|w| w.ty().shape != [rows] || w.ty().dtype != self.dtype()) {
            let expected = format!("{} [{rows}], one weight per row", self.dtype());
            return Err(ModelError::expected("ShapeError", format!("{place}sampleWeight: wrong type"), expected, weight.ty()));
        }
        Ok(Rows { x, x0, condition, weight, candidates: candidates.map(Candidates::Energies) })
    }

    /// Checks energies of candidates: `[N, K]`, K ≥ 2.
    fn check_energy(&self, what: &str, energy: &Tensor) -> Result<Tensor> {
        if energy.ty().dtype != self.dtype() {
            return Err(ModelError::expected("DTypeError", what, self.dtype(), energy.ty().dtype));
        }
        match energy.ty().shape[..] {
            [_, candidates] if candidates >= 2 => Ok(energy.clone()),
            _ => {
                let expected = "[N, K], the energies of K ≥ 2 candidates per row";
                Err(ModelError::expected("ShapeError", format!("{what}: wrong shape"), expected, format!("{:?}", energy.ty().shape)))
            }
        }
    }

    /// Refuses rows that are not what an objective compares; `given` says whether they carry energies.
    ///
    /// # Errors
    /// `DataError` where an energy's loss gets no energies, or another loss gets some.
    pub fn check_candidates(&self, objective: &Objective, given: bool) -> Result<()> {
        match (objective.kind == ObjectiveKind::EnergyMatching, given) {
            (true, false) => {
                Err(ModelError::expected("DataError", "energy: missing", "energies [N, K] of the candidates x [N, K, …]", "none"))
            }
            (false, true) => {
                Err(ModelError::expected("DataError", "energy: not wanted", "data alone, or the loss \"energy_matching\"", "energies"))
            }
            _ => Ok(()),
        }
    }

    /// The weights of candidates among all rows given, as an objective wants them.
    ///
    /// # Errors
    /// No memory.
    pub fn candidate_weights(&self, objective: &Objective, candidates: &Candidates<Tensor>) -> Result<Candidates<Tensor>> {
        let Candidates::Energies(energy) = candidates else { return Ok(candidates.clone()) };
        let b = Builder::new();
        let weights = objective.energy.unwrap_or_default().weights(b.input("energy", energy.ty().dtype, &energy.ty().shape));
        let graph = b.finish(&[weights])?;
        let mut out = Program::compile(&graph, &CompileOptions::default())?.run(vec![energy.clone()])?;
        Ok(Candidates::Weights(out.swap_remove(0)))
    }

    /// The model's own energy `[N]` at `t [N]` and `x [N, …]`, in the model's (normalised) units: up to a function of t and the condition, log E[exp(αE(x₀)) | x_t].
    ///
    /// # Errors
    /// `ConfigError` for a model that has none; as [`Inner::call`].
    pub fn energy(&self, t: &Tensor, x: &Leaves<Tensor>, condition: Option<&Leaves<Tensor>>, weights: Weights) -> Result<Tensor> {
        if !self.definition.has_energy() {
            let class = self.definition.config().class();
            return Err(ModelError::expected("ConfigError", "energy: the model has none", "an EnergyConditionalDiffusionModel", class));
        }
        Ok(self.evaluate(Function::Energy, t, x, condition, weights)?.swap_remove(0))
    }

    /// The model's own energy as a graph to be inlined into a user's trace, with inputs as in [`Inner::call_graph`]; output `[rows]`.
    ///
    /// # Errors
    /// As [`Inner::loss_graph`].
    pub fn energy_graph(&self, rows: usize, training: bool) -> Result<Graph> {
        self.function_graph(Function::Energy, rows, training)
    }

    /// Couples the groups `x0` and `x` (with their `condition`) by the model's coupling: rows of x0, and the rows of x that they meet.
    ///
    /// # Errors
    /// `ConfigError` for a model without sources; `ShapeError` where rows differ; those of the coupling.
    pub fn couple(&self, groups: &Groups<Tensor>, seed: i64) -> Result<[Tensor; 2]> {
        let Rows { x, x0, condition, .. } = self.check_rows("", groups)?;
        let (Some(x0), None) = (x0, self.definition.process().gaussian()) else {
            let expected = "a flow or a bridge, and samples x0 of its source";
            return Err(ModelError::expected("DataError", "couple", expected, self.definition.config().class()));
        };
        let (rows, sources) = (crate::data::rows(&x), crate::data::rows(&x0));
        if rows != sources {
            return Err(ModelError::expected("ShapeError", "couple: x0 and x1 differ in rows", rows, sources));
        }
        for (name, leaves) in [("x0", &x0), ("x1", &x)] {
            crate::data::check_finite(name, leaves)?;
        }
        let normalization = self.with_store(|store| Ok(store.normalization.clone()))?;
        let host = |leaves: &Leaves<Tensor>, scales: Option<&Normalization>| -> Result<(usize, Vec<f64>)> {
            crate::data::host_rows(leaves, scales).map(|(width, values)| (width, values.into_iter().map(f64::from).collect()))
        };
        let (width, data) = host(&x, normalization.as_ref())?;
        let (_, source) = host(&x0, normalization.as_ref())?;
        let condition = condition.map(|c| host(&c, None)).transpose()?.map(|(width, values)| (values, width));
        let pairs = crate::fit::pair(&coupling(self.definition.config()), &source, &data, width, condition, |count| {
            let mut uniforms = vec![0.0; count];
            random::uniform_f64(seed, random::stream_of("couple"), 0, 0, &mut uniforms);
            uniforms
        })?;
        let indices = |rows: Vec<usize>| Tensor::from_i64(rows.into_iter().map(|r| r as i64).collect(), &[sources]);
        Ok([indices(pairs.source)?, indices(pairs.data)?])
    }

    /// Writes a checkpoint folder.
    ///
    /// # Errors
    /// `CheckpointError`.
    pub fn save_now(&self, dir: &FsPath) -> Result<()> {
        self.with_store(|store| save::save(dir, &self.config(), &self.definition, store))
    }

    /// Reads a checkpoint folder; on an error nothing has changed.
    ///
    /// # Errors
    /// `CheckpointError`, or `TrainingError` while a fit is under way.
    pub fn load_now(&self, dir: &FsPath) -> Result<()> {
        self.refuse_while_training("load")?;
        let store = save::load(dir, &self.definition)?;
        self.set_store(store);
        Ok(())
    }

    /// Refuses to change parameters while a fit is under way.
    ///
    /// # Errors
    /// `TrainingError`.
    pub fn refuse_while_training(&self, what: &str) -> Result<()> {
        if self.is_training() {
            return Err(ModelError::expected(
                "TrainingError",
                format!("{what}: the model is being trained"),
                "the run to end first, or run.stop()",
                "a call while it trains",
            ));
        }
        Ok(())
    }

    /// All parameters as they are now, in declaration order.
    ///
    /// # Errors
    /// No memory.
    pub fn state_dict(&self, weights: Weights) -> Result<Vec<Tensor>> {
        let layout = self.definition.layout();
        self.with_store(|store| layout.unflatten(&store.flat(weights)))
    }

    /// Sets parameters by name. `strict`: every parameter must be given, and nothing else. Returns names that were missing or extra.
    ///
    /// # Errors
    /// `CheckpointError` listing what does not fit; nothing has changed then.
    pub fn load_state_dict(&self, named: &[(String, Tensor)], strict: bool) -> Result<(Vec<String>, Vec<String>)> {
        self.refuse_while_training("loadStateDict")?;
        let layout = self.definition.layout();
        let mut tensors = self.state_dict(Weights::Raw)?;
        let mut missing: Vec<String> = layout.specs().iter().map(|s| s.name.clone()).collect();
        let mut extra = Vec::new();
        for (name, tensor) in named {
            let Some(i) = layout.specs().iter().position(|s| s.name == *name) else {
                extra.push(name.clone());
                continue;
            };
            let spec = &layout.specs()[i];
            if tensor.ty().shape != spec.shape {
                return Err(ModelError::expected(
                    "CheckpointError",
                    format!("{name}: wrong shape"),
                    format!("{:?}", spec.shape),
                    format!("{:?}", tensor.ty().shape),
                ));
            }
            tensors[i] = crate::data::tensor_of(tensor.to_f64_vec()?, &spec.shape, layout.dtype())?;
            missing.retain(|m| m != name);
        }
        if strict && !(missing.is_empty() && extra.is_empty()) {
            return Err(ModelError::expected(
                "CheckpointError",
                "parameters do not match",
                "exactly the model's parameters",
                format!("missing {missing:?}, extra {extra:?}"),
            ));
        }
        let flat = layout.flat(&tensors)?;
        self.with_store(|store| {
            store.parameters = flat;
            store.ema = None;
            store.posthoc = None;
            store.optimizer.clear();
            store.version += 1;
            Ok(())
        })?;
        Ok((missing, extra))
    }

    /// Element type of the model.
    pub fn dtype(&self) -> DType {
        self.definition.dtype()
    }
}

impl Inner {
    /// Loads a `.pt` or `.safetensors` file of GenerativeRL or PyTorch by parameter name; leading `model.` are ignored. Returns names that were missing or extra.
    ///
    /// # Errors
    /// `CheckpointError`; nothing has changed then.
    pub fn import_weights(&self, file: &FsPath, strict: bool) -> Result<(Vec<String>, Vec<String>)> {
        let specs = self.definition.layout().specs();
        let ours = |name: &str| {
            let mut rest = name;
            while !specs.iter().any(|s| s.name == rest) {
                match rest.strip_prefix("model.") {
                    Some(shorter) => rest = shorter,
                    None => return name.to_string(),
                }
            }
            rest.to_string()
        };
        let tensors = save::read_weights(file)?;
        let named: Result<Vec<(String, Tensor)>> = tensors.iter().map(|t| Ok((ours(&t.name), save::tensor(t, self.dtype())?))).collect();
        self.load_state_dict(&named?, strict).map_err(|mut e| {
            e.message = format!("{}: {}. Nothing was loaded.", file.display(), e.message);
            e
        })
    }
}

/// The shapes of rows of K candidates.
pub(crate) fn of_candidates(sizes: &Leaves<Vec<usize>>, candidates: usize) -> Leaves<Vec<usize>> {
    sizes.map(|shape| [&[candidates], &shape[..]].concat())
}

/// `[B, K, …]` as `[B·K, …]`.
pub(crate) fn flat_candidates<'g>(x: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
    x.map(|x| {
        let shape = x.shape();
        x.reshape(&[&[shape[0] * shape[1]], &shape[2..]].concat())
    })
}
