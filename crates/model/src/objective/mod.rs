//! Objectives: how networks are fitted. Each is half the squared error of one quantity, summed over all dimensions of a sample
//! and all leaves, at a random time; which quantity, which times and which weight is all that tells them apart. Of tokens, a log-likelihood.

mod discrete;
mod energy;
mod gaussian;
mod interpolant;

pub use energy::{Contrast, EnergyMatching, EnergyWeights};

use crate::process::Process;
use crate::{Definition, ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_engine::Tensor;
use thalweg_engine::random::stream_of;
use thalweg_graph::ops::Distribution;
use thalweg_graph::{DType, Graph, GraphError, Leaves, Literal, Type, Var};
use thalweg_nn::{Context, Mode};
use thalweg_path::{Parameterization, Path, TimeDensity, TimeLayout, TimeSampler, Weight, layout};

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
    /// bounded at small times (Ho et al., NeurIPS 2020, eq. 14). Of a bridge, the score's part of its loss.
    ScoreMatching,
    /// The velocity, ½‖v̂ − v‖²: conditional flow matching (Lipman et al., ICLR 2023, eq. 9). Of a flow of tokens −log p̂(x₁ | x_t), summed over
    /// positions (Gat et al. 2024, "Discrete flow matching").
    FlowMatching,
    /// Both, of a Schrödinger bridge: its velocity and its score (Tong et al., AISTATS 2024, "simulation-free score and flow matching").
    BridgeMatching,
    /// The model's own energy, by contrast among candidates: −Σ_k w_k·log softmax_k E(t, x_t^k) (Lu et al., ICML 2023, "contrastive energy prediction"). Trains the
    /// energy network alone; every other loss leaves it alone. A row of data is K candidates of one condition, of shape `[K, …xSize]`, with their energies `[K]`.
    EnergyMatching,
}

/// An objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Objective {
    /// What is compared.
    #[serde(rename = "type")]
    pub kind: ObjectiveKind,
    /// How times are drawn, in short: `"vanilla"` is uniform, `"likelihood"` is the time sampler `inverse_lambda`.
    #[serde(default)]
    pub weighting: Weighting,
    /// How times are drawn, instead of `weighting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeSampler>,
    /// How the times of one batch relate to each other.
    #[serde(default)]
    pub layout: TimeLayout,
    /// A factor of the loss as a function of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// Settings of `"energy_matching"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyMatching>,
}

/// What says how good the candidates of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Candidates<T> {
    /// Their energies `[N, K]`.
    Energies(T),
    /// The weights that their energies have among all of the data, `[N, K]`.
    Weights(T),
}

impl<T> Candidates<T> {
    /// The numbers.
    pub fn numbers(&self) -> &T {
        match self {
            Candidates::Energies(numbers) | Candidates::Weights(numbers) => numbers,
        }
    }

    /// The same with other numbers.
    pub fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Candidates<U> {
        match self {
            Candidates::Energies(numbers) => Candidates::Energies(f(numbers)),
            Candidates::Weights(numbers) => Candidates::Weights(f(numbers)),
        }
    }
}

impl From<ObjectiveKind> for Objective {
    fn from(kind: ObjectiveKind) -> Objective {
        Objective { kind, weighting: Weighting::Vanilla, time: None, layout: TimeLayout::default(), weight: None, energy: None }
    }
}

/// Rows of data: what a loss or a fit is given.
#[derive(Clone, Debug)]
pub struct Rows<T = Tensor> {
    /// The data `[N, …]`; of an energy's loss `[N, K, …]`, and `[N·K, …]` in its graph.
    pub x: Leaves<T>,
    /// Samples of the source, for flows and bridges; without them the source is standard normal.
    pub x0: Option<Leaves<T>>,
    /// The data's conditions, for conditional models.
    pub condition: Option<Leaves<T>>,
    /// A factor of each row's loss `[N]`.
    pub weight: Option<T>,
    /// What says how good the candidates of a row are, for the loss of an energy.
    pub candidates: Option<Candidates<T>>,
}

/// Random numbers of one evaluation of a loss.
#[derive(Clone, Copy)]
pub struct Draw<'g> {
    /// Key, scalar i64.
    pub seed: Var<'g>,
    /// Which draw, scalar i64.
    pub counter: Var<'g>,
}

impl<'g> Draw<'g> {
    /// Normal numbers like each leaf.
    pub fn normal(&self, stream: &str, like: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let entry = |(name, x): (&str, &Var<'g>)| {
            let stream = stream_of(&format!("{stream}.{name}"));
            (name.to_string(), x.builder().random(Distribution::Normal, stream, x.ty(), self.seed, self.counter))
        };
        Leaves::new(like.iter().map(entry).collect())
    }

    /// Uniform numbers in (0, 1) like each leaf.
    pub fn uniform_like(&self, stream: &str, dtype: DType, like: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let entry = |(name, x): (&str, &Var<'g>)| {
            let (stream, ty) = (stream_of(&format!("{stream}.{name}")), Type::new(dtype, x.shape()));
            (name.to_string(), x.builder().random(Distribution::Uniform, stream, ty, self.seed, self.counter))
        };
        Leaves::new(like.iter().map(entry).collect())
    }

    /// Uniform numbers in (0, 1), one per row.
    pub fn uniform(&self, stream: &str, dtype: DType, rows: usize) -> Var<'g> {
        self.seed.builder().random(Distribution::Uniform, stream_of(stream), Type::new(dtype, vec![rows]), self.seed, self.counter)
    }
}

/// Stream of the source samples of a batch; also what a planner draws to couple them.
pub const SOURCE: &str = "objective.source";

impl Objective {
    /// The loss that a model is fitted with if nothing is said.
    pub fn default_for(process: &Process, networks: usize) -> ObjectiveKind {
        match (process, networks) {
            (Process::Interpolant(_), 2) => ObjectiveKind::BridgeMatching,
            _ => ObjectiveKind::FlowMatching,
        }
    }

    /// Refuses what the model does not have, and times and weights that do not fit its process.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault, relative to the loss.
    pub fn validate(&self, model: &Definition) -> Result<()> {
        if self.energy.is_some() && self.kind != ObjectiveKind::EnergyMatching {
            return Err(ModelError::config("energy", "no energy settings, or the type \"energy_matching\"", "both"));
        }
        match model.process() {
            Process::Gaussian(path) if self.kind == ObjectiveKind::EnergyMatching => energy::validate(self, model, path),
            Process::Gaussian(_) => gaussian::validate(self, model),
            Process::Interpolant(_) | Process::Discrete(_) => interpolant::validate(self, model),
        }
    }

    /// The quantity whose error is taken.
    pub fn target(&self) -> Parameterization {
        match self.kind {
            ObjectiveKind::ScoreMatching => Parameterization::Noise,
            // An energy is no quantity of the path: its loss asks for none.
            ObjectiveKind::FlowMatching | ObjectiveKind::BridgeMatching | ObjectiveKind::EnergyMatching => Parameterization::Velocity,
        }
    }

    /// The distribution of times.
    pub fn sampler(&self) -> TimeSampler {
        match (&self.time, self.weighting) {
            (Some(sampler), _) => sampler.clone(),
            (None, Weighting::Vanilla) => TimeSampler::uniform(),
            (None, Weighting::Likelihood) => TimeSampler::inverse_lambda(),
        }
    }

    /// Loss of each row, `[B]`, at random times and noise. `weight` is a graph `t [B] → w [B]`.
    pub fn per_sample<'g>(
        &self,
        model: &Definition,
        ctx: &Context<'_, 'g>,
        rows: &Rows<Var<'g>>,
        weight: Option<&Graph>,
        draw: Draw<'g>,
    ) -> Var<'g> {
        if self.kind == ObjectiveKind::EnergyMatching {
            return self.energy_loss(model, ctx, rows, weight, draw);
        }
        let (batch, dtype) = (rows.x.first().shape()[0], model.dtype());
        let uniform = draw.uniform("objective.time", dtype, batch);
        let u = self.layout_of(uniform, batch);
        let condition = rows.condition.as_ref().map(|condition| self.hidden(model, ctx, condition, draw));
        let noise = match model.process() {
            Process::Discrete(_) => draw.uniform_like("objective.noise", dtype, &rows.x),
            _ => draw.normal("objective.noise", &rows.x),
        };
        let fixed = Fixed { x0: rows.x0.clone(), noise, condition };
        let loss = match model.process() {
            Process::Gaussian(path) => {
                let times = gaussian::times(self, model, path);
                let t = self.sampler().sample(path, u, times.t_min, times.t_max);
                self.at(model, ctx, t, &rows.x, &fixed, weight)
            }
            Process::Interpolant(path) => {
                let times = interpolant::times(path);
                // Of the samplers that a flow may have none looks at the path.
                let t = self.sampler().sample(&Path::linear(), u, times.t_min, times.t_max);
                let x0 = rows.x0.clone().unwrap_or_else(|| draw.normal(SOURCE, &rows.x));
                self.at(model, ctx, t, &rows.x, &Fixed { x0: Some(x0), ..fixed }, weight)
            }
            Process::Discrete(path) => {
                let t = self.sampler().sample(&Path::linear(), u, 0.0, 1.0);
                let x0 = rows.x0.clone().unwrap_or_else(|| discrete::source(path, &rows.x, draw, dtype));
                self.at(model, ctx, t, &rows.x, &Fixed { x0: Some(x0), ..fixed }, weight)
            }
        };
        rows.weight.map_or(loss, |w| loss * w)
    }

    /// As [`Objective::per_sample`], of the model's energy. Conditions are not hidden: candidates are those of one condition.
    fn energy_loss<'g>(
        &self,
        model: &Definition,
        ctx: &Context<'_, 'g>,
        rows: &Rows<Var<'g>>,
        weight: Option<&Graph>,
        draw: Draw<'g>,
    ) -> Var<'g> {
        let b = ctx.builder;
        let (Process::Gaussian(path), Some(candidates)) = (model.process(), &rows.candidates) else {
            return b.fail(GraphError::trace("energy_matching", "nothing to compare", "energies of candidates", "none"));
        };
        let weights = match candidates {
            Candidates::Energies(energy) => self.energy.unwrap_or_default().weights(*energy),
            Candidates::Weights(weights) => *weights,
        };
        let (batch, dtype) = (weights.shape()[0], weights.dtype());
        let u = self.layout_of(draw.uniform("objective.time", dtype, batch), batch);
        let times = energy::times(self, path);
        let t = self.sampler().sample(path, u, times.t_min, times.t_max);
        let noise = draw.normal("objective.noise", &rows.x);
        let contrast = Contrast { t, x: &rows.x, noise: &noise, condition: rows.condition.as_ref(), weights };
        let loss = contrast.loss(model, ctx, path);
        let loss = match &self.weight {
            Some(Weight::Function(weight)) => loss * weight.weight.evaluate(t),
            _ => loss,
        };
        let loss = weight.map_or(loss, |graph| loss * b.inline(graph, &[t])[0]);
        rows.weight.map_or(loss, |w| loss * w)
    }

    /// The uniform numbers of the rows, laid out over the batch.
    fn layout_of<'g>(&self, uniform: Var<'g>, batch: usize) -> Var<'g> {
        let b = uniform.builder();
        let rows: Vec<f64> = (0..batch).map(|row| self.layout.source(row) as f64).collect();
        let source = match self.layout {
            TimeLayout::Antithetic => uniform.gather(0, b.literal(Literal::dense(&rows, Type::new(DType::I64, vec![batch])))),
            _ => uniform,
        };
        layout(self.layout, source, b.iota(uniform.dtype(), batch), batch)
    }

    /// The condition, hidden in a share of the rows while training.
    fn hidden<'g>(&self, model: &Definition, ctx: &Context<'_, 'g>, condition: &Leaves<Var<'g>>, draw: Draw<'g>) -> Leaves<Var<'g>> {
        let Some(share) = model.common().condition_dropout.filter(|_| ctx.mode == Mode::Train) else { return condition.clone() };
        let rows = condition.first().shape()[0];
        let u = draw.uniform("objective.hide", model.dtype(), rows);
        model.hide_conditions(ctx, condition, u.lt(u.constant(share)))
    }

    /// Loss of each row, `[B]`, at given times `t [B]` and noise.
    pub fn at<'g>(
        &self,
        model: &Definition,
        ctx: &Context<'_, 'g>,
        t: Var<'g>,
        x: &Leaves<Var<'g>>,
        fixed: &Fixed<'g>,
        weight: Option<&Graph>,
    ) -> Var<'g> {
        let loss = match model.process() {
            Process::Gaussian(path) => gaussian::loss(self, model, ctx, path, t, x, fixed),
            Process::Interpolant(path) => interpolant::loss(self, model, ctx, path, t, x, fixed),
            Process::Discrete(path) => discrete::loss(self, model, ctx, path, t, x, fixed),
        };
        match weight {
            Some(graph) => loss * ctx.builder.inline(graph, &[t])[0],
            None => loss,
        }
    }
}

/// What is random in a loss, apart from its times, or goes with a row.
#[derive(Clone)]
pub struct Fixed<'g> {
    /// Source samples, for flows and bridges.
    pub x0: Option<Leaves<Var<'g>>>,
    /// Normal numbers like x; of a flow of tokens, uniform ones.
    pub noise: Leaves<Var<'g>>,
    /// Conditions.
    pub condition: Option<Leaves<Var<'g>>>,
}

/// ½ Σ of squared differences over all dimensions and leaves of a row, `[B]`.
fn half_squared_error<'g>(predicted: &Leaves<Var<'g>>, wanted: &Leaves<Var<'g>>) -> Var<'g> {
    let errors = predicted.zip(wanted, |p, w| {
        let difference = *p - *w;
        (difference * difference).sum(&(1..difference.rank()).collect::<Vec<_>>()) * 0.5
    });
    let first = *errors.first();
    errors.values().skip(1).fold(first, |sum, e| sum + *e)
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

fn unknown(expected: &str, kind: ObjectiveKind) -> ModelError {
    let got = serde_json::to_string(&kind).unwrap_or_default();
    ModelError::config("type", expected, got)
}
