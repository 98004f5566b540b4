//! Objectives: how a network is fitted. Each is half the squared error of one quantity, summed over all dimensions of a
//! sample and all leaves, at a random time; which quantity and which times is all that tells them apart.

use crate::Diffusion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_engine::random::stream_of;
use thalweg_graph::ops::Distribution;
use thalweg_graph::{Graph, Leaves, Type, Var};
use thalweg_nn::{Context, Mode};
use thalweg_path::{Parameterization, TimeDensity, TimeRange, TimeSampler, conversion_range, interpolate, target};

/// How the time of a training example is drawn and weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Weighting {
    /// Uniform times, weight 1.
    #[default]
    Vanilla,
    /// Times with density ∝ g²/σ² (half log-SNR uniform), which makes the loss a bound of the likelihood up to a factor
    /// (Song, Durkan, Murray, Ermon, NeurIPS 2021, theorem 1).
    Likelihood,
}

/// Which quantity is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// The noise, ½‖ε̂ − ε‖²: denoising score matching (Vincent 2011) with the score's error weighted by σ², which keeps it
    /// bounded at small times (Ho et al., NeurIPS 2020, eq. 14).
    ScoreMatching,
    /// The velocity, ½‖v̂ − (ṡx₀ + σ̇ε)‖²: conditional flow matching (Lipman et al., ICLR 2023, eq. 9).
    FlowMatching,
}

/// An objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Objective {
    /// What is compared.
    #[serde(rename = "type")]
    pub kind: ObjectiveKind,
    /// How times are drawn.
    #[serde(default)]
    pub weighting: Weighting,
}

/// Random numbers of one evaluation of a loss.
#[derive(Clone, Copy)]
pub struct Draw<'g> {
    /// Key, scalar i64.
    pub seed: Var<'g>,
    /// Which draw, scalar i64.
    pub counter: Var<'g>,
}

impl Objective {
    /// The compared quantity.
    pub fn target(&self) -> Parameterization {
        match self.kind {
            ObjectiveKind::ScoreMatching => Parameterization::Noise,
            ObjectiveKind::FlowMatching => Parameterization::Velocity,
        }
    }

    /// The distribution of times.
    pub fn sampler(&self) -> TimeSampler {
        match self.weighting {
            Weighting::Vanilla => TimeSampler::uniform(),
            Weighting::Likelihood => TimeSampler::inverse_lambda(),
        }
    }

    /// The times that are drawn: those at which the target can be had from what the network predicts.
    pub fn times(&self, model: &Diffusion) -> TimeRange {
        let predicted = model.config().model.parameterization;
        let finite = conversion_range(model.path(), predicted, self.target());
        finite.intersect(self.sampler().range(model.path()))
    }

    /// Loss of each sample, `[B]`, at random times and noise. `weight` is a graph `t [B] → w [B]`.
    pub fn per_sample<'g>(
        &self,
        model: &Diffusion,
        ctx: &Context<'_, 'g>,
        x0: &Leaves<Var<'g>>,
        condition: Option<&Leaves<Var<'g>>>,
        weight: Option<&Graph>,
        draw: Draw<'g>,
    ) -> Var<'g> {
        let (batch, dtype) = (x0.first().shape()[0], x0.first().dtype());
        let b = ctx.builder;
        let u = b.random(Distribution::Uniform, stream_of("objective.time"), Type::new(dtype, vec![batch]), draw.seed, draw.counter);
        let times = self.times(model);
        let t = self.sampler().sample(model.path(), u, times.t_min, times.t_max);
        let mut entries = Vec::new();
        for (name, x) in x0.iter() {
            let stream = stream_of(&format!("objective.noise.{name}"));
            entries.push((name.to_string(), b.random(Distribution::Normal, stream, x.ty(), draw.seed, draw.counter)));
        }
        self.at(model, ctx, t, x0, &Leaves::new(entries), condition, weight)
    }

    /// Loss of each sample, `[B]`, at given times `t [B]` and noise.
    #[allow(clippy::too_many_arguments, reason = "each is one symbol of the formula")]
    pub fn at<'g>(
        &self,
        model: &Diffusion,
        ctx: &Context<'_, 'g>,
        t: Var<'g>,
        x0: &Leaves<Var<'g>>,
        noise: &Leaves<Var<'g>>,
        condition: Option<&Leaves<Var<'g>>>,
        weight: Option<&Graph>,
    ) -> Var<'g> {
        let path = model.path();
        let xt = x0.zip(noise, |x, e| interpolate(path, per_row(t, *x), *x, *e));
        let predicted = model.function(ctx, self.target(), t, &xt, condition);
        let wanted = x0.zip(noise, |x, e| target(path, self.target(), per_row(t, *x), *x, *e));
        let error = predicted.zip(&wanted, |p, w| half_square(*p - *w));
        let mut total: Option<Var<'g>> = None;
        for e in error.values() {
            total = Some(total.map_or(*e, |sum| sum + *e));
        }
        let loss = total.unwrap_or(t);
        match weight {
            Some(graph) => loss * ctx.builder.inline(graph, &[t])[0],
            None => loss,
        }
    }
}

/// ½ Σ of squares over all but the first dimension.
fn half_square(x: Var<'_>) -> Var<'_> {
    let axes: Vec<usize> = (1..x.rank()).collect();
    (x * x).sum(&axes) * 0.5
}

/// `t [B]` as `[B, 1, …]`, to go with `like`.
pub fn per_row<'g>(t: Var<'g>, like: Var<'g>) -> Var<'g> {
    let mut shape = vec![1; like.rank()];
    if let (Some(first), Some(&rows)) = (shape.first_mut(), t.shape().first()) {
        *first = rows;
    }
    t.reshape(&shape)
}

/// The mode in which a loss is evaluated.
pub fn mode(training: bool) -> Mode {
    if training { Mode::Train } else { Mode::Sample }
}
