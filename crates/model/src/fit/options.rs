//! What `fit` can be told. Read once; unknown keys are errors.

use crate::objective::{Objective, ObjectiveKind};
use crate::optimizer::Optimizer;
use crate::posthoc::PosthocEma;
use crate::step::Ema;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A loss by name, or with settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Loss {
    /// With vanilla weighting.
    Kind(ObjectiveKind),
    /// With settings.
    Objective(Objective),
}

impl Loss {
    /// The objective.
    pub fn objective(self) -> Objective {
        match self {
            Loss::Kind(kind) => kind.into(),
            Loss::Objective(objective) => objective,
        }
    }
}

/// What to do with the rows that do not fill a last batch of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LastBatch {
    /// Leave them out of this epoch (each epoch is shuffled anew).
    #[default]
    Drop,
    /// Make a smaller batch of them.
    Keep,
}

/// When the validation loss is computed. It uses the EMA weights, no dropout, and the same times and noise each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validation {
    /// Steps between two evaluations; ≥ 1.
    #[schemars(range(min = 1))]
    pub every: u32,
}

/// When to stop early: the validation loss has not fallen for some evaluations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EarlyStop {
    /// Evaluations without a better loss before the run stops; ≥ 1.
    #[schemars(range(min = 1))]
    pub patience: u32,
    /// By how much a loss has to be lower to count as better; ≥ 0.
    #[serde(default)]
    pub min_delta: f64,
}

/// When to pause for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Every {
    /// Steps between two pauses; ≥ 1.
    #[schemars(range(min = 1))]
    pub steps: u32,
}

/// Where to save while training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Saving {
    /// The checkpoint's folder.
    pub dir: String,
    /// Steps between two saves; ≥ 1.
    #[schemars(range(min = 1))]
    pub every: u32,
}

/// Options of `fit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FitOptions {
    /// The loss; by default `"flow_matching"`, and of a Schrödinger bridge `"bridge_matching"`. `"energy_matching"` trains a model's own energy, and nothing else.
    pub loss: Option<Loss>,
    /// Rows per step; ≥ 1, and at most the number of rows.
    #[schemars(range(min = 1))]
    pub batch_size: u32,
    /// Steps to take, ≥ 1; give this or `epochs`.
    #[schemars(range(min = 1))]
    pub steps: Option<u64>,
    /// Passes over the data to take, ≥ 1; give this or `steps`.
    #[schemars(range(min = 1))]
    pub epochs: Option<u64>,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// Moving average of the parameters; `null` for none.
    pub ema: Option<Ema>,
    /// Averages that are tracked so that one of any other length can be made after training (`posthocEma` of a model); `null` for none.
    pub posthoc_ema: Option<PosthocEma>,
    /// Seed of the order of rows, times, noise and dropout.
    pub seed: i64,
    /// Whether to shift and scale each column of the data to mean 0 and standard deviation 1 (kept in the checkpoint, undone on sampling). Without effect on
    /// `"energy_matching"`: an energy is fitted in the units that its model has, which later fits of the model then keep. Tokens are never normalised.
    pub normalize: bool,
    /// What to do with a last, smaller batch.
    pub last_batch: LastBatch,
    /// When to validate, if validation data is given.
    pub validation: Option<Validation>,
    /// When to stop early.
    pub early_stop: Option<EarlyStop>,
    /// Folder for the checkpoint of the best validation loss.
    pub best: Option<String>,
    /// When to pause for the caller.
    pub every: Option<Every>,
    /// Over how many batches a step's gradient is averaged; ≥ 1.
    #[schemars(range(min = 1))]
    pub accumulate: u32,
    /// Parameters, by prefix of their names, that stay as they are.
    pub frozen: Vec<String>,
    /// Where to save while training.
    pub checkpoint: Option<Saving>,
    /// Whether to go on from the training state that was loaded, instead of starting anew.
    pub resume: bool,
}

impl Default for FitOptions {
    fn default() -> Self {
        FitOptions {
            loss: None,
            batch_size: 512,
            steps: None,
            epochs: None,
            optimizer: Optimizer::default(),
            ema: Some(Ema::Decay(0.999)),
            posthoc_ema: None,
            seed: 0,
            normalize: true,
            last_batch: LastBatch::Drop,
            validation: None,
            early_stop: None,
            best: None,
            every: None,
            accumulate: 1,
            frozen: Vec::new(),
            checkpoint: None,
            resume: false,
        }
    }
}

impl FitOptions {
    /// Reads and validates options.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn parse(json: &str) -> Result<FitOptions> {
        let o: FitOptions = crate::config::parse(json)?;
        let positive = [
            ("batchSize", Some(o.batch_size as u64)),
            ("steps", o.steps),
            ("epochs", o.epochs),
            ("accumulate", Some(o.accumulate as u64)),
            ("validation.every", o.validation.map(|v| v.every as u64)),
            ("every.steps", o.every.map(|v| v.steps as u64)),
            ("checkpoint.every", o.checkpoint.as_ref().map(|v| v.every as u64)),
            ("earlyStop.patience", o.early_stop.map(|v| v.patience as u64)),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == Some(0)) {
            return Err(ModelError::config(*name, "an integer ≥ 1", 0));
        }
        match (o.steps, o.epochs) {
            (None, None) => return Err(ModelError::config("steps", "steps or epochs", "neither")),
            (Some(_), Some(_)) => return Err(ModelError::config("epochs", "steps or epochs", "both")),
            _ => {}
        }
        for (name, asked) in [("best", o.best.is_some()), ("earlyStop", o.early_stop.is_some())] {
            if asked && o.validation.is_none() {
                return Err(ModelError::config(name, "validation data beside it, whose loss decides", "none"));
            }
        }
        if let Some(ema) = o.ema.filter(|e| !(0.0..1.0).contains(&e.limit())) {
            return Err(ModelError::config("ema", "a decay in [0, 1)", ema.limit()));
        }
        o.posthoc_ema.as_ref().map_or(Ok(()), PosthocEma::validate)?;
        o.optimizer.validate()?;
        Ok(o)
    }
}
