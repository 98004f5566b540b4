//! Losses of diffusion models: score and flow matching along a Gaussian path.
//! The times that are drawn are those at which the target can be had from what the network predicts.

use super::{Fixed, Objective, ObjectiveKind, half_squared_error, per_row, unknown};
use crate::definition::At;
use crate::{Definition, ModelError, Result};
use thalweg_graph::{Leaves, Var};
use thalweg_nn::Context;
use thalweg_path::{Path, TimeDensity, TimeRange, interpolate, target};

/// See [`Objective::validate`].
pub fn validate(objective: &Objective, model: &Definition) -> Result<()> {
    if !matches!(objective.kind, ObjectiveKind::ScoreMatching | ObjectiveKind::FlowMatching) {
        return Err(unknown("\"score_matching\" or \"flow_matching\"", objective.kind));
    }
    let Some(path) = model.process().gaussian() else { return Ok(()) };
    let at = |place: &'static str| {
        move |e: thalweg_path::PathError| ModelError::config(format!("{place}.{}", e.field), e.expected.clone(), e.got.clone())
    };
    objective.sampler().validate(path, times(objective, model, path)).map_err(at("time"))?;
    objective.weight.as_ref().map_or(Ok(()), |w| w.validate(path).map_err(at("weight")))
}

/// The times that are drawn.
pub fn times(objective: &Objective, model: &Definition, path: &Path) -> TimeRange {
    let drawn = objective.sampler().range(path);
    model.range(objective.target()).map_or(drawn, |finite| finite.intersect(drawn))
}

/// See [`Objective::at`]; x is the data.
pub fn loss<'g>(
    objective: &Objective,
    model: &Definition,
    ctx: &Context<'_, 'g>,
    path: &Path,
    t: Var<'g>,
    x: &Leaves<Var<'g>>,
    fixed: &Fixed<'g>,
) -> Var<'g> {
    let which = objective.target();
    let xt = x.zip(&fixed.noise, |x, e| interpolate(path, per_row(t, *x), *x, *e));
    let predicted = model.function(ctx, which, &At { t, x: &xt, condition: fixed.condition.as_ref() });
    let wanted = x.zip(&fixed.noise, |x, e| target(path, which, per_row(t, *x), *x, *e));
    let loss = half_squared_error(&predicted, &wanted);
    objective.weight.as_ref().map_or(loss, |weight| loss * weight.factor(path, which, t))
}
