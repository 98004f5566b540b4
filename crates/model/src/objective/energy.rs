//! Contrastive energy prediction: the energy that guides a diffusion model at every time, from energies of data alone.
//! Lu et al. 2023, "Contrastive energy prediction for exact energy-guided diffusion sampling in offline reinforcement learning".

use super::{Objective, ObjectiveKind, unknown};
use crate::definition::At;
use crate::{Definition, ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};
use thalweg_nn::Context;
use thalweg_path::{Path, TimeDensity, TimeRange, Weight, interpolate};

/// How a candidate's energy E becomes its weight in contrastive energy prediction (Lu et al. 2023).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnergyWeights {
    /// exp(αE), divided by its mean over all rows and candidates of the data: the optimum is exact for every number of candidates.
    #[default]
    Exact,
    /// softmax of αE over the candidates of a row (GenerativeRL): bounded, but exact only in the limit of many candidates. With few the energy is too flat.
    Softmax,
}

/// Settings of `"energy_matching"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnergyMatching {
    /// α > 0, the inverse temperature: guided samples come from p·exp(αE).
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub alpha: f64,
    /// How energies become weights.
    #[serde(default)]
    pub weights: EnergyWeights,
}

fn one() -> f64 {
    1.0
}

impl Default for EnergyMatching {
    fn default() -> Self {
        EnergyMatching { alpha: 1.0, weights: EnergyWeights::Exact }
    }
}

impl EnergyMatching {
    /// Weights `[N, K]` of candidates with energies `[N, K]`; those of a row sum to 1, `exact` ones on average.
    pub fn weights<'g>(&self, energy: Var<'g>) -> Var<'g> {
        let (scaled, rows) = (energy * self.alpha, energy.shape()[0] as f64);
        match self.weights {
            EnergyWeights::Softmax => scaled.softmax(1),
            EnergyWeights::Exact => {
                let all = scaled.reshape(&[energy.ty().count()]);
                all.softmax(0).reshape(&energy.shape()) * rows
            }
        }
    }
}

/// See [`Objective::validate`].
pub fn validate(objective: &Objective, model: &Definition, path: &Path) -> Result<()> {
    if !model.has_energy() {
        return Err(unknown("another loss, since the model has no energy of its own", objective.kind));
    }
    if objective.kind == ObjectiveKind::EnergyMatching
        && let Some(settings) = objective.energy.filter(|s| !(s.alpha.is_finite() && s.alpha > 0.0))
    {
        return Err(ModelError::config("energy.alpha", "a finite number > 0", settings.alpha));
    }
    if !matches!(objective.weight, None | Some(Weight::Function(_))) {
        return Err(ModelError::config("weight.type", "\"function\", since an energy is no quantity of the path", "another"));
    }
    let at = |e: thalweg_path::PathError| ModelError::config(format!("time.{}", e.field), e.expected, e.got);
    objective.sampler().validate(path, times(objective, path)).map_err(at)
}

/// The times that are drawn: all of the path that the sampler can draw, since the loss divides by nothing.
pub fn times(objective: &Objective, path: &Path) -> TimeRange {
    objective.sampler().range(path)
}

/// What is compared: the candidates of each of B rows, noised to one time per row.
pub struct Contrast<'a, 'g> {
    /// Times `[B]`.
    pub t: Var<'g>,
    /// Candidates x₀ `[B·K, …]`, those of a row one after the other.
    pub x: &'a Leaves<Var<'g>>,
    /// Normal numbers like x.
    pub noise: &'a Leaves<Var<'g>>,
    /// Conditions `[B, …]`.
    pub condition: Option<&'a Leaves<Var<'g>>>,
    /// Weights w `[B, K]`.
    pub weights: Var<'g>,
}

impl<'g> Contrast<'_, 'g> {
    /// −Σ_k w_k·log softmax_k E_φ(t, x_t^k, c) of each row, `[B]`: the paper's loss, whose optimum is log E[exp(αE(x₀)) | x_t, c] up to a function of t
    /// and c.
    pub fn loss(&self, model: &Definition, ctx: &Context<'_, 'g>, path: &Path) -> Var<'g> {
        let shape = self.weights.shape();
        let (rows, candidates) = (shape[0], shape[1]);
        let t = each(self.t, rows, candidates);
        let xt = self.x.zip(self.noise, |x, e| interpolate(path, super::per_row(t, *x), *x, *e));
        let condition = self.condition.map(|c| c.map(|c| each(*c, rows, candidates)));
        let energy = model.energy(ctx, &At { t, x: &xt, condition: condition.as_ref() }).reshape(&shape);
        let log_softmax = energy - energy.log_sum_exp(1).unsqueeze(&[1]);
        -(self.weights * log_softmax).sum(&[1])
    }
}

/// `[B, …]` as `[B·K, …]`: each row K times.
fn each(v: Var<'_>, rows: usize, candidates: usize) -> Var<'_> {
    let shape = v.shape();
    let rest = shape.get(1..).unwrap_or(&[]);
    let spread = v.unsqueeze(&[1]).broadcast_to(&[&[rows, candidates], rest].concat());
    spread.reshape(&[&[rows * candidates], rest].concat())
}
