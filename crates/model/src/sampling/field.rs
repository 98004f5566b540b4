//! What the programs of a sampler evaluate: the model's quantities, guided, and beside them the divergence if a density is followed.
//! Solvers ask for a quantity at a time; everything between that question and the networks is here.

use super::density::Divergence;
use super::energy::Energy;
use super::fixed::Fixed;
use super::guidance::{Guidance, between};
use crate::Definition;
use crate::definition::At;
use crate::model::Inner;
use crate::objective::per_row;
use crate::process::Process;
use std::sync::Arc;
use thalweg_graph::{Builder, DType, Leaves, Scalar, Var};
use thalweg_nn::{Context, Mode};
use thalweg_path::{Parameterization, ScheduleTransform, TimeRange};
use thalweg_solver::{Quantity, Query, Thresholding};

/// Another model whose predictions are mixed in.
pub struct Other {
    /// The other model.
    pub inner: Arc<Inner>,
    /// g of (1 − g)·other + g·own.
    pub scale: f64,
}

/// A model as a sampler sees it.
pub struct Field {
    /// The model.
    pub inner: Arc<Inner>,
    /// Whether a condition is given; a conditional model that can do without is then asked without.
    pub conditioned: bool,
    /// Classifier-free guidance.
    pub guidance: Option<Guidance>,
    /// Guidance by another model.
    pub other: Option<Other>,
    /// Guidance by an energy.
    pub energy: Option<Energy>,
    /// Another path than the model's own, along which it is sampled.
    pub transform: Option<ScheduleTransform>,
    /// What becomes of every prediction of data.
    pub thresholding: Option<Thresholding>,
    /// How the divergence is computed, if a density is followed.
    pub divergence: Option<Divergence>,
    /// Whether data is normalised.
    pub normalized: bool,
    /// Whether coordinates are known.
    pub fixed: bool,
}

/// The inputs that a sampler's programs share.
pub struct Inputs<'a, 'g> {
    /// The graph under construction.
    pub builder: &'g Builder,
    /// The field.
    pub field: &'a Field,
    /// Number of rows.
    pub rows: usize,
    params: Vec<Var<'g>>,
    others: Vec<Var<'g>>,
    condition: Option<Leaves<Var<'g>>>,
}

/// The prefix of the inputs of another model's parameters.
pub const OTHER: &str = "other.";

impl<'a, 'g> Inputs<'a, 'g> {
    /// Declares parameters and condition as inputs of programs.
    pub fn new(b: &'g Builder, field: &'a Field, rows: usize) -> Inputs<'a, 'g> {
        let params = field.definition().layout().views(b);
        Inputs::with(b, field, rows, params)
    }

    /// The same with these parameters.
    pub fn with(b: &'g Builder, field: &'a Field, rows: usize, params: Vec<Var<'g>>) -> Inputs<'a, 'g> {
        let definition = field.definition();
        let others = field.other.as_ref().map_or_else(Vec::new, |o| o.inner.definition.layout().views_at(b, OTHER));
        let condition = definition.condition().filter(|_| field.conditioned);
        let condition = condition.map(|sizes| definition.input_leaves(b, "condition", sizes, rows));
        Inputs { builder: b, field, rows, params, others, condition }
    }

    /// A scalar input.
    pub fn scalar(&self, name: &str) -> Var<'g> {
        self.builder.input(name, self.field.inner.dtype(), &[])
    }

    /// Inputs like the leaves of the state.
    pub fn state(&self, prefix: &str) -> Leaves<Var<'g>> {
        self.field.definition().input_leaves(self.builder, prefix, self.field.definition().x(), self.rows)
    }

    /// Inputs like everything that is integrated: the state, and what accumulates beside it.
    pub fn integrated(&self, prefix: &str) -> Vec<Var<'g>> {
        let mut leaves: Vec<Var<'g>> = self.state(prefix).values().copied().collect();
        if self.field.divergence.is_some() {
            leaves.push(self.builder.input(&format!("{prefix}.{ACCUMULATED}"), self.field.inner.dtype(), &[self.rows]));
        }
        leaves
    }

    fn context<'p>(&self, params: &'p [Var<'g>]) -> Context<'p, 'g> {
        Context { builder: self.builder, params, mode: Mode::Sample, random: None }
    }
}

/// The name of the leaf that accumulates ∫∇·v dt.
pub const ACCUMULATED: &str = "∫∇·v";

impl Field {
    /// The model as a function.
    pub fn definition(&self) -> &Definition {
        &self.inner.definition
    }

    /// What tells its programs apart from those of other fields of the same model.
    pub fn key(&self) -> String {
        let other = self.other.as_ref().map(|o| (Arc::as_ptr(&o.inner) as usize, o.scale.to_bits()));
        format!(
            "{} {:?} {other:?} {:?} {:?} {:?} {:?} {} {}",
            self.conditioned,
            self.guidance,
            self.energy.as_ref().map(Energy::key),
            self.transform,
            self.thresholding,
            self.divergence,
            self.normalized,
            self.fixed
        )
    }

    /// The process that is followed: the model's, or that of the path it is sampled along.
    pub fn process(&self) -> Process {
        self.transform.as_ref().map_or_else(|| self.definition().process().clone(), |t| Process::Gaussian(t.sampled.clone()))
    }

    /// The times at which the quantity `which` is finite; `None` where the model does not have it.
    pub fn range(&self, which: Parameterization) -> Option<TimeRange> {
        match &self.transform {
            Some(transform) => Some(transform.range(self.definition().predicted(), which)),
            None => self.definition().range(which),
        }
    }

    /// The answer to a query in the point `x`, one value per integrated leaf.
    pub fn evaluate<'g>(&self, i: &Inputs<'_, 'g>, query: &Query<Var<'g>>, x: &[Var<'g>]) -> Vec<Var<'g>> {
        let names = self.definition().x();
        let state = Leaves::new(names.iter().map(|(name, _)| name.to_string()).zip(x.iter().copied()).collect());
        let fixed = self.fixed.then(|| Fixed::of(i));
        let state = fixed.as_ref().map_or_else(|| state.clone(), |fixed| fixed.place(query.t, &state));
        // Divergences and gradients of energies are taken with respect to the state.
        let _held = i.builder.hold(&state.values().copied().collect::<Vec<_>>());
        let quantity = |which| self.guided(i, which, query.t, &state);
        let value = match query.quantity {
            Quantity::Velocity => quantity(Parameterization::Velocity),
            Quantity::Noise => quantity(Parameterization::Noise),
            Quantity::Data => self.clipped(&quantity(Parameterization::Data)),
            // Without a score there is no diffusion either: see `Setup`.
            Quantity::Drift if self.range(Parameterization::Score).is_none() => quantity(Parameterization::Velocity),
            Quantity::Drift => {
                let score = quantity(Parameterization::Score);
                quantity(Parameterization::Velocity).zip(&score, |v, s| *v + query.score * *s)
            }
        };
        let value = fixed.map_or_else(|| value.clone(), |fixed| fixed.answer(query.quantity, query.t, &value));
        let mut out: Vec<Var<'g>> = value.values().copied().collect();
        if let Some(divergence) = self.divergence {
            let probe = (divergence == Divergence::Hutchinson).then(|| i.state("probe"));
            out.push(divergence.of(i.builder, &state, &value, probe.as_ref()));
        }
        out
    }

    /// A quantity at the scalar time `t`, guided.
    fn guided<'g>(&self, i: &Inputs<'_, 'g>, which: Parameterization, t: Var<'g>, x: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let definition = self.definition();
        let ctx = i.context(&i.params);
        let times = t.broadcast_to(&[i.rows]);
        let own = self.own(i, &ctx, which, t, x);
        let mixed = match &self.other {
            None => own,
            Some(Other { inner, scale }) => {
                let ctx = i.context(&i.others);
                let none = inner.definition.no_condition(&ctx, i.rows);
                let given = i.condition.as_ref().filter(|_| inner.definition.condition().is_some());
                let other = inner.definition.function(&ctx, which, &At { t: times, x, condition: given.or(none.as_ref()) });
                between(*scale, &other, &own)
            }
        };
        match &self.energy {
            None => mixed,
            Some(energy) => {
                let none = definition.no_condition(&ctx, i.rows);
                energy.guide(definition, &ctx, which, &At { t: times, x, condition: i.condition.as_ref().or(none.as_ref()) }, &mixed)
            }
        }
    }

    /// The model's own quantity, with classifier-free guidance.
    fn own<'g>(
        &self,
        i: &Inputs<'_, 'g>,
        ctx: &Context<'_, 'g>,
        which: Parameterization,
        t: Var<'g>,
        x: &Leaves<Var<'g>>,
    ) -> Leaves<Var<'g>> {
        let definition = self.definition();
        let none = definition.no_condition(ctx, i.rows);
        let condition = i.condition.as_ref().or(none.as_ref());
        let sampled = At { t: t.broadcast_to(&[i.rows]), x, condition };
        // Where the network is asked: in the same place, unless it was trained on another path.
        let trained = self.transform.as_ref().map(|transform| {
            let x = x.map(|x| transform.trained_point(per_row(sampled.t, *x), *x).x);
            (transform.trained_time(sampled.t), x)
        });
        let at = trained.as_ref().map_or(sampled, |(t, x)| At { t: *t, x, condition });
        let network = definition.source_of(which);
        let predicted = definition.predict(ctx, network, &at);
        let predicted = match (&self.guidance, &none) {
            (Some(guidance), Some(_)) if self.conditioned => {
                let unconditional = definition.predict(ctx, network, &At { condition: none.as_ref(), ..at });
                guidance.combine(t, &predicted, &unconditional)
            }
            _ => predicted,
        };
        match &self.transform {
            None => definition.read(which, &at, &predicted),
            Some(transform) => {
                let from = definition.predicted();
                x.zip(&predicted, |x, value| transform.convert(from, which, per_row(sampled.t, *x), *x, *value))
            }
        }
    }

    /// Dynamic thresholding of predicted data, each row by the quantile of its own magnitudes, leaf by leaf.
    fn clipped<'g>(&self, data: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let Some(thresholding) = &self.thresholding else { return data.clone() };
        data.map(|d| {
            let rows = d.shape()[0];
            let quantile = d.abs().reshape(&[rows, d.ty().count() / rows]).quantile(thresholding.percentile, 1);
            thresholding.apply(*d, per_row(quantile, *d).broadcast_to(&d.shape()))
        })
    }

    /// log of the density of the distribution that sampling starts from, `[B]`, for states in the model's units.
    pub fn log_prior<'g>(&self, b: &'g Builder, x: &[Var<'g>]) -> Var<'g> {
        let std = self.process().prior_std();
        let leaf = |x: &Var<'g>| {
            let width = x.shape()[1..].iter().product::<usize>() as f64;
            let squares = (*x * (1.0 / std)).square().sum(&(1..x.rank()).collect::<Vec<_>>());
            squares * -0.5 - width * (std.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln())
        };
        let zero = b.full(0.0, self.inner.dtype(), &[x[0].shape()[0]]);
        x.iter().fold(zero, |sum, x| sum + leaf(x))
    }

    /// log of the factor by which normalisation shrinks volumes, a scalar: what a density in the user's units has less.
    pub fn log_scale<'g>(&self, b: &'g Builder) -> Var<'g> {
        let dtype = self.inner.dtype();
        let leaf = |(k, shape): (usize, &Vec<usize>)| b.input(&format!("norm.{k}.std"), dtype, shape).ln().sum_all();
        let zero = b.full(0.0, dtype, &[]);
        if self.normalized { self.definition().x().values().enumerate().map(leaf).fold(zero, |sum, l| sum + l) } else { zero }
    }

    /// Which rows count: those of a padded tail do not.
    pub fn counted<'g>(&self, i: &Inputs<'_, 'g>) -> Var<'g> {
        i.builder.input("rows", DType::Bool, &[i.rows])
    }
}
