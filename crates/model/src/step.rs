//! The training step as one graph: loss, backward, clip, update, moving average.
//! State buffers are inputs that the program may overwrite; a step that is not finite changes no bit of them.

use crate::optimizer::{Group as Updated, Optimizer, Step};
use crate::schedule::Schedule;
use crate::store::{Group, Layout};
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_engine::CompileOptions;
use thalweg_graph::{Builder, DType, Graph, Scalar, Var, vjp};

/// Exponential moving average of the parameters, used for sampling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Ema {
    /// Its decay per step, in [0, 1).
    Decay(f64),
    /// Its decay, and whether it starts lower.
    Settings {
        /// Decay per step, in [0, 1).
        decay: f64,
        /// Whether step n uses min(decay, (1 + n)/(10 + n)), so that the start is forgotten.
        #[serde(default = "yes")]
        warmup: bool,
    },
}

fn yes() -> bool {
    true
}

impl Ema {
    /// The decay of step `n` (from 1).
    pub fn decay<S: Scalar>(&self, n: S) -> S {
        let (decay, warmup) = match *self {
            Ema::Decay(decay) => (decay, true),
            Ema::Settings { decay, warmup } => (decay, warmup),
        };
        let constant = n.constant(decay);
        if warmup { constant.minimum((n + 1.0) / (n + 10.0)) } else { constant }
    }

    /// Its final decay.
    pub fn limit(&self) -> f64 {
        match *self {
            Ema::Decay(decay) | Ema::Settings { decay, .. } => decay,
        }
    }
}

/// How a training step changes parameters.
#[derive(Clone, Debug)]
pub struct StepRule {
    /// The optimiser.
    pub optimizer: Optimizer,
    /// The moving average.
    pub ema: Option<Ema>,
    /// Exponents of the averages that are tracked for later.
    pub powers: Vec<f64>,
    /// For each parameter, whether it is left alone on top of the frozen ones: its value, its optimiser state and its average.
    pub frozen: Vec<bool>,
    /// Over how many losses the gradient is averaged.
    pub accumulate: usize,
}

/// A training step's graph and the meaning of its inputs and outputs.
pub struct StepGraph {
    /// The program's source.
    pub graph: Graph,
    /// Which inputs may be overwritten.
    pub options: CompileOptions,
    /// Names of state inputs, in the order in which the outputs give their new values.
    pub state: Vec<String>,
    /// Whether the loss has a gradient at all: where it has none, a step changes nothing.
    pub has_gradient: bool,
}

/// Outputs behind the state: loss, gradient norm, learning rate (f64 scalars) and whether the step was applied (bool).
pub const REPORT: usize = 4;

/// The input that says whether all steps before were applied: after one that was not, none is, until somebody has looked.
pub const UNBROKEN: &str = "unbroken";

/// The name of the input of a state buffer.
pub fn state_input(name: &str, group: Group) -> String {
    format!("state.{name}.{}", suffix(group))
}

/// The name of the input of a moving average.
pub fn ema_input(group: Group) -> String {
    format!("ema.{}", suffix(group))
}

/// The name of the input of the k-th average that is tracked for later.
pub fn power_input(k: usize, group: Group) -> String {
    format!("power.{k}.{}", suffix(group))
}

fn suffix(group: Group) -> &'static str {
    match group {
        Group::Decayed => "decayed",
        Group::Undecayed => "undecayed",
        Group::Frozen => "frozen",
    }
}

/// Traces the k-th of the losses that a step averages: `loss(builder, params, k)`, a scalar.
pub type LossFn<'a> = dyn for<'g> Fn(&'g Builder, &[Var<'g>], usize) -> Result<Var<'g>> + 'a;

/// Builds the step.
///
/// # Errors
/// What the loss's ops refuse, or a loss that is not a float scalar.
pub fn build(layout: &Layout, rule: &StepRule, loss: &LossFn<'_>) -> Result<StepGraph> {
    let b = Builder::new();
    let views = layout.views(&b);
    let trained: Vec<usize> = Group::TRAINED.iter().flat_map(|&g| layout.members(g).map(|(i, _)| i)).filter(|&i| !rule.frozen[i]).collect();
    let wrt: Vec<Var> = trained.iter().map(|&i| views[i]).collect();
    let Gradient { value, of: grads } = mean_gradient(&b, &views, &wrt, rule.accumulate.max(1), loss)?;

    let mut gradients: Vec<Var> = views.iter().map(|v| v.constant(0.0)).collect();
    for (&i, g) in trained.iter().zip(&grads) {
        gradients[i] = g.unwrap_or(gradients[i]);
    }
    let flat = Group::TRAINED.map(|g| layout.flatten(g, &b, &gradients));
    let squares = flat.map(|g| (g * g).sum_all().cast(DType::F64));
    let norm = (squares[0] + squares[1]).sqrt();
    let applied = value.is_finite().and(norm.is_finite()).and(b.input(UNBROKEN, DType::Bool, &[]));
    let number = b.input("step", DType::I64, &[]).cast(DType::F64) + 1.0;
    let optimizer = rule.optimizer.rule();
    let rate = optimizer.rate().rate(number);
    let step = Step { number, rate, applied };
    let factor = optimizer.clip_norm().map(|clip| ((norm + 1e-6).recip() * clip).minimum(norm.constant(1.0)).cast(layout.dtype()));

    let mut state = Vec::new();
    let mut moved_groups = Vec::new();
    let mut outputs = Vec::new();
    for (k, group) in Group::TRAINED.into_iter().enumerate() {
        let input = |name: String| b.input(&name, layout.dtype(), &[layout.size(group)]);
        let clipped = factor.map_or(flat[k], |f| flat[k] * f);
        let gradient = applied.select(clipped, clipped.constant(0.0));
        let parameters = input(group.input().into());
        let names: Vec<String> = optimizer.state().iter().map(|name| state_input(name, group)).collect();
        let before: Vec<Var> = names.iter().map(|name| input(name.clone())).collect();
        let (moved, buffers) =
            optimizer.update(Updated { parameters, gradient, state: before.clone(), decays: group == Group::Decayed }, &step);
        let moved = keep_frozen(layout, group, &rule.frozen, parameters, moved);
        state.push(group.input().to_string());
        outputs.push(moved);
        moved_groups.push(moved);
        state.extend(names);
        outputs.extend(before.iter().zip(buffers).map(|(old, new)| keep_frozen(layout, group, &rule.frozen, *old, new)));
        if let Some(ema) = rule.ema {
            let decay = step.gate(ema.decay(number), 1.0, layout.dtype());
            let rest = step.gate(-ema.decay(number) + 1.0, 0.0, layout.dtype());
            let average = input(ema_input(group));
            outputs.push(keep_frozen(layout, group, &rule.frozen, average, average * decay + moved * rest));
            state.push(ema_input(group));
        }
    }
    for (k, gamma) in rule.powers.iter().enumerate() {
        let left = crate::posthoc::decay(*gamma, number);
        let (decay, rest) = (step.gate(left, 1.0, layout.dtype()), step.gate(-left + 1.0, 0.0, layout.dtype()));
        for group in Group::TRAINED {
            let average = b.input(&power_input(k, group), layout.dtype(), &[layout.size(group)]);
            outputs.push(keep_frozen(layout, group, &rule.frozen, average, average * decay + moved_groups[group as usize] * rest));
            state.push(power_input(k, group));
        }
    }
    outputs.extend([value.cast(DType::F64), norm, rate, applied]);
    let graph = b.finish(&outputs)?;
    let donated = state.iter().filter_map(|name| graph.input_index(name)).collect();
    Ok(StepGraph {
        graph,
        options: CompileOptions { donated, ..CompileOptions::default() },
        state,
        has_gradient: grads.iter().any(Option::is_some),
    })
}

/// A mean loss and its gradient; of what it does not depend on there is none.
struct Gradient<'g> {
    value: Var<'g>,
    of: Vec<Option<Var<'g>>>,
}

/// Mean loss and its gradient. Each part is differentiated before the next is traced, so that its intermediates die early.
fn mean_gradient<'g>(b: &'g Builder, views: &[Var<'g>], wrt: &[Var<'g>], parts: usize, loss: &LossFn<'_>) -> Result<Gradient<'g>> {
    // A view of the flat parameters may be reshaped by what uses it; the gradient is by the view.
    let _held = b.hold(wrt);
    let mut sum: Option<Gradient<'g>> = None;
    for part in 0..parts {
        let value = loss(b, views, part)?;
        b.check()?;
        if value.rank() != 0 || !value.dtype().is_float() {
            return Err(ModelError::expected("ShapeError", "the loss is not a number", "a float scalar (mean or sum first)", value.ty()));
        }
        let value = if parts > 1 { value * (1.0 / parts as f64) } else { value };
        let of = vjp(&[value], &[Some(value.constant(1.0))], wrt);
        let added = |a: Option<Var<'g>>, b: Option<Var<'g>>| a.zip(b).map(|(a, b)| a + b).or(a).or(b);
        sum = Some(match sum {
            None => Gradient { value, of },
            Some(old) => Gradient { value: old.value + value, of: old.of.into_iter().zip(of).map(|(a, b)| added(a, b)).collect() },
        });
    }
    b.check()?;
    sum.ok_or_else(|| ModelError::new("InternalError", "no loss"))
}

/// `moved`, or what moves with it, except where a parameter is frozen by this fit.
fn keep_frozen<'g>(layout: &Layout, group: Group, frozen: &[bool], old: Var<'g>, moved: Var<'g>) -> Var<'g> {
    if !layout.members(group).any(|(i, _)| frozen[i]) {
        return moved;
    }
    let mask: Vec<Var<'g>> =
        layout.specs().iter().zip(frozen).map(|(s, &f)| old.builder().full(f as u8 as f64, DType::Bool, &s.shape)).collect();
    let parts: Vec<Var<'g>> =
        layout.members(group).map(|(i, _)| mask[i].reshape(&[thalweg_graph::count(&layout.specs()[i].shape)])).collect();
    Var::concat(&parts, 0).select(old, moved)
}
