//! One step of the Markov chain of tokens as a program: the network's posterior, the step's probabilities, a draw for each position.
//! The probabilities of the step are those of the path crate's `transition`; one program serves all steps.

use crate::bind::Bindings;
use crate::definition::At;
use crate::model::Inner;
use crate::sampling::guidance::Guidance;
use crate::tokens::{Positions, Tokens, one_hot};
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_engine::{CompileOptions, Tensor};
use thalweg_graph::{Builder, DType, Graph, Leaves, Literal, Type, Var};
use thalweg_nn::{Context, Mode};
use thalweg_path::discrete::transition;
use thalweg_path::{Jump, TokenSource};

/// What a step program is made for.
pub struct Chain {
    /// The model.
    pub inner: Arc<Inner>,
    /// Whether a condition is given.
    pub conditioned: bool,
    /// Classifier-free guidance.
    pub guidance: Option<Guidance>,
    /// What divides the logits.
    pub temperature: f64,
}

/// How a step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// By a draw from the step's probabilities.
    Draw,
    /// At the likeliest tokens of the posterior.
    Likeliest,
}

impl Chain {
    /// The tokens after a step from time `t`; `uniforms` are numbers in (0, 1), one per token.
    ///
    /// # Errors
    /// `SolverError` where the network's logits are not finite.
    pub fn step(&self, x: &[Tensor], t: f64, jump: &Jump, pick: Pick, uniforms: &[Tensor], bound: &mut Bindings) -> Result<Vec<Tensor>> {
        let definition = &self.inner.definition;
        let named =
            |tensors: &[Tensor]| Leaves::new(definition.x().iter().map(|(n, _)| n.to_string()).zip(tensors.iter().cloned()).collect());
        bound.set_leaves("x", &named(x));
        bound.set_leaves("uniform", &named(uniforms));
        for (name, value) in [("t", t), ("forward", jump.forward), ("backward", jump.backward)] {
            bound.set(name, crate::data::tensor_of(vec![value], &[], definition.dtype())?);
        }
        let rows = x[0].ty().shape[0];
        let key = format!("tokens {rows} {} {:?} {} {pick:?}", self.conditioned, self.guidance, self.temperature);
        let (program, names) = self.inner.named_program(key, || Ok((self.graph(rows, pick)?, CompileOptions::default())))?;
        let mut out = bound.run(&program, &names, &[])?;
        let sane = out.pop().map(|total| total.item()).transpose()?.is_some_and(f64::is_finite);
        if !sane {
            let message = format!("sampling: the network's logits at t = {t}");
            return Err(ModelError::expected("SolverError", message, "finite numbers", "NaN or infinities"));
        }
        Ok(out)
    }

    /// Outputs: the tokens of each leaf, and a number that is finite if all logits are.
    fn graph(&self, rows: usize, pick: Pick) -> Result<Graph> {
        let definition = &self.inner.definition;
        let tokens = definition.tokens().ok_or_else(|| ModelError::new("InternalError", "the model has no tokens"))?;
        let b = Builder::new();
        let params = definition.layout().views(&b);
        let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
        let scalar = |name: &str| b.input(name, definition.dtype(), &[]);
        let (t, jump) = (scalar("t"), Jump { forward: scalar("forward"), backward: scalar("backward") });
        let x = definition.state_leaves(&b, "x", rows);
        let uniforms = definition.input_leaves(&b, "uniform", definition.x(), rows);
        let logits = self.logits(&ctx, t, &x);
        let mut total = b.full(0.0, definition.dtype(), &[]);
        let next = x.zip(&logits.zip(&uniforms, |l, u| (*l, *u)), |x, (logits, u)| {
            total = total + logits.sum_all();
            match pick {
                Pick::Draw => draw(&probabilities(tokens, &jump, *x, logits.softmax(x.rank())), *u),
                Pick::Likeliest => {
                    let best = logits.arg_max(x.rank());
                    only_masked(tokens, *x).map_or(best, |masked| masked.select(best, *x))
                }
            }
        });
        let outputs: Vec<Var> = next.values().copied().chain([total]).collect();
        Ok(b.finish(&outputs)?)
    }

    /// Logits, guided and divided by the temperature.
    fn logits<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let definition = &self.inner.definition;
        let rows = x.first().shape()[0];
        let none = definition.no_condition(ctx, rows);
        let given = definition.condition().filter(|_| self.conditioned);
        let given = given.map(|sizes| definition.input_leaves(ctx.builder, "condition", sizes, rows));
        let at = At { t: t.broadcast_to(&[rows]), x, condition: given.as_ref().or(none.as_ref()) };
        let conditional = definition.predict(ctx, 0, &at);
        let guided = match (&self.guidance, &none) {
            (Some(guidance), Some(_)) if self.conditioned => {
                let unconditional = definition.predict(ctx, 0, &At { condition: none.as_ref(), ..at });
                guidance.combine(t, &conditional, &unconditional)
            }
            _ => conditional,
        };
        if self.temperature == 1.0 { guided } else { guided.map(|logits| *logits * (1.0 / self.temperature)) }
    }
}

/// Where tokens are masked, if they alone are asked for.
fn only_masked<'g>(tokens: &Tokens, x: Var<'g>) -> Option<Var<'g>> {
    tokens.masked(x).filter(|_| tokens.positions == Positions::Masked)
}

/// Probabilities `[…, tokens]` of where a step ends, given the posterior `[…, V]` of the tokens `x`.
fn probabilities<'g>(tokens: &Tokens, jump: &Jump<Var<'g>>, x: Var<'g>, posterior: Var<'g>) -> Var<'g> {
    let (b, path, dtype, last) = (x.builder(), &tokens.path, posterior.dtype(), x.rank());
    let all = path.tokens();
    let mut after = vec![0; last + 1];
    after[last] = all - path.vocabulary;
    let stay = one_hot(x, all, dtype);
    let padded = posterior.pad(&vec![0; last + 1], &after);
    let data = only_masked(tokens, x).map_or(padded, |masked| masked.unsqueeze(&[last]).broadcast_to(&stay.shape()).select(padded, stay));
    let source: Vec<f64> = (0..all).map(|token| path.source_probability(token)).collect();
    let source = b.literal(Literal::dense(&source, Type::new(dtype, vec![all])));
    let own = match path.source {
        TokenSource::Mask => b.full(1.0, dtype, &[]),
        TokenSource::Uniform => (data * stay).sum(&[last]).unsqueeze(&[last]),
    };
    transition(jump, own, data, source, stay)
}

/// A token by each uniform number u in (0, 1), by inverting the distribution function: the first at which it reaches u times its last value. So a token
/// of probability 0 is never drawn.
fn draw<'g>(probabilities: &Var<'g>, u: Var<'g>) -> Var<'g> {
    let last = probabilities.rank() - 1;
    let reached = probabilities.cum_sum(last, false);
    let total = reached.narrow(last, probabilities.shape()[last] - 1, 1);
    reached.lt(u.unsqueeze(&[last]) * total).cast(DType::I64).sum(&[last])
}
