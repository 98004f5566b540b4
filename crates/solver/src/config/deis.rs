//! Settings of DEIS.
//! The variable of its polynomials is its one choice besides the order.

use super::ode::is_default;
use super::{Scheme, Settings, lower_order_final, order_within, positive_count};
use crate::exponential::Deis;
use crate::{Grid, Problem, Quantity, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The variable in which DEIS extrapolates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeisVariable {
    /// Time (tAB).
    #[default]
    Time,
    /// log(s/σ).
    LogSnr,
}

/// How DEIS of orders 3 and 4 starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeisStart {
    /// With singlestep steps of DPM-Solver, of order one less; they make one or two more evaluations each.
    #[default]
    Singlestep,
    /// With steps of orders 1, 2, … as published and in other libraries: the whole is of order 2.
    LowerOrder,
}

/// Settings of DEIS (Zhang & Chen 2023, tAB-DEIS), on the predicted noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DeisSolver {
    /// Number of evaluations that are extrapolated; 1 to 4. Order 1 is DDIM.
    #[schemars(range(min = 1, max = 4))]
    pub order: u32,
    /// Number of steps, each one evaluation except the first ones of orders 3 and 4, over the whole time span, at least one per interval of tSpan; ≥ 1.
    #[schemars(range(min = 1))]
    pub steps: u32,
    /// The variable in which the noise is extrapolated.
    pub variable: DeisVariable,
    /// How orders 3 and 4 start.
    #[serde(skip_serializing_if = "is_default")]
    pub start: DeisStart,
    /// Whether the last steps are of lower order. If not given: where there are fewer than 15 steps, or the last one is longer than 1 in λ = log(s/σ), as it is
    /// where the span ends at or near σ = 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_order_final: Option<bool>,
    /// How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`.
    #[serde(skip_serializing_if = "is_default")]
    pub grid: Grid,
    /// Whether the last state is replaced by the datum that the model predicts from it; one more evaluation.
    #[serde(skip_serializing_if = "is_default")]
    pub denoise_final: bool,
}

impl Default for DeisSolver {
    fn default() -> Self {
        let (variable, start, grid) = (DeisVariable::default(), DeisStart::default(), Grid::default());
        DeisSolver { order: 3, steps: 20, variable, start, lower_order_final: None, grid, denoise_final: false }
    }
}

impl Settings for DeisSolver {
    fn validate(&self) -> Result<()> {
        order_within(self.order, 4)?;
        positive_count("steps", self.steps)?;
        self.grid.validate()
    }

    fn quantity(&self) -> Quantity {
        Quantity::Noise
    }

    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme> {
        let nodes = self.grid.nodes(problem, t_span, self.steps as usize)?;
        let lower_final = lower_order_final(self.lower_order_final, self.steps as usize, &self.grid, problem, t_span)?;
        let singlestep_start = self.start == DeisStart::Singlestep;
        let rule = Deis { order: self.order as usize, variable: self.variable, singlestep_start, lower_final };
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
}
