//! What sampling and likelihoods can be told. Read once; unknown keys are errors.

use super::density::Divergence;
use super::energy::EnergySettings;
use super::guidance::Guidance;
use super::resample::Resample;
use crate::store::Weights;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_path::{Diffusion as Spread, GaussianPath, Path};
use thalweg_solver::SolverConfig;

/// A number of samples, or a shape of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BatchSize {
    /// So many.
    Count(usize),
    /// As many as fill this shape.
    Shape(Vec<usize>),
}

impl BatchSize {
    /// As a shape.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            BatchSize::Count(n) => vec![*n],
            BatchSize::Shape(shape) => shape.clone(),
        }
    }
}

/// Options of `sample`, `sampleForwardProcess` and `forwardSample`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SampleOptions {
    /// How many samples (of each condition or start, if there are any).
    pub batch_size: Option<BatchSize>,
    /// Times at which a trajectory is returned, increasing; the last one is where sampling ends. Of a diffusion model τ = t_max − t, from 0 (noise)
    /// to t_max (data); of a flow t, from 0 (source) to 1 (data). Clamped to the times at which the model's velocity is finite.
    pub t_span: Option<Vec<f64>>,
    /// Seed of the start and of the SDE's noise. The random numbers of row i depend on the seed and on i alone; so does the row, up to rounding
    /// and, with an adaptive solver, up to its tolerance, since all rows of a chunk share their steps.
    pub seed: i64,
    /// Which parameters: `"ema"` where there are any, or `"raw"`.
    pub weights: Weights,
    /// Solver, instead of the config's.
    pub solver: Option<SolverConfig>,
    /// Diffusion h(t) of an SDE solver.
    pub diffusion: Option<Spread>,
    /// Another path along which a diffusion model is sampled, than the one it was trained on: `tSpan` and the solver's grid are times of this one.
    pub schedule: Option<Path>,
    /// Classifier-free guidance, for models trained with `conditionDropout`.
    pub guidance: Option<Guidance>,
    /// Guidance by an energy, the model's own or one that is given as a function.
    pub energy: Option<EnergySettings>,
    /// Weight g of this model where another one guides: (1 − g)·other + g·this.
    pub other_scale: Option<f64>,
    /// Repeats stretches of steps, so that sampled coordinates agree with known ones (`fixedX`, `fixedMask`). Solvers of single steps, on Gaussian paths.
    pub resample: Option<Resample>,
    /// Whether to return all times, first dimension, instead of the last.
    pub trajectory: bool,
    /// Whether to go from data to noise.
    pub forward: bool,
    /// Whether to return the log density of each sample too.
    pub log_prob: bool,
    /// How the divergence of the velocity is computed for `logProb`; by default exactly up to 64 dimensions.
    pub divergence: Option<Divergence>,
}

/// Options of `logProb`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogProbOptions {
    /// Times over which the flow is followed from data to noise, increasing: t of a diffusion model, from 0 to t_max; 1 − t of a flow.
    pub t_span: Option<Vec<f64>>,
    /// Seed of Hutchinson's probe; row i's depends on the seed and on i alone.
    pub seed: i64,
    /// Which parameters: `"ema"` where there are any, or `"raw"`.
    pub weights: Weights,
    /// An ODE solver; by default the config's, or dopri5 with rtol and atol 1e-5 where that is no ODE solver.
    pub solver: Option<SolverConfig>,
    /// Classifier-free guidance, for models trained with `conditionDropout`.
    pub guidance: Option<Guidance>,
    /// How the divergence of the velocity is computed; by default exactly up to 64 dimensions, else by Hutchinson's estimate.
    pub divergence: Option<Divergence>,
}

impl SampleOptions {
    /// Reads and validates options.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn parse(json: &str) -> Result<SampleOptions> {
        let options: SampleOptions = crate::config::parse(json)?;
        check_batch_size(options.batch_size.as_ref())?;
        check_span(options.t_span.as_deref())?;
        check_solver(options.solver.as_ref())?;
        if let Some(diffusion) = &options.diffusion {
            diffusion.validate().map_err(|e| ModelError::config(format!("diffusion.{}", e.field), e.expected, e.got))?;
        }
        if let Some(schedule) = &options.schedule {
            schedule.validate().map_err(|e| ModelError::config(format!("schedule.{}", e.field), e.expected, e.got))?;
        }
        options.guidance.as_ref().map_or(Ok(()), Guidance::validate)?;
        options.resample.as_ref().map_or(Ok(()), Resample::validate)?;
        match options.other_scale {
            Some(scale) if !scale.is_finite() => Err(ModelError::config("guide.scale", "a finite number", scale)),
            _ => Ok(options),
        }
    }
}

impl LogProbOptions {
    /// Reads and validates options.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn parse(json: &str) -> Result<LogProbOptions> {
        let options: LogProbOptions = crate::config::parse(json)?;
        check_span(options.t_span.as_deref())?;
        check_solver(options.solver.as_ref())?;
        options.guidance.as_ref().map_or(Ok(()), Guidance::validate)?;
        Ok(options)
    }
}

fn check_solver(solver: Option<&SolverConfig>) -> Result<()> {
    solver.map_or(Ok(()), |solver| solver.validate().map_err(|e| ModelError::from(e).under("solver.args")))
}

pub(super) fn check_batch_size(size: Option<&BatchSize>) -> Result<()> {
    match size.map(BatchSize::shape) {
        Some(shape) if shape.is_empty() || shape.contains(&0) => {
            Err(ModelError::config("batchSize", "an integer ≥ 1, or a list of them", format!("{shape:?}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_span(span: Option<&[f64]>) -> Result<()> {
    let Some(span) = span else { return Ok(()) };
    let increasing = span.windows(2).all(|w| w[0] < w[1]);
    if span.len() < 2 || !increasing || span.iter().any(|t| !t.is_finite() || *t < 0.0) {
        return Err(ModelError::config("tSpan", "at least two times ≥ 0, strictly increasing", format!("{span:?}")));
    }
    Ok(())
}
