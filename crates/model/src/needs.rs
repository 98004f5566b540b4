//! Which forwards of TypeScript modules a job will use: asked on the main thread before the job is submitted.

use crate::external::Need;
use crate::fit::{FitOptions, VALIDATION_ROWS, batches};
use crate::model::Model;
use crate::objective::mode;
use crate::sampling::{DiscreteSampleOptions, SampleOptions, chunk_rows, rows_of};
use crate::{ModelError, Result};
use serde::Deserialize;
use thalweg_nn::Mode;

/// A job that is about to be submitted.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Ahead {
    /// `fit` of `rows` rows.
    Fit {
        options: serde_json::Value,
        rows: usize,
        #[serde(default)]
        validation_rows: usize,
        /// The number of candidates of a row, of an energy's loss.
        #[serde(default = "one")]
        candidates: usize,
        /// The same of the validation's rows.
        #[serde(default = "one")]
        validation_candidates: usize,
    },
    /// Sampling, with `given` starts or conditions.
    Sample { options: serde_json::Value, given: Option<usize> },
    /// A loss of `rows` rows.
    Loss {
        rows: usize,
        training: bool,
        #[serde(default = "one")]
        candidates: usize,
    },
    /// One of the four functions at `rows` rows.
    Call { rows: usize },
}

fn one() -> usize {
    1
}

impl Model {
    /// The forwards that are not known yet, of the job that `json` describes.
    ///
    /// # Errors
    /// A `ConfigError` if the description or its options are wrong.
    pub fn needs_of(&self, json: &str) -> Result<Vec<Need>> {
        let sizes: Vec<(Mode, usize)> = match crate::config::parse::<Ahead>(json)? {
            Ahead::Fit { options, rows, validation_rows, candidates, validation_candidates } => {
                let options = FitOptions::parse(&options.to_string())?;
                let plan = batches(&options, rows);
                let full = validation_rows / VALIDATION_ROWS * VALIDATION_ROWS;
                let validation = [VALIDATION_ROWS.min(full), validation_rows - full].into_iter().filter(|&n| n > 0);
                let train = [plan.batch, plan.rest].into_iter().filter(|&n| n > 0);
                train.map(|n| (Mode::Train, n * candidates)).chain(validation.map(|n| (Mode::Sample, n * validation_candidates))).collect()
            }
            Ahead::Sample { options, given } if self.definition().tokens().is_some() => {
                let options = DiscreteSampleOptions::parse(&options.to_string())?;
                chunk_rows(rows_of(options.batch_size.as_ref(), given)).into_iter().map(|n| (Mode::Sample, n)).collect()
            }
            Ahead::Sample { options, given } => {
                let options = SampleOptions::parse(&options.to_string())?;
                chunk_rows(rows_of(options.batch_size.as_ref(), given)).into_iter().map(|n| (Mode::Sample, n)).collect()
            }
            Ahead::Loss { rows, training, candidates } => vec![(mode(training), rows * candidates)],
            Ahead::Call { rows } => vec![(Mode::Sample, rows)],
        };
        if let Some((_, rows)) = sizes.iter().find(|(_, rows)| *rows == 0) {
            return Err(ModelError::expected("DataError", "no data", "at least one row", rows));
        }
        let mut all: Vec<Need> = sizes.into_iter().flat_map(|(mode, rows)| self.needs(mode, rows)).collect();
        all.dedup();
        Ok(all)
    }
}
