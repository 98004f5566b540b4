//! Settings of DPM-Solver, DPM-Solver++ and SDE-DPM-Solver++, every published variant by name.
//! Variants that differ in more than a coefficient are a choice here and a formula in `exponential`.

use super::ode::is_default;
use super::{Scheme, Settings, check_thresholding, ends_on_data, lower_order_final, order_within, positive_count};
use crate::exponential::{Form, Multistep, Singlestep, singlestep_plan};
use crate::{Grid, Problem, Quantity, Result, SolverError, Thresholding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which dynamics are solved, and in which prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DpmAlgorithm {
    /// The ODE, on the predicted noise (Lu et al. 2022, DPM-Solver).
    #[serde(rename = "dpmsolver")]
    Noise,
    /// The ODE, on the predicted datum (Lu et al. 2022, DPM-Solver++): starts also where s = 0, bears guidance and thresholding.
    #[default]
    #[serde(rename = "dpmsolver++")]
    Data,
    /// The SDE with the path's own diffusion g, on the predicted datum (Lu et al. 2022, DPM-Solver++, section 5); multistep only.
    #[serde(rename = "sde-dpmsolver++")]
    Sde,
}

/// Where a step of higher order takes its further evaluations from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DpmMethod {
    /// From within the step: as many evaluations as its order.
    Singlestep,
    /// From earlier steps: one evaluation per step.
    #[default]
    Multistep,
}

/// How a formula of second order (and singlestep of third order) weighs differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Expansion {
    /// As in the papers' algorithms.
    #[default]
    #[serde(rename = "dpmsolver")]
    DpmSolver,
    /// The terms of the Taylor expansion, integrated exactly.
    #[serde(rename = "taylor")]
    Taylor,
}

/// The multistep formula of order 3, and how it starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ThirdOrder {
    /// Order 3: with the whole second derivative, after two singlestep steps of order 2 (one evaluation more each).
    #[default]
    Corrected,
    /// As published and in other libraries, with half of the second derivative, after steps of orders 1 and 2: order 2, often better below 10 steps.
    Published,
}

/// Where the inner evaluations of singlestep steps lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StagePlacement {
    /// At ½, or ⅓ and ⅔, of the step in log(s/σ).
    #[default]
    Fractions,
    /// At the grid's own times, of which a step takes as many as its order, as GenerativeRL does.
    Grid,
}

/// Settings of DPM-Solver in its variants (Lu et al. 2022: DPM-Solver, of the noise; DPM-Solver++, of the datum).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DpmSolver {
    /// Order of a step; 1 to 3. Order 1 is DDIM.
    #[schemars(range(min = 1, max = 3))]
    pub order: u32,
    /// Evaluations over the whole time span, at least one per interval of tSpan; ≥ 1. Singlestep makes multiples of its order in each interval, except in the
    /// last one with `lowerOrderFinal`. With `thirdOrder: "corrected"`, order 3 multistep makes two more.
    #[schemars(range(min = 1))]
    pub steps: u32,
    /// Which dynamics are solved, and in which prediction. From a time at which s = 0, only those on the datum can start; their first step then is the
    /// limit of order 1.
    pub algorithm: DpmAlgorithm,
    /// Where a step of higher order takes its further evaluations from.
    pub method: DpmMethod,
    /// How differences are weighed.
    #[serde(skip_serializing_if = "is_default")]
    pub expansion: Expansion,
    /// Multistep formula of order 3.
    #[serde(skip_serializing_if = "is_default")]
    pub third_order: ThirdOrder,
    /// Where the inner evaluations of singlestep steps lie.
    #[serde(skip_serializing_if = "is_default")]
    pub stages: StagePlacement,
    /// Whether the last steps are of lower order: multistep ends with orders 2 and 1, singlestep with what fills up `steps`. If not given: where there are
    /// fewer than 15 steps, or the last one is longer than 1 in λ = log(s/σ), as it is where the span ends at or near σ = 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_order_final: Option<bool>,
    /// Dynamic thresholding of the predicted datum; not with `dpmsolver`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholding: Option<Thresholding>,
    /// How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`.
    #[serde(skip_serializing_if = "is_default")]
    pub grid: Grid,
    /// Whether the last state is replaced by the datum that the model predicts from it; one more evaluation.
    #[serde(skip_serializing_if = "is_default")]
    pub denoise_final: bool,
}

impl Default for DpmSolver {
    fn default() -> Self {
        DpmSolver {
            order: 2,
            steps: 20,
            algorithm: DpmAlgorithm::default(),
            method: DpmMethod::default(),
            expansion: Expansion::default(),
            third_order: ThirdOrder::default(),
            stages: StagePlacement::default(),
            lower_order_final: None,
            thresholding: None,
            grid: Grid::default(),
            denoise_final: false,
        }
    }
}

impl DpmSolver {
    fn form(&self) -> Form {
        match self.algorithm {
            DpmAlgorithm::Noise => Form::Noise,
            DpmAlgorithm::Data => Form::Data,
            DpmAlgorithm::Sde => Form::Stochastic,
        }
    }
}

impl Settings for DpmSolver {
    fn validate(&self) -> Result<()> {
        order_within(self.order, 3)?;
        positive_count("steps", self.steps)?;
        self.grid.validate()?;
        if self.algorithm == DpmAlgorithm::Sde && self.method == DpmMethod::Singlestep && self.order > 1 {
            return Err(SolverError::config("method", "multistep (sde-dpmsolver++ has no singlestep steps above order 1)", "singlestep"));
        }
        let expected = "none, or an algorithm on the datum (dpmsolver++)";
        check_thresholding(self.thresholding.as_ref(), self.form(), expected, "thresholding with dpmsolver")
    }

    fn quantity(&self) -> Quantity {
        self.form().quantity()
    }

    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme> {
        let (order, form, expansion) = (self.order as usize, self.form(), self.expansion);
        let steps = self.steps as usize;
        let lower_final = lower_order_final(self.lower_order_final, steps, &self.grid, problem, t_span)?;
        // Of order 1 both are the same step, and the SDE has it as multistep alone.
        if self.method == DpmMethod::Singlestep && order > 1 {
            let last = t_span.len().saturating_sub(2);
            let round = |interval: usize, cells: usize| if lower_final && interval == last { cells } else { cells.next_multiple_of(order) };
            let nodes = self.grid.rounded_nodes(problem, t_span, steps, &round)?;
            let (nodes, plan) = singlestep_plan(&nodes, order, lower_final, ends_on_data(problem, t_span), self.stages);
            return Ok(Scheme { rule: Box::new(Singlestep { form, expansion, plan }), nodes });
        }
        let nodes = self.grid.nodes(problem, t_span, steps)?;
        let rule = Multistep { form, order, expansion, third: self.third_order, lower_final };
        Ok(Scheme { rule: Box::new(rule), nodes })
    }

    fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grid
    }

    fn is_stochastic(&self) -> bool {
        self.algorithm == DpmAlgorithm::Sde
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
