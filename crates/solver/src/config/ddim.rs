//! Settings of DDIM.
//! One number leads from a deterministic sampler to ancestral sampling.

use super::ode::is_default;
use super::{Scheme, Settings, positive_count};
use crate::exponential::Ddim;
use crate::{Grid, Problem, Quantity, Result, SolverError, Thresholding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of DDIM (Song, Meng & Ermon 2021, eq. 12 and 16).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DdimSolver {
    /// Number of steps, each one evaluation, over the whole time span, at least one per interval of tSpan; ≥ 1.
    #[schemars(range(min = 1))]
    pub steps: u32,
    /// Part of the noise that is drawn anew; 0 (deterministic) to 1 (ancestral).
    #[schemars(range(min = 0, max = 1))]
    pub eta: f64,
    /// Dynamic thresholding of the predicted datum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholding: Option<Thresholding>,
    /// How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`.
    #[serde(skip_serializing_if = "is_default")]
    pub grid: Grid,
    /// Whether the last state is replaced by the datum that the model predicts from it; one more evaluation.
    #[serde(skip_serializing_if = "is_default")]
    pub denoise_final: bool,
}

impl Default for DdimSolver {
    fn default() -> Self {
        DdimSolver { steps: 50, eta: 0.0, thresholding: None, grid: Grid::default(), denoise_final: false }
    }
}

impl Settings for DdimSolver {
    fn validate(&self) -> Result<()> {
        positive_count("steps", self.steps)?;
        self.grid.validate()?;
        if !(0.0..=1.0).contains(&self.eta) {
            return Err(SolverError::config("eta", "0 to 1", self.eta));
        }
        self.thresholding.as_ref().map_or(Ok(()), Thresholding::validate)
    }

    fn quantity(&self) -> Quantity {
        Quantity::Data
    }

    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme> {
        let nodes = self.grid.nodes(problem, t_span, self.steps as usize)?;
        Ok(Scheme { rule: Box::new(Ddim { eta: self.eta }), nodes })
    }

    fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grid
    }

    fn is_stochastic(&self) -> bool {
        self.eta > 0.0
    }

    fn steps(&self) -> usize {
        self.steps as usize
    }

    fn denoise_final(&self) -> bool {
        self.denoise_final
    }

    fn denoise_final_mut(&mut self) -> &mut bool {
        &mut self.denoise_final
    }

    fn thresholding(&self) -> Option<Thresholding> {
        self.thresholding
    }
}
