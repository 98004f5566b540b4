//! The programs of a sampler: slope, trial step, step, dense output, and the way back to the user's units.
//! Adapts a model to the solver crate, which decides what comes next and never sees the state. Times here are path times.

use crate::bind::{Bindings, denormalize, normalize};
use crate::model::Inner;
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_engine::{CompileOptions, Tensor};
use thalweg_graph::{Builder, DType, Graph, Leaves, Var};
use thalweg_nn::{Context, Mode};
use thalweg_path::{Diffusion as Spread, Parameterization, reverse_sde_drift};
use thalweg_solver::{Driver, SolverConfig, Tableau, dense, error_norm, euler_maruyama_step, step};

/// The state of one chunk between two actions.
pub struct State {
    x: Leaves<Tensor>,
    /// Slope at the present state, for methods that reuse it.
    slope: Option<Vec<Tensor>>,
    /// The step that awaits its verdict.
    proposed: Option<Proposed>,
    /// The step accepted last: state before it, its slopes and its length.
    last: Option<(Leaves<Tensor>, Vec<Tensor>, f64)>,
}

struct Proposed {
    x: Leaves<Tensor>,
    slopes: Vec<Tensor>,
    h: f64,
}

impl State {
    /// The first state.
    pub fn new(x: Leaves<Tensor>) -> State {
        State { x, slope: None, proposed: None, last: None }
    }

    /// The present state.
    pub fn x(&self) -> &Leaves<Tensor> {
        &self.x
    }

    /// Goes to the proposed state.
    pub fn accept(&mut self) {
        if let Some(p) = self.proposed.take() {
            let leaves = self.x.len();
            if p.slopes.len() >= leaves {
                self.slope = Some(p.slopes[p.slopes.len() - leaves..].to_vec());
            }
            let before = std::mem::replace(&mut self.x, p.x);
            self.last = Some((before, p.slopes, p.h));
        }
    }
}

/// A model, a solver and a diffusion.
pub struct Dynamics {
    inner: Arc<Inner>,
    solver: SolverConfig,
    spread: Spread,
    normalized: bool,
}

impl Dynamics {
    /// The dynamics that `solver` integrates.
    pub fn new(inner: Arc<Inner>, solver: SolverConfig, spread: Spread, normalized: bool) -> Dynamics {
        Dynamics { inner, solver, spread, normalized }
    }

    /// Whether steps want noise.
    pub fn is_stochastic(&self) -> bool {
        matches!(self.solver, SolverConfig::Sde(_))
    }

    /// A driver over these path times.
    pub fn driver(&self, times: &[f64]) -> Result<Driver> {
        Ok(match &self.solver {
            SolverConfig::Ode(solver) => solver.driver(times)?,
            SolverConfig::Sde(solver) => solver.driver(times)?,
        })
    }

    fn tableau(&self) -> Result<&'static Tableau> {
        match &self.solver {
            SolverConfig::Ode(solver) => Ok(solver.method.tableau()),
            SolverConfig::Sde(_) => Err(ModelError::new("InternalError", "an SDE has no tableau")),
        }
    }

    /// Data in the model's units.
    pub fn normalized(&self, x: &Leaves<Tensor>, bound: &Bindings) -> Result<Leaves<Tensor>> {
        let mut bound = bound.clone();
        bound.set_leaves("x", x);
        let out = self.run("normalize", x, &mut bound, |b, x| Ok(normalize(b, &x.x, self.normalized).values().copied().collect()))?;
        Ok(named(x, out))
    }

    /// The state `theta` of the way through the last step, in the user's units unless it is noise.
    pub fn emit(&self, state: &State, theta: f64, bound: &mut Bindings) -> Result<Vec<Tensor>> {
        bound.set_leaves("x", &state.x);
        match (&state.last, theta < 1.0) {
            (Some((before, slopes, h)), true) => {
                bound.set_leaves("before", before);
                self.set_slopes(bound, slopes);
                self.set_scalar(bound, "theta", theta)?;
                self.set_scalar(bound, "h", *h)?;
                let stages = slopes.len() / state.x.len();
                self.run("dense", &state.x, bound, |b, i| {
                    let x1: Vec<Var> = i.x.values().copied().collect();
                    let x0: Vec<Var> = i.leaves("before").values().copied().collect();
                    let slopes = i.slopes(stages);
                    let x = dense(self.tableau()?, i.scalar("theta"), i.scalar("h"), &x0, &x1, &slopes);
                    Ok(denormalize(b, &named(&i.x, x), self.normalized).values().copied().collect())
                })
            }
            _ => self.run("finish", &state.x, bound, |b, i| Ok(denormalize(b, &i.x, self.normalized).values().copied().collect())),
        }
    }

    /// Evaluates and keeps the slope; norms of state and slope.
    pub fn slope(&self, state: &mut State, t: f64, bound: &mut Bindings) -> Result<(f64, f64)> {
        bound.set_leaves("x", &state.x);
        self.set_scalar(bound, "t", t)?;
        let mut out = self.run("slope", &state.x, bound, |b, i| {
            let x: Vec<Var> = i.x.values().copied().collect();
            let slope = self.velocity(b, i, i.scalar("t"), &x);
            let norms = [self.norm(i, &x, &x), self.norm(i, &slope, &x)];
            Ok(slope.into_iter().chain(norms).collect())
        })?;
        let slope_norm = self.number(out.pop())?;
        let state_norm = self.number(out.pop())?;
        state.slope = Some(out);
        Ok((state_norm, slope_norm))
    }

    /// Norm of the change of slope over a trial step.
    pub fn probe(&self, state: &State, t: f64, h: f64, bound: &mut Bindings) -> Result<f64> {
        bound.set_leaves("x", &state.x);
        self.set_slopes(bound, state.slope.as_deref().unwrap_or(&[]));
        self.set_scalar(bound, "t", t)?;
        self.set_scalar(bound, "h", h)?;
        let mut out = self.run("probe", &state.x, bound, |b, i| {
            let x: Vec<Var> = i.x.values().copied().collect();
            let slope = &i.slopes(1)[0];
            let h = i.scalar("h");
            let moved: Vec<Var> = x.iter().zip(slope).map(|(x, k)| *x + h * *k).collect();
            let other = self.velocity(b, i, i.scalar("t") + h, &moved);
            let change: Vec<Var> = other.iter().zip(slope).map(|(a, k)| *a - *k).collect();
            Ok(vec![self.norm(i, &change, &x)])
        })?;
        self.number(out.pop())
    }

    /// Proposes a step; its error in units of what is tolerated (0 for fixed steps, NaN if the state is not finite).
    pub fn step(&self, state: &mut State, t: f64, h: f64, noise: Option<Leaves<Tensor>>, bound: &mut Bindings) -> Result<f64> {
        bound.set_leaves("x", &state.x);
        self.set_scalar(bound, "t", t)?;
        self.set_scalar(bound, "h", h)?;
        let leaves = state.x.len();
        let mut out = match noise {
            Some(noise) => {
                bound.set_leaves("noise", &noise);
                self.run("sde", &state.x, bound, |b, i| self.sde_step(b, i))?
            }
            None => {
                self.set_slopes(bound, state.slope.as_deref().unwrap_or(&[]));
                let fsal = self.tableau()?.fsal;
                self.run("step", &state.x, bound, |b, i| self.ode_step(b, i, fsal))?
            }
        };
        let slopes = out.split_off(leaves + 1);
        let error = self.number(out.pop())?;
        state.proposed = Some(Proposed { x: named(&state.x, out), slopes, h });
        Ok(error)
    }

    fn ode_step<'g>(&self, b: &'g Builder, i: &Inputs<'_, 'g>, fsal: bool) -> Result<Vec<Var<'g>>> {
        let x: Vec<Var> = i.x.values().copied().collect();
        let first = fsal.then(|| i.slopes(1).swap_remove(0));
        let mut f = |t: Var<'g>, x: &[Var<'g>]| self.velocity(b, i, t, x);
        let result = step(self.tableau()?, &mut f, i.scalar("t"), i.scalar("h"), &x, first);
        let error = match (&result.error, self.is_adaptive()) {
            (Some(error), true) => self.norm_between(i, error, &x, &result.x),
            _ => finite_or_nan(&result.x),
        };
        let slopes: Vec<Var> = if fsal || self.is_adaptive() { result.slopes.concat() } else { Vec::new() };
        Ok(result.x.into_iter().chain([error]).chain(slopes).collect())
    }

    fn sde_step<'g>(&self, b: &'g Builder, i: &Inputs<'_, 'g>) -> Result<Vec<Var<'g>>> {
        let x: Vec<Var> = i.x.values().copied().collect();
        let noise: Vec<Var> = i.leaves("noise").values().copied().collect();
        let path = self.inner.diffusion.path();
        // The sampler's time runs against the path's: h is negative here.
        let (t, length) = (i.scalar("t"), -i.scalar("h"));
        let spread = self.spread.h(path, t);
        let mut drift = |t: Var<'g>, x: &[Var<'g>]| {
            let leaves = named(&i.x, x.to_vec());
            let velocity = self.function(b, i, Parameterization::Velocity, t, &leaves);
            let score = self.function(b, i, Parameterization::Score, t, &leaves);
            velocity.iter().zip(&score).map(|(v, s)| reverse_sde_drift(*v, *s, spread.broadcast_to(&v.shape()))).collect()
        };
        let moved = euler_maruyama_step(&mut drift, spread, t, length, &x, &noise);
        let error = finite_or_nan(&moved);
        Ok(moved.into_iter().chain([error]).collect())
    }

    fn is_adaptive(&self) -> bool {
        matches!(&self.solver, SolverConfig::Ode(solver) if solver.fixed_steps().is_none())
    }

    fn velocity<'g>(&self, b: &'g Builder, i: &Inputs<'_, 'g>, t: Var<'g>, x: &[Var<'g>]) -> Vec<Var<'g>> {
        self.function(b, i, Parameterization::Velocity, t, &named(&i.x, x.to_vec()))
    }

    fn function<'g>(&self, b: &'g Builder, i: &Inputs<'_, 'g>, which: Parameterization, t: Var<'g>, x: &Leaves<Var<'g>>) -> Vec<Var<'g>> {
        let ctx = Context { builder: b, params: &i.params, mode: Mode::Sample, random: None };
        let rows = t.broadcast_to(&[i.rows]);
        self.inner.diffusion.function(&ctx, which, rows, x, i.condition.as_ref()).values().copied().collect()
    }

    fn norm<'g>(&self, i: &Inputs<'_, 'g>, v: &[Var<'g>], x: &[Var<'g>]) -> Var<'g> {
        self.norm_between(i, v, x, x)
    }

    fn norm_between<'g>(&self, i: &Inputs<'_, 'g>, v: &[Var<'g>], x0: &[Var<'g>], x1: &[Var<'g>]) -> Var<'g> {
        let tolerance = match &self.solver {
            SolverConfig::Ode(solver) => solver.tolerance(),
            SolverConfig::Sde(_) => thalweg_solver::OdeSolver::default().tolerance(),
        };
        let keep = i.builder.input("rows", DType::Bool, &[i.rows]);
        error_norm(v, x0, x1, tolerance, Some(keep))
    }

    /// Runs the program `name` for states like `x`; `body` builds it.
    fn run(
        &self,
        name: &str,
        x: &Leaves<Tensor>,
        bound: &mut Bindings,
        body: impl for<'g> Fn(&'g Builder, &Inputs<'_, 'g>) -> Result<Vec<Var<'g>>>,
    ) -> Result<Vec<Tensor>> {
        let rows = crate::data::rows(x);
        let key = format!("{name} {rows} {:?} {:?} {}", self.solver, self.spread, self.normalized);
        let build = || -> Result<(Graph, CompileOptions)> {
            let b = Builder::new();
            let inputs = Inputs::new(&b, &self.inner, rows);
            let out = body(&b, &inputs)?;
            Ok((b.finish(&out)?, CompileOptions::default()))
        };
        let (program, names) = self.inner.named_program(key, build)?;
        bound.run(&program, &names, &[])
    }

    fn set_scalar(&self, bound: &mut Bindings, name: &str, value: f64) -> Result<()> {
        bound.set(name, crate::data::tensor_of(vec![value], &[], self.inner.dtype())?);
        Ok(())
    }

    fn set_slopes(&self, bound: &mut Bindings, slopes: &[Tensor]) {
        for (k, slope) in slopes.iter().enumerate() {
            bound.set(format!("slope.{k}"), slope.clone());
        }
    }

    fn number(&self, tensor: Option<Tensor>) -> Result<f64> {
        let tensor = tensor.ok_or_else(|| ModelError::new("InternalError", "a solver program returned too little"))?;
        Ok(tensor.to_f64_vec()?[0])
    }
}

/// The inputs that solver programs share.
struct Inputs<'a, 'g> {
    builder: &'g Builder,
    inner: &'a Inner,
    params: Vec<Var<'g>>,
    x: Leaves<Var<'g>>,
    condition: Option<Leaves<Var<'g>>>,
    rows: usize,
}

impl<'a, 'g> Inputs<'a, 'g> {
    fn new(b: &'g Builder, inner: &'a Inner, rows: usize) -> Inputs<'a, 'g> {
        let diffusion = &inner.diffusion;
        Inputs {
            builder: b,
            inner,
            params: diffusion.layout().views(b),
            x: diffusion.input_leaves(b, "x", diffusion.x(), rows),
            condition: diffusion.condition().map(|sizes| diffusion.input_leaves(b, "condition", sizes, rows)),
            rows,
        }
    }

    fn scalar(&self, name: &str) -> Var<'g> {
        self.builder.input(name, self.inner.dtype(), &[])
    }

    fn leaves(&self, prefix: &str) -> Leaves<Var<'g>> {
        self.inner.diffusion.input_leaves(self.builder, prefix, self.inner.diffusion.x(), self.rows)
    }

    /// Slopes of `stages` stages, per leaf.
    fn slopes(&self, stages: usize) -> Vec<Vec<Var<'g>>> {
        let leaves = self.x.len();
        let one = |k: usize, x: &Var<'g>| self.builder.input(&format!("slope.{k}"), x.dtype(), &x.shape());
        (0..stages).map(|s| self.x.values().enumerate().map(|(l, x)| one(s * leaves + l, x)).collect()).collect()
    }
}

/// 0 if all elements are finite, else NaN.
fn finite_or_nan<'g>(x: &[Var<'g>]) -> Var<'g> {
    let zero = |x: &Var<'g>| (*x * 0.0).sum_all();
    x[1..].iter().fold(zero(&x[0]), |sum, x| sum + zero(x))
}

/// `values` under the names of `like`.
fn named<T, U>(like: &Leaves<T>, values: Vec<U>) -> Leaves<U> {
    Leaves::new(like.iter().map(|(name, _)| name.to_string()).zip(values).collect())
}
