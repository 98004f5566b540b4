//! sinkhorn: pairs drawn from the entropic optimal transport plan of a batch; Tong et al. 2024 (SF2M), Cuturi 2013.
//! With ε = 2σ² the plan is the Schrödinger bridge's, of the reference process dX = σ dW.

use super::Couple;
use crate::entropic::check_limits;
use crate::{Batch, CouplingError, Limits, Pairing, Report, Result, entropic_plan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pairs drawn from the entropic plan: exact for small epsilon, independent for large.
///
/// Each datum occurs once and draws its source from its column of the plan, so that the data's marginal is exact in every batch, and each
/// pair occurs as often as the plan says, on average over the uniforms. A source row may occur several times or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Sinkhorn {
    /// Regularisation ε on the cost ‖x₀ − x₁‖², the whole square, in the units that the network sees; > 0. The Schrödinger bridge of noise σ has
    /// ε = 2σ². Give this or relativeEpsilon.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub epsilon: Option<f64>,
    /// Regularisation as a share of the batch's mean cost; > 0. Small shares (0.01) converge slowly.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub relative_epsilon: Option<f64>,
    /// Iterations after which a batch is an error; ≥ 1.
    #[schemars(range(min = 1))]
    pub max_iterations: u32,
    /// Share of the source's mass that may be misplaced, counted at both ends; > 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tolerance: f64,
}

impl Default for Sinkhorn {
    fn default() -> Sinkhorn {
        Sinkhorn { epsilon: None, relative_epsilon: None, max_iterations: 10_000, tolerance: 1e-3 }
    }
}

impl Sinkhorn {
    /// With regularisation `epsilon`.
    pub fn absolute(epsilon: f64) -> Sinkhorn {
        Sinkhorn { epsilon: Some(epsilon), ..Sinkhorn::default() }
    }

    /// With regularisation `share` of the mean cost.
    pub fn relative(share: f64) -> Sinkhorn {
        Sinkhorn { relative_epsilon: Some(share), ..Sinkhorn::default() }
    }

    fn limits(&self) -> Limits {
        Limits { max_iterations: self.max_iterations, tolerance: self.tolerance }
    }
}

impl Couple for Sinkhorn {
    fn validate(&self) -> Result<()> {
        for (path, value) in [("epsilon", self.epsilon), ("relativeEpsilon", self.relative_epsilon)] {
            if let Some(value) = value.filter(|v| !(v.is_finite() && *v > 0.0)) {
                return Err(CouplingError::config(path, "a finite number > 0", value));
            }
        }
        if self.epsilon.is_some() == self.relative_epsilon.is_some() {
            let got = if self.epsilon.is_some() { "both" } else { "neither" };
            return Err(CouplingError::config("epsilon", "one of epsilon and relativeEpsilon", got));
        }
        check_limits(&self.limits())
    }

    fn draws(&self, rows: usize) -> usize {
        rows
    }

    fn couple<T: Copy + Into<f64>>(&self, batch: &Batch<'_, T>, rows: usize, uniforms: &[f64]) -> Result<Pairing> {
        let costs = batch.costs()?;
        let mean = costs.values().iter().sum::<f64>() / (rows * rows) as f64;
        let epsilon = match (self.epsilon, self.relative_epsilon) {
            (Some(epsilon), _) => epsilon,
            // Where all points are equal every ε gives the same plan.
            (None, share) if mean > 0.0 => share.unwrap_or_default() * mean,
            (None, _) => 1.0,
        };
        let masses = vec![1.0 / rows as f64; rows];
        let plan = entropic_plan(&costs, &masses, &masses, epsilon, self.limits())?;
        let mut pairing = Pairing::in_data_order(draw_rows(&plan.plan, uniforms));
        pairing.report = Report { convergence: Some(plan.convergence), ..Report::default() };
        Ok(pairing)
    }
}

/// For each column of `plan` (row-major) the row at which its cumulative share passes the column's uniform.
fn draw_rows(plan: &[f64], uniforms: &[f64]) -> Vec<usize> {
    let columns = uniforms.len();
    let mut totals = vec![0.0; columns];
    for row in plan.chunks_exact(columns) {
        totals.iter_mut().zip(row).for_each(|(t, p)| *t += p);
    }
    let targets: Vec<f64> = totals.iter().zip(uniforms).map(|(t, u)| t * u).collect();
    let (mut sums, mut rows) = (vec![0.0; columns], vec![0; columns]);
    for row in plan.chunks_exact(columns) {
        for (((sum, p), target), passed) in sums.iter_mut().zip(row).zip(&targets).zip(&mut rows) {
            *sum += p;
            // The last sum is the total, bit for bit, and a target is below it: the row is always one of the plan's.
            *passed += usize::from(*sum <= *target);
        }
    }
    rows
}
