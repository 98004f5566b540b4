//! The programs of a sampler: evaluations, steps, dense output, and the way to the model's units and back.
//! The solver crate decides what comes next, as coefficients; one program serves all steps of one structure. Times here are the process's.

use super::field::{Field, Inputs};
use super::fixed::{Fixed, Moment, keep};
use super::resample::Jump;
use crate::bind::{Bindings, denormalize, normalize};
use crate::definition::leaf_name;
use crate::{ModelError, Result};
use thalweg_engine::{CompileOptions, Tensor};
use thalweg_graph::{Builder, Graph, Leaves, Var};
use thalweg_solver::{Output, Query, SolverConfig, Step, StepResult, Structure, error_norm, interpret};

/// The state of one chunk between two actions. Leaves: those of the model's state, and what accumulates beside it.
pub struct State {
    x: Vec<Tensor>,
    /// Evaluations that the next step may use, oldest first.
    history: Vec<Vec<Tensor>>,
    /// The step that awaits its verdict.
    proposed: Option<Proposed>,
    /// State before the step accepted last, and all its evaluations.
    last: Option<(Vec<Tensor>, Vec<Vec<Tensor>>)>,
}

struct Proposed {
    x: Vec<Tensor>,
    evaluations: Vec<Vec<Tensor>>,
    keep: Vec<usize>,
}

impl State {
    /// The first state.
    pub fn new(x: Vec<Tensor>) -> State {
        State { x, history: Vec::new(), proposed: None, last: None }
    }

    /// The present state.
    pub fn x(&self) -> &[Tensor] {
        &self.x
    }

    /// Goes to the proposed state.
    pub fn accept(&mut self) {
        if let Some(Proposed { x, evaluations, keep }) = self.proposed.take() {
            self.history = keep.iter().filter_map(|&k| evaluations.get(k).cloned()).collect();
            self.last = Some((std::mem::replace(&mut self.x, x), evaluations));
        }
    }

    /// Replaces the present state by another, from which sampling goes on.
    pub fn replace(&mut self, x: Vec<Tensor>) {
        self.x = x;
    }
}

/// A field and a solver.
pub struct Dynamics {
    field: Field,
    solver: SolverConfig,
    key: String,
}

type Values<'g> = Result<Vec<Var<'g>>>;

impl Dynamics {
    /// The dynamics that `solver` integrates.
    pub fn new(field: Field, solver: SolverConfig) -> Dynamics {
        let key = format!("{} {:?}", field.key(), solver.tolerance());
        Dynamics { field, solver, key }
    }

    /// The field.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// The solver.
    pub fn solver(&self) -> &SolverConfig {
        &self.solver
    }

    /// States of the user's in the model's units.
    pub fn normalized(&self, x: &[Tensor], bound: &Bindings) -> Result<Vec<Tensor>> {
        let mut bound = bound.clone();
        self.set(&mut bound, "x", x);
        self.run("normalize", x, &mut bound, |b, i| Ok(values(&normalize(b, &i.state("x"), self.field.normalized))))
    }

    /// The state at an output, in the user's units; the accumulated leaf is left out.
    pub fn emit(&self, state: &State, output: &Output, moment: Moment, bound: &mut Bindings) -> Result<Vec<Tensor>> {
        let at_data = moment == Moment::Data;
        if let Moment::At(t) = moment {
            bound.set("t", self.number_tensor(t)?);
        }
        match (output, &state.last) {
            (Output::Dense(step), Some((before, evaluations))) => {
                self.set(bound, "x", before);
                self.set_history(bound, evaluations);
                self.set_numbers(bound, step)?;
                self.run(&format!("dense {at_data} {:?}", step.structure), before, bound, |b, i| {
                    let x = self.named(&self.step_graph(i, &step.structure).x);
                    Ok(values(&self.finished(b, i, &x, at_data)))
                })
            }
            _ => {
                self.set(bound, "x", &state.x);
                self.run(&format!("finish {at_data}"), &state.x, bound, |b, i| Ok(values(&self.finished(b, i, &i.state("x"), at_data))))
            }
        }
    }

    /// A state in the user's units. Known coordinates are at their place at the time `t`, or what they were given as.
    fn finished<'g>(&self, b: &'g Builder, i: &Inputs<'_, 'g>, x: &Leaves<Var<'g>>, at_data: bool) -> Leaves<Var<'g>> {
        match (self.field.fixed, at_data) {
            (false, _) => denormalize(b, x, self.field.normalized),
            (true, false) => denormalize(b, &Fixed::of(i).place(i.scalar("t"), x), self.field.normalized),
            (true, true) => keep(&i.state("fixed.mask"), &denormalize(b, x, self.field.normalized), &i.state("fixed.given")),
        }
    }

    /// Noises the present state: scale·x + std·ε.
    pub fn back(&self, state: &mut State, jump: &Jump, noise: &[Tensor], bound: &mut Bindings) -> Result<()> {
        self.set(bound, "x", &state.x);
        self.set(bound, "noise.0", noise);
        for (name, value) in [("scale", jump.scale), ("std", jump.std)] {
            bound.set(name, self.number_tensor(value)?);
        }
        let x = self.run("back", &state.x, bound, |_, i| {
            let (scale, std) = (i.scalar("scale"), i.scalar("std"));
            Ok(values(&i.state("x").zip(&i.state("noise.0"), |x, e| *x * scale + *e * std)))
        })?;
        state.replace(x);
        Ok(())
    }

    /// log density of each row: that of the prior in the state `at_prior`, and what has accumulated in `state`, taken `sign` times.
    pub fn log_density(&self, at_prior: &[Tensor], state: &State, sign: f64, bound: &mut Bindings) -> Result<Tensor> {
        self.set(bound, "prior", at_prior);
        self.set(bound, "x", &state.x);
        let mut out = self.run(&format!("density {sign}"), &state.x, bound, |b, i| {
            let accumulated = i.integrated("x").pop().ok_or_else(|| ModelError::new("InternalError", "nothing accumulated"))?;
            let prior = self.field.log_prior(b, &values(&i.state("prior")));
            Ok(vec![prior + accumulated * sign - self.field.log_scale(b)])
        })?;
        Ok(out.swap_remove(0))
    }

    /// Evaluates the query in the present state, which becomes the newest history; norms of state and value.
    pub fn evaluate(&self, state: &mut State, query: &Query, bound: &mut Bindings) -> Result<(f64, f64)> {
        self.set(bound, "x", &state.x);
        for (name, value) in [("t", query.t), ("score", query.score)] {
            bound.set(name, self.number_tensor(value)?);
        }
        let quantity = query.quantity;
        let mut out = self.run(&format!("evaluate {quantity:?}"), &state.x, bound, |_, i| {
            let x = i.integrated("x");
            let query = Query { quantity, t: i.scalar("t"), score: i.scalar("score") };
            let value = self.field.evaluate(i, &query, &x);
            let norms = [self.norm(i, &x, &x, &x), self.norm(i, &value, &x, &x)];
            Ok(value.into_iter().chain(norms).collect())
        })?;
        let value_norm = number(out.pop())?;
        let state_norm = number(out.pop())?;
        state.history = vec![out];
        Ok((state_norm, value_norm))
    }

    /// Norm of what a trial step gives.
    pub fn probe(&self, state: &State, step: &Step, bound: &mut Bindings) -> Result<f64> {
        self.set(bound, "x", &state.x);
        self.set_history(bound, &state.history);
        self.set_numbers(bound, step)?;
        let mut out = self.run(&format!("probe {:?}", step.structure), &state.x, bound, |_, i| {
            let change = self.step_graph(i, &step.structure).x;
            let x = i.integrated("x");
            Ok(vec![self.norm(i, &change, &x, &x)])
        })?;
        number(out.pop())
    }

    /// Proposes a step; its errors in units of what is tolerated (without an estimate one number: 0, or NaN if the state is not finite).
    pub fn step(&self, state: &mut State, step: &Step, noise: &[Vec<Tensor>], bound: &mut Bindings) -> Result<Vec<f64>> {
        let structure = &step.structure;
        // Slots that are not filled yet have coefficient 0.
        let missing = self.zeros(&state.x, structure.history.saturating_sub(state.history.len()))?;
        state.history.splice(0..0, missing);
        self.set(bound, "x", &state.x);
        self.set_history(bound, &state.history);
        for (k, draw) in noise.iter().enumerate() {
            self.set(bound, &format!("noise.{k}"), draw);
        }
        self.set_numbers(bound, step)?;
        let returned = structure.errors > 0 || !structure.keep.is_empty();
        let leaves = state.x.len();
        let mut out = self.run(&format!("step {structure:?}"), &state.x, bound, |_, i| {
            let result = self.step_graph(i, structure);
            let x = i.integrated("x");
            let mut errors: Vec<Var> = result.errors.iter().map(|error| self.norm(i, error, &x, &result.x)).collect();
            if errors.is_empty() {
                errors.push(finite_or_nan(&result.x));
            }
            let fresh = result.evaluations.into_iter().skip(structure.history).flatten().filter(|_| returned);
            Ok(result.x.into_iter().chain(errors).chain(fresh).collect())
        })?;
        let fresh = out.split_off(leaves + structure.errors.max(1));
        let errors = out.split_off(leaves).into_iter().map(|e| number(Some(e))).collect::<Result<_>>()?;
        let evaluations = state.history.iter().cloned().chain(fresh.chunks_exact(leaves).map(<[Tensor]>::to_vec)).collect();
        state.proposed = Some(Proposed { x: out, evaluations, keep: structure.keep.clone() });
        Ok(errors)
    }

    /// A step as graph values, from the inputs `x`, `history.…`, `noise.…` and `numbers`.
    fn step_graph<'g>(&self, i: &Inputs<'_, 'g>, structure: &Structure) -> StepResult<Var<'g>> {
        let draws = |prefix: &str, count: usize| (0..count).map(|k| i.integrated(&format!("{prefix}.{k}"))).collect::<Vec<_>>();
        let numbers = i.builder.input("numbers", self.field.inner.dtype(), &[structure.len()]);
        self.interpreted(i, structure, numbers, &i.integrated("x"), &draws("history", structure.history), &draws("noise", structure.noises))
    }

    /// A step whose coefficients are the vector `numbers`.
    pub fn interpreted<'g>(
        &self,
        i: &Inputs<'_, 'g>,
        structure: &Structure,
        numbers: Var<'g>,
        x: &[Var<'g>],
        history: &[Vec<Var<'g>>],
        noise: &[Vec<Var<'g>>],
    ) -> StepResult<Var<'g>> {
        let flat: Vec<Var<'g>> = (0..structure.len()).map(|k| numbers.narrow(0, k, 1).reshape(&[])).collect();
        let step = Step::from_flat(structure, &flat);
        interpret(&step, &mut |query, x| self.field.evaluate(i, query, x), x, history, noise)
    }

    /// The leaves of the state among those that are integrated.
    fn named<'g>(&self, x: &[Var<'g>]) -> Leaves<Var<'g>> {
        let names = self.field.definition().x().iter().map(|(name, _)| name.to_string());
        Leaves::new(names.zip(x.iter().copied()).collect())
    }

    fn norm<'g>(&self, i: &Inputs<'_, 'g>, v: &[Var<'g>], x0: &[Var<'g>], x1: &[Var<'g>]) -> Var<'g> {
        error_norm(v, x0, x1, self.solver.tolerance(), Some(self.field.counted(i)))
    }

    /// Runs the program `name` for as many rows as `x` has; `body` builds it.
    fn run(
        &self,
        name: &str,
        x: &[Tensor],
        bound: &mut Bindings,
        body: impl for<'g> Fn(&'g Builder, &Inputs<'_, 'g>) -> Values<'g>,
    ) -> Result<Vec<Tensor>> {
        let rows = x[0].ty().shape[0];
        let key = format!("{name} {rows} {}", self.key);
        let build = || -> Result<(Graph, CompileOptions)> {
            let b = Builder::new();
            let inputs = Inputs::new(&b, &self.field, rows);
            let out = body(&b, &inputs)?;
            Ok((b.finish(&out)?, CompileOptions::default()))
        };
        let (program, names) = self.field.inner.named_program(key, build)?;
        bound.run(&program, &names, &[])
    }

    fn number_tensor(&self, value: f64) -> Result<Tensor> {
        crate::data::tensor_of(vec![value], &[], self.field.inner.dtype())
    }

    /// Binds tensors to the names that [`Inputs::integrated`] declares.
    fn set(&self, bound: &mut Bindings, prefix: &str, tensors: &[Tensor]) {
        let names = self.field.definition().x().iter().map(|(name, _)| leaf_name(prefix, name));
        let all = names.chain([format!("{prefix}.{}", super::field::ACCUMULATED)]);
        for (name, tensor) in all.zip(tensors) {
            bound.set(name, tensor.clone());
        }
    }

    fn set_history(&self, bound: &mut Bindings, history: &[Vec<Tensor>]) {
        for (k, value) in history.iter().enumerate() {
            self.set(bound, &format!("history.{k}"), value);
        }
    }

    fn set_numbers(&self, bound: &mut Bindings, step: &Step) -> Result<()> {
        let flat = step.flat();
        let shape = [flat.len()];
        bound.set("numbers", crate::data::tensor_of(flat, &shape, self.field.inner.dtype())?);
        Ok(())
    }

    /// `count` evaluations that are zero.
    fn zeros(&self, like: &[Tensor], count: usize) -> Result<Vec<Vec<Tensor>>> {
        let one = || like.iter().map(|t| Ok(Tensor::zeros(t.ty().clone())?)).collect::<Result<Vec<Tensor>>>();
        (0..count).map(|_| one()).collect()
    }
}

/// Values of leaves.
fn values<'g>(leaves: &Leaves<Var<'g>>) -> Vec<Var<'g>> {
    leaves.values().copied().collect()
}

fn number(tensor: Option<Tensor>) -> Result<f64> {
    let tensor = tensor.ok_or_else(|| ModelError::new("InternalError", "a solver program returned too little"))?;
    Ok(tensor.to_f64_vec()?[0])
}

/// 0 if all elements are finite, else NaN.
fn finite_or_nan<'g>(x: &[Var<'g>]) -> Var<'g> {
    let zero = |x: &Var<'g>| (*x * 0.0).sum_all();
    x[1..].iter().fold(zero(&x[0]), |sum, x| sum + zero(x))
}
