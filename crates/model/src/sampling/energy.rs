//! Guidance by an energy: sampling from p·exp(w·E) instead of p, by adding w∇E to the score.
//! Lu et al. 2023, "Contrastive energy prediction for exact energy-guided diffusion sampling", eq. 8.

use crate::definition::At;
use crate::objective::per_row;
use crate::process::Process;
use crate::{Definition, ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thalweg_graph::{Graph, Leaves, Scalar, Var, grad};
use thalweg_nn::Context;
use thalweg_path::{GaussianPath, Parameterization, Path, StochasticInterpolant};

/// In which point an energy written by the user is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnergyAt {
    /// In x_t itself, in the units that the network sees: exact where the energy is log E[exp E(x₀) | x_t] (Lu et al. 2023).
    #[default]
    State,
    /// In the model's expectation of the datum given x_t, in the user's units: approximate (Chung et al. 2023, diffusion posterior sampling), for energies of data.
    Data,
}

/// How strongly an energy guides, and where it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnergySettings {
    /// w; 1 samples from p·exp(E), 0 from p.
    #[serde(default = "one")]
    pub scale: f64,
    /// Where an energy written as a function is evaluated; without effect on a model's own energy.
    #[serde(default)]
    pub at: EnergyAt,
}

fn one() -> f64 {
    1.0
}

impl Default for EnergySettings {
    fn default() -> Self {
        EnergySettings { scale: 1.0, at: EnergyAt::State }
    }
}

/// Where E comes from.
#[derive(Clone)]
pub enum Source {
    /// The model's own energy network.
    Network,
    /// A function traced for each number of rows: inputs `t [B]`, `x`, `condition`; output `[B]`.
    Function(Vec<(usize, Arc<Graph>)>),
}

/// An energy that guides.
#[derive(Clone)]
pub struct Energy {
    /// Its strength.
    pub settings: EnergySettings,
    /// The function.
    pub source: Source,
    /// Whether data is normalised.
    pub normalized: bool,
}

impl Energy {
    /// What tells programs with different energies apart.
    pub fn key(&self) -> String {
        let graphs = match &self.source {
            Source::Network => Vec::new(),
            Source::Function(graphs) => graphs.iter().map(|(_, g)| Arc::as_ptr(g) as usize).collect(),
        };
        format!("{:?} {graphs:?}", self.settings)
    }

    /// Refuses an energy that the model cannot be guided by.
    ///
    /// # Errors
    /// A `ConfigError` with what is missing.
    pub fn check(&self, model: &Definition) -> Result<()> {
        if !self.settings.scale.is_finite() {
            return Err(ModelError::config("energy.scale", "a finite number", self.settings.scale));
        }
        if factor_path(model).is_none() {
            let expected = "a model with a score (a diffusion model, or a flow with a standard normal source)";
            return Err(ModelError::config("energy", expected, model.config().class()));
        }
        Ok(())
    }

    /// `value`, a quantity of the model's, guided.
    pub fn guide<'g>(
        &self,
        model: &Definition,
        ctx: &Context<'_, 'g>,
        which: Parameterization,
        at: &At<'_, 'g>,
        value: &Leaves<Var<'g>>,
    ) -> Leaves<Var<'g>> {
        let Some((path, mirrored)) = factor_path(model) else { return value.clone() };
        let energy = self.value(model, ctx, at).sum_all();
        let wrt: Vec<Var<'g>> = at.x.values().copied().collect();
        let mut gradients = grad(energy, &wrt).into_iter();
        at.x.zip(value, |x, value| match gradients.next() {
            Some(gradient) => {
                let t = per_row(at.t, *x);
                let factor = factor(&path, which, if mirrored { t.constant(1.0) - t } else { t });
                let sign = if mirrored && which == Parameterization::Velocity { -1.0 } else { 1.0 };
                *value + factor * gradient * (sign * self.settings.scale)
            }
            None => *value,
        })
    }

    /// E of each row, `[B]`.
    fn value<'g>(&self, model: &Definition, ctx: &Context<'_, 'g>, at: &At<'_, 'g>) -> Var<'g> {
        let b = ctx.builder;
        let rows = at.x.first().shape()[0];
        match &self.source {
            Source::Network => model.energy(ctx, at),
            Source::Function(graphs) => {
                let Some((_, graph)) = graphs.iter().find(|(n, _)| *n == rows) else {
                    let expected = "an energy traced for this number of rows";
                    return b.fail(thalweg_graph::GraphError::trace("energy", "not traced", expected, rows.to_string()));
                };
                let x = match self.settings.at {
                    EnergyAt::State => at.x.clone(),
                    EnergyAt::Data => {
                        let data = model.function(ctx, Parameterization::Data, at);
                        crate::bind::denormalize(b, &data, self.normalized)
                    }
                };
                let inputs = [("x", Some(&x)), ("condition", at.condition)];
                let mut named = vec![("t".to_string(), at.t)];
                for (prefix, leaves) in inputs {
                    let leaves = leaves.into_iter().flat_map(|l| l.iter());
                    named.extend(leaves.map(|(leaf, v)| (crate::definition::leaf_name(prefix, leaf), *v)));
                }
                let unknown = |name: &str| b.fail(thalweg_graph::GraphError::trace("energy", "unknown input", "t, x or condition", name));
                let argument = |name: &str| named.iter().find(|(n, _)| n == name).map_or_else(|| unknown(name), |(_, v)| *v);
                let args: Vec<Var<'g>> = graph.inputs.iter().map(|input| argument(&input.name)).collect();
                b.inline(graph, &args)[0]
            }
        }
    }
}

/// The Gaussian path whose score an energy is added to, and whether its time runs against the model's.
fn factor_path(model: &Definition) -> Option<(Path, bool)> {
    match model.process() {
        Process::Gaussian(path) => Some((path.clone(), false)),
        Process::Interpolant(path) => path.as_gaussian().map(|path| (path, true)),
        Process::Discrete(_) => None,
    }
}

/// What a quantity gains where the score gains 1 (MATH: S + w∇E, ε − wσ∇E, v − w(σΔ/s)∇E, D + w(σ²/s)∇E).
fn factor<S: Scalar>(path: &Path, which: Parameterization, t: S) -> S {
    let sigma = path.std(t);
    match which {
        Parameterization::Score => t.constant(1.0),
        Parameterization::Noise => -sigma,
        Parameterization::Velocity => -(sigma * path.delta(t) / path.scale(t)),
        Parameterization::Data => sigma.square() / path.scale(t),
    }
}
