//! What sampling tokens can be told. Read once; unknown keys are errors.

use crate::sampling::guidance::Guidance;
use crate::sampling::options::{BatchSize, check_batch_size, check_span};
use crate::store::Weights;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_path::JumpRule;

/// Two times closer than this are one.
const CLOSE: f64 = 1e-9;

/// Where steps end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum TokenGrid {
    /// `steps` equal steps over all of `tSpan`.
    Uniform {},
    /// At these times, as far as they are within `tSpan`; `steps` is not used.
    Times {
        /// Times in [0, 1], strictly increasing.
        times: Vec<f64>,
    },
}

/// How tokens are sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DiscreteSampler {
    /// How the probability of a jump follows from its rate.
    pub method: JumpRule,
    /// Number of steps, each one evaluation of the network; ≥ 1. Default 100.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// Where steps end.
    pub grid: TokenGrid,
    /// η ≥ 0: tokens also go back to the source at a rate of ηκ̇(1 − κ), and forward at a higher one, so that mistakes are corrected; the distribution stays
    /// the same (Gat et al. 2024). Default 0.
    #[schemars(range(min = 0))]
    pub stochasticity: f64,
    /// Divides the logits; > 0. Below 1 likely tokens become likelier. Default 1: the distribution that was learned.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub temperature: f64,
    /// Whether a step that ends at t = 1 takes the likeliest token instead of drawing one.
    pub argmax_final: bool,
}

/// Most steps: all of them are laid out before the first one is taken.
const MOST: usize = 1_000_000;

impl Default for DiscreteSampler {
    fn default() -> Self {
        let (method, grid) = (JumpRule::default(), TokenGrid::Uniform {});
        DiscreteSampler { method, steps: 100, grid, stochasticity: 0.0, temperature: 1.0, argmax_final: false }
    }
}

impl DiscreteSampler {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault, below `sampler`.
    pub fn validate(&self) -> Result<()> {
        let fail = |field: &str, expected: &str, got: String| Err(ModelError::config(format!("sampler.{field}"), expected, got));
        if !(1..=MOST).contains(&self.steps) {
            return fail("steps", "a number from 1 to 1000000", self.steps.to_string());
        }
        if !(self.stochasticity.is_finite() && self.stochasticity >= 0.0) {
            return fail("stochasticity", "a finite number ≥ 0", self.stochasticity.to_string());
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return fail("temperature", "a finite number > 0", self.temperature.to_string());
        }
        match &self.grid {
            TokenGrid::Times { times } if !increasing(times) => {
                fail("grid.times", "times in [0, 1], strictly increasing", format!("{times:?}"))
            }
            _ => Ok(()),
        }
    }

    /// The times from the first of `span` to its last at which a step begins or ends; those of `span` are among them.
    pub fn times(&self, span: &[f64]) -> Vec<f64> {
        let (from, to) = (span[0], span[span.len() - 1]);
        let grid: Vec<f64> = match &self.grid {
            TokenGrid::Uniform {} => (1..self.steps).map(|k| from + (to - from) * k as f64 / self.steps as f64).collect(),
            TokenGrid::Times { times } => times.clone(),
        };
        let new = |t: &f64| *t > from && *t < to && span.iter().all(|s| (s - t).abs() > CLOSE);
        let mut times: Vec<f64> = grid.into_iter().filter(new).chain(span.iter().copied()).collect();
        times.sort_by(f64::total_cmp);
        times
    }
}

fn increasing(times: &[f64]) -> bool {
    !times.is_empty() && times.iter().all(|t| (0.0..=1.0).contains(t)) && times.windows(2).all(|w| w[0] < w[1])
}

/// Options of `sample` of a discrete flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DiscreteSampleOptions {
    /// How many samples (of each condition or start, if there are any).
    pub batch_size: Option<BatchSize>,
    /// Times at which a trajectory is returned, increasing, from 0 (source) to 1 (data); by default these two. The last one is where sampling ends: before 1
    /// tokens of the source are left.
    pub t_span: Option<Vec<f64>>,
    /// Seed of the start and of the draws. The random numbers of row i depend on the seed and on i alone.
    pub seed: i64,
    /// Which parameters: `"ema"` where there are any, or `"raw"`.
    pub weights: Weights,
    /// How tokens are sampled, instead of the config's.
    pub sampler: Option<DiscreteSampler>,
    /// Classifier-free guidance of the logits, for models trained with `conditionDropout`. Its `rescale` must be 0.
    pub guidance: Option<Guidance>,
    /// Whether to return all times, first dimension, instead of the last.
    pub trajectory: bool,
}

impl DiscreteSampleOptions {
    /// Reads and validates options.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn parse(json: &str) -> Result<DiscreteSampleOptions> {
        let options: DiscreteSampleOptions = crate::config::parse(json)?;
        check_batch_size(options.batch_size.as_ref())?;
        check_span(options.t_span.as_deref())?;
        if let Some(span) = options.t_span.as_ref().filter(|span| span.last().is_some_and(|&end| end > 1.0)) {
            return Err(ModelError::config("tSpan", "times ≤ 1", format!("{span:?}")));
        }
        options.sampler.as_ref().map_or(Ok(()), DiscreteSampler::validate)?;
        let Some(guidance) = &options.guidance else { return Ok(options) };
        guidance.validate()?;
        if guidance.rescale != 0.0 {
            return Err(ModelError::config("guidance.rescale", "0, since logits have no scale to keep", guidance.rescale));
        }
        Ok(options)
    }
}
