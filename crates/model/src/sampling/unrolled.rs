//! A sampler as one graph: all its steps as scans over their coefficients, to be differentiated like any other graph.
//! Discretise, then optimise: the derivative is that of the steps themselves, and a scan's reverse keeps √n states (see graph's `scan`).

use super::dynamics::Dynamics;
use super::field::{ACCUMULATED, Field, Inputs};
use super::job::{Ask, stream};
use super::setup::{Given, Guides, Setup, plan_of};
use crate::bind::{denormalize, normalize, random_inputs};
use crate::definition::leaf_name;
use crate::model::Inner;
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_engine::random::stream_of;
use thalweg_graph::ops::Distribution;
use thalweg_graph::{Builder, DType, Graph, Leaves, Literal, Type, Var};
use thalweg_solver::{Query, Run, Structure};

/// Most steps of a graph, which is laid out while JavaScript waits.
const MOST: usize = 10_000;

/// A sampler that is unrolled.
pub struct Unrolled {
    /// What is integrated, how, and when.
    pub setup: Setup,
    /// Rows.
    pub rows: usize,
    /// Whether x0 is in the user's units.
    pub starts_are_data: bool,
    /// Whether states at all times are returned, or the last only.
    pub trajectory: bool,
    /// From data to noise.
    pub forward: bool,
    /// Whether the state is returned, or the density alone.
    pub states: bool,
}

impl Unrolled {
    /// What `ask` comes to for so many rows of starts or data, as far as the main thread knows the model.
    ///
    /// # Errors
    /// As [`Setup::of`].
    pub fn of(inner: &Arc<Inner>, ask: &Ask, rows: usize, conditioned: bool, energy: Vec<(usize, Arc<Graph>)>) -> Result<Unrolled> {
        let options = ask.options();
        let given = Given { conditioned, normalized: inner.is_normalized(), fixed: false };
        let setup = Setup::of(inner, &options, Guides { other: None, energy }, given)?;
        Ok(Unrolled {
            setup,
            rows,
            starts_are_data: options.forward || inner.source_is_data(),
            trajectory: options.trajectory,
            forward: options.forward,
            states: matches!(ask, Ask::Sample(_)),
        })
    }

    /// The graph. Inputs: `param:<name>`, `x0`, `x0.<leaf>`, `condition` …, `random.seed`, `random.counter`, `norm.*`.
    /// Outputs: the leaves of the state in the user's units (with all times along a first dimension where a trajectory is asked for), then log p `[rows]` if
    /// a density is followed.
    ///
    /// # Errors
    /// A `ConfigError` where the solver's steps are not known beforehand; what the network's ops refuse.
    pub fn graph(self) -> Result<Graph> {
        let Setup { field, solver, spread, times, .. } = self.setup;
        if field.definition().tokens().is_some() {
            let expected = "a model of continuous states: a draw of tokens has no derivative";
            return Err(ModelError::config("model", expected, field.definition().config().class()));
        }
        if solver.is_adaptive() {
            let expected =
                "fixed steps (solver.args.steps, or a grid of times): a solver that chooses its steps by their error cannot be traced";
            return Err(ModelError::config("solver.args.steps", expected, "an adaptive solver"));
        }
        if solver.steps() > MOST {
            return Err(ModelError::config("solver.args.steps", format!("at most {MOST} inside a trace"), solver.steps()));
        }
        let plan = plan_of(&field.process(), &solver, &spread, &times)?;
        let Unrolled { rows, starts_are_data, trajectory, forward, states, .. } = self;
        let dynamics = Dynamics::new(field, solver);
        let field = dynamics.field();
        let definition = field.definition();
        let b = Builder::new();
        let dtype = field.inner.dtype();
        let params: Vec<Var> = definition.layout().specs().iter().map(|s| b.input(&format!("param:{}", s.name), dtype, &s.shape)).collect();
        let inputs = Inputs::with(&b, field, rows, params.clone());
        let given = inputs.state("x0");
        let start = normalize(&b, &given, starts_are_data && field.normalized);
        let mut state: Vec<Var> = start.values().copied().collect();
        let leaves = state.len();
        let first = state.clone();
        if field.divergence.is_some() {
            state.push(b.full(0.0, dtype, &[rows]));
        }
        let zeros = |state: &[Var<'_>]| state.iter().map(|v| v.constant(0.0).id()).collect::<Vec<_>>();
        let mut history: Vec<Vec<Var>> = Vec::new();
        if let Some(Query { quantity, t, score }) = plan.start {
            let scalar = |value: f64| b.full(value, dtype, &[]);
            history.push(field.evaluate(&inputs, &Query { quantity, t: scalar(t), score: scalar(score) }, &state));
        }
        let mut outputs: Vec<Vec<Var>> = Vec::new();
        let mut emit = |done: usize, state: &[Var<'_>]| {
            for _ in plan.outputs.iter().filter(|&&at| at == done) {
                outputs.push(state[..leaves].iter().map(|v| b.var(v.id())).collect());
            }
        };
        emit(0, &state);
        for run in plan.runs() {
            while history.len() < run.structure.history {
                history.insert(0, zeros(&state).into_iter().map(|id| b.var(id)).collect());
            }
            let result = scan_run(&b, &dynamics, &inputs, &run, &state, &history)?;
            (state, history) = result;
            emit(run.first + run.steps.len(), &state);
        }
        let wanted = if trajectory { outputs } else { outputs.pop().into_iter().collect() };
        let mut results: Vec<Var> = Vec::new();
        for leaf in 0..leaves {
            let times: Vec<Var> = wanted.iter().map(|state| state[leaf]).collect();
            results.push(if trajectory { Var::concat(&times.iter().map(|v| v.unsqueeze(&[0])).collect::<Vec<_>>(), 0) } else { times[0] });
        }
        let mut outputs = if states { finish(&b, field, results, trajectory) } else { Vec::new() };
        if field.divergence.is_some() {
            let (at_prior, sign) = if forward { (&state[..leaves], 1.0) } else { (&first[..], -1.0) };
            outputs.push(field.log_prior(&b, at_prior) + state[leaves] * sign - field.log_scale(&b));
        }
        Ok(b.finish(&outputs)?)
    }
}

/// States in the user's units; a trajectory's times come first.
fn finish<'g>(b: &'g Builder, field: &Field, states: Vec<Var<'g>>, trajectory: bool) -> Vec<Var<'g>> {
    let names = field.definition().x().iter().map(|(name, _)| name.to_string());
    if !trajectory {
        let named = Leaves::new(names.zip(states).collect());
        return denormalize(b, &named, field.normalized).values().copied().collect();
    }
    // Rows and times are one leading dimension for the map, and two again behind it.
    let shapes: Vec<Vec<usize>> = states.iter().map(|v| v.shape()).collect();
    let flat = states.iter().map(|v| v.reshape(&[&[v.shape()[0] * v.shape()[1]], &v.shape()[2..]].concat()));
    let named = Leaves::new(names.zip(flat).collect());
    denormalize(b, &named, field.normalized).values().zip(shapes).map(|(v, shape)| v.reshape(&shape)).collect()
}

type StateAndHistory<'g> = (Vec<Var<'g>>, Vec<Vec<Var<'g>>>);

/// The steps of a run as one scan: constants are everything that the field reads, the carry is state and history.
fn scan_run<'g>(
    b: &'g Builder,
    dynamics: &Dynamics,
    outer: &Inputs<'_, 'g>,
    run: &Run<'_>,
    state: &[Var<'g>],
    history: &[Vec<Var<'g>>],
) -> Result<StateAndHistory<'g>> {
    let (structure, length, dtype) = (run.structure, run.steps.len(), dynamics.field().inner.dtype());
    let (body, consts) = body(dynamics, outer.rows, structure, state)?;
    let consts: Vec<Var<'g>> =
        consts.iter().map(|(name, ty)| probe(b, name, ty).unwrap_or_else(|| b.input(name, ty.dtype, &ty.shape))).collect();
    let numbers = b.literal(Literal::dense(&run.flat(), Type::new(dtype, vec![length, structure.len()])));
    let indices: Vec<f64> = (run.first..run.first + length).map(|k| k as f64).collect();
    let index = b.literal(Literal::dense(&indices, Type::new(DType::I64, vec![length])));
    let carry: Vec<Var<'g>> = state.iter().copied().chain(history.iter().flatten().copied()).collect();
    let results = b.scan(Arc::new(body), length, &consts, &carry, &[numbers, index]);
    let state = results[..state.len()].to_vec();
    let history = results[state.len()..].chunks_exact(state.len()).map(<[Var<'g>]>::to_vec).collect();
    Ok((state, history))
}

/// One step: inputs are the constants that it turned out to read, then the carry, then coefficients and index.
fn body(dynamics: &Dynamics, rows: usize, structure: &Structure, like: &[Var<'_>]) -> Result<(Graph, Vec<(String, Type)>)> {
    let field = dynamics.field();
    let definition = field.definition();
    let dtype = field.inner.dtype();
    // The first trace finds out which constants the step reads; the second declares them in front.
    let trace = |known: Option<&[(String, Type)]>| -> Result<Graph> {
        let b = Builder::new();
        known.into_iter().flatten().for_each(|(name, ty)| {
            b.input(name, ty.dtype, &ty.shape);
        });
        let types: Vec<Type> = like.iter().map(|v| v.ty()).collect();
        let carried = |prefix: &str| -> Vec<Var> {
            let names = definition.x().iter().map(|(name, _)| leaf_name(prefix, name)).chain([format!("{prefix}.{ACCUMULATED}")]);
            names.zip(&types).map(|(name, ty)| b.input(&format!("carry:{name}"), ty.dtype, &ty.shape)).collect()
        };
        let x = carried("x");
        let history: Vec<Vec<Var>> = (0..structure.history).map(|k| carried(&format!("history.{k}"))).collect();
        let numbers = b.input("carry:numbers", dtype, &[structure.len()]);
        let index = b.input("carry:index", DType::I64, &[]);
        let params: Vec<Var> = definition.layout().specs().iter().map(|s| b.input(&format!("param:{}", s.name), dtype, &s.shape)).collect();
        let inputs = Inputs::with(&b, field, rows, params);
        let noise: Vec<Vec<Var>> = (0..structure.noises).map(|k| noise(&b, field, &x, k, index)).collect();
        let result = dynamics.interpreted(&inputs, structure, numbers, &x, &history, &noise);
        let kept = result.history(structure);
        let outputs: Vec<Var> = result.x.into_iter().chain(kept.into_iter().flatten()).collect();
        Ok(b.finish(&outputs)?)
    };
    let first = trace(None)?;
    let consts: Vec<(String, Type)> =
        first.inputs.iter().filter(|i| !i.name.starts_with("carry:")).map(|i| (i.name.clone(), i.ty.clone())).collect();
    Ok((trace(Some(&consts))?, consts))
}

/// Hutchinson's probe, that of a job: the signs of normal numbers. `None` for any other input.
fn probe<'g>(b: &'g Builder, name: &str, ty: &Type) -> Option<Var<'g>> {
    let leaf = if name == "probe" { "" } else { name.strip_prefix("probe.")? };
    let (seed, _) = random_inputs(b);
    let zero = b.full(0.0, DType::I64, &[]);
    let normal = b.random(Distribution::Normal, stream_of(&format!("sample.probe.{leaf}")), ty.clone(), seed, zero);
    Some(normal.lt(normal.constant(0.0)).select(normal.constant(-1.0), normal.constant(1.0)))
}

/// The normal numbers of a step, those that a sampling job draws.
fn noise<'g>(b: &'g Builder, field: &Field, x: &[Var<'g>], k: usize, index: Var<'g>) -> Vec<Var<'g>> {
    let (seed, _) = random_inputs(b);
    let names = field.definition().x().iter().map(|(name, _)| name.to_string());
    let leaf =
        |(name, v): (String, &Var<'g>)| b.random(Distribution::Normal, stream_of(&format!("{}.{name}", stream(k))), v.ty(), seed, index);
    names.zip(x).map(leaf).collect()
}
