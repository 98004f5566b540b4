//! Losses of flows and bridges: the velocity of a path between a source sample and a datum, and a bridge's score.
//! Lipman et al. 2023; Tong et al. 2024, "Improving and generalizing flow-based generative models" and "Simulation-free score and flow matching".

use super::{Fixed, Objective, ObjectiveKind, half_squared_error, per_row, unknown};
use crate::definition::At;
use crate::{Definition, ModelError, Result};
use thalweg_graph::{Leaves, Var};
use thalweg_nn::Context;
use thalweg_path::{Interpolant, StochasticInterpolant, TimeRange, TimeSampler, Weight};

/// See [`Objective::validate`].
pub fn validate(objective: &Objective, model: &Definition) -> Result<()> {
    if objective.kind == ObjectiveKind::EnergyMatching {
        return Err(unknown("another loss, since the model has no energy of its own", objective.kind));
    }
    if model.networks() == 1 && objective.kind != ObjectiveKind::FlowMatching {
        return Err(unknown("\"flow_matching\", since the model has a velocity only", objective.kind));
    }
    match objective.sampler() {
        TimeSampler::Uniform(_) | TimeSampler::LogitNormal(_) => {}
        _ => {
            let expected = "\"uniform\" or \"logit_normal\", since a flow has no signal-to-noise ratio";
            return Err(ModelError::config("time.type", expected, "another"));
        }
    }
    match &objective.weight {
        None | Some(Weight::Function(_)) => Ok(()),
        Some(_) => Err(ModelError::config("weight.type", "\"function\", since a flow has no signal-to-noise ratio", "another")),
    }
}

/// The times that are drawn: those at which the target is finite.
pub fn times(path: &Interpolant) -> TimeRange {
    path.range()
}

/// See [`Objective::at`]; x is the data, `fixed.x0` the source.
pub fn loss<'g>(
    objective: &Objective,
    model: &Definition,
    ctx: &Context<'_, 'g>,
    path: &Interpolant,
    t: Var<'g>,
    x: &Leaves<Var<'g>>,
    fixed: &Fixed<'g>,
) -> Var<'g> {
    let x0 = fixed.x0.as_ref().unwrap_or(&fixed.noise);
    let three = |f: &dyn Fn(Var<'g>, Var<'g>, Var<'g>, Var<'g>) -> Var<'g>| {
        x0.zip(&x0.zip(x, |a, b| (*a, *b)).zip(&fixed.noise, |(a, b), e| (*a, *b, *e)), |_, (a, b, e)| f(per_row(t, *a), *a, *b, *e))
    };
    let xt = three(&|t, x0, x1, noise| path.interpolate(t, x0, x1, noise));
    let at = At { t, x: &xt, condition: fixed.condition.as_ref() };
    let velocity = || {
        let predicted = model.velocity(ctx, &at);
        half_squared_error(&predicted, &three(&|t, x0, x1, noise| path.target(t, x0, x1, noise)))
    };
    let loss = match (objective.kind, path) {
        (ObjectiveKind::FlowMatching, _) => velocity(),
        (kind, Interpolant::SchrodingerBridge(bridge)) => {
            let noise = model.scaled_score(ctx, &at).map(|s| -(bridge.score_weight(per_row(t, *s)) * *s));
            let score = half_squared_error(&noise, &fixed.noise);
            if kind == ObjectiveKind::ScoreMatching { score } else { velocity() + score }
        }
        (_, _) => velocity(),
    };
    match &objective.weight {
        Some(Weight::Function(weight)) => loss * weight.weight.evaluate(t),
        _ => loss,
    }
}
