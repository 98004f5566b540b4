//! Settings of UniPC.
//! Its two variants differ in one function B(h), and only where the weights are not determined by the order.

use super::ode::is_default;
use super::{Scheme, Settings, check_thresholding, lower_order_final, order_within, positive_count};
use crate::exponential::{Form, UniPc};
use crate::{Grid, Problem, Quantity, Result, Thresholding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The function B(h) of UniPC (Zhao et al. 2023).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UniPcVariant {
    /// B(h) = h.
    Bh1,
    /// B(h) = eʰ − 1.
    #[default]
    Bh2,
}

/// What UniPC predicts and corrects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UniPcPrediction {
    /// The noise.
    Noise,
    /// The datum: starts also where s = 0, bears guidance and thresholding.
    #[default]
    Data,
}

/// Settings of UniPC (Zhao et al. 2023, algorithms 1 and 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct UniPcSolver {
    /// Order of the predictor; 1 to 3. The corrector's is one higher.
    #[schemars(range(min = 1, max = 3))]
    pub order: u32,
    /// Number of steps, each one evaluation, over the whole time span, at least one per interval of tSpan; ≥ 1.
    #[schemars(range(min = 1))]
    pub steps: u32,
    /// B(h).
    pub variant: UniPcVariant,
    /// What is predicted and corrected.
    pub prediction: UniPcPrediction,
    /// Whether the last steps are of orders 2 and 1. If not given: where there are fewer than 15 steps, or the last one is longer than 1 in λ = log(s/σ), as it is
    /// where the span ends at or near σ = 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_order_final: Option<bool>,
    /// Dynamic thresholding of the predicted datum; not with the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholding: Option<Thresholding>,
    /// How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`.
    #[serde(skip_serializing_if = "is_default")]
    pub grid: Grid,
    /// Whether the last state is replaced by the datum that the model predicts from it; one more evaluation.
    #[serde(skip_serializing_if = "is_default")]
    pub denoise_final: bool,
}

impl Default for UniPcSolver {
    fn default() -> Self {
        UniPcSolver {
            order: 3,
            steps: 20,
            variant: UniPcVariant::default(),
            prediction: UniPcPrediction::default(),
            lower_order_final: None,
            thresholding: None,
            grid: Grid::default(),
            denoise_final: false,
        }
    }
}

impl UniPcSolver {
    fn form(&self) -> Form {
        if self.prediction == UniPcPrediction::Noise { Form::Noise } else { Form::Data }
    }
}

impl Settings for UniPcSolver {
    fn validate(&self) -> Result<()> {
        order_within(self.order, 3)?;
        positive_count("steps", self.steps)?;
        self.grid.validate()?;
        check_thresholding(self.thresholding.as_ref(), self.form(), "none, or a prediction of data", "thresholding with noise")
    }

    fn quantity(&self) -> Quantity {
        self.form().quantity()
    }

    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme> {
        let nodes = self.grid.nodes(problem, t_span, self.steps as usize)?;
        let lower_final = lower_order_final(self.lower_order_final, self.steps as usize, &self.grid, problem, t_span)?;
        let rule = UniPc { form: self.form(), order: self.order as usize, variant: self.variant, lower_final };
        Ok(Scheme { rule: Box::new(rule), nodes })
    }

    fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grid
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
