//! Settings of ODE solvers: a method, fixed or adaptive steps, tolerances, step control.
//! They integrate the velocity, and so run on every path.

use super::{Scheme, Settings, positive, positive_count};
use crate::{Grid, Method, Problem, Quantity, Result, SolverError, StepControl, Tolerance};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of an ODE solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct OdeSolver {
    /// Step rule. dopri5, bosh3, tsit5 and dopri8 choose their steps by rtol and atol, unless `steps` or a grid other than the path's or the uniform one is given;
    /// the others take `steps` steps.
    pub method: Method,
    /// Number of steps over the whole time span, at least one per interval of tSpan; ≥ 1. Of a fixed-step method: 100 if not given.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Error tolerated in a step, relative to the state; > 0. Without effect on fixed steps.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub rtol: f64,
    /// Error tolerated in a step, in units of the state; > 0. Without effect on fixed steps.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub atol: f64,
    /// Steps, accepted and rejected, after which an adaptive method gives up; ≥ 1.
    #[schemars(range(min = 1))]
    pub max_steps: u32,
    /// How fixed steps are spread; as the path says if not given: equal in time, along `edm` as `karras`.
    #[serde(skip_serializing_if = "is_default")]
    pub grid: Grid,
    /// How an adaptive method chooses its steps.
    #[serde(skip_serializing_if = "is_default")]
    pub control: StepControl,
    /// Whether the last state is replaced by the datum that the model predicts from it; one more evaluation.
    #[serde(skip_serializing_if = "is_default")]
    pub denoise_final: bool,
}

/// Whether a setting need not be written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for OdeSolver {
    fn default() -> Self {
        OdeSolver {
            method: Method::Dopri5,
            steps: None,
            rtol: 1e-5,
            atol: 1e-5,
            max_steps: 10_000,
            grid: Grid::default(),
            control: StepControl::default(),
            denoise_final: false,
        }
    }
}

impl OdeSolver {
    /// Steps of a fixed-step method if none are given.
    pub const DEFAULT_STEPS: u32 = 100;

    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `steps`, `rtol`, `atol`, `maxSteps`, `grid` or `control`.
    pub fn validate(&self) -> Result<()> {
        positive_count("steps", self.steps.unwrap_or(1))?;
        if self.max_steps == 0 {
            return Err(SolverError::config("maxSteps", "at least 1", self.max_steps));
        }
        positive("rtol", self.rtol)?;
        positive("atol", self.atol)?;
        self.grid.validate()?;
        self.control.validate()?;
        if self.fixed_steps().is_some() && self.control != StepControl::default() {
            return Err(SolverError::config("control", "none, where steps are fixed", "step control"));
        }
        Ok(())
    }

    /// Number of fixed steps, or `None` if steps are chosen by their error.
    pub fn fixed_steps(&self) -> Option<u32> {
        let fixed = self.method.adaptive().is_none() || !matches!(self.grid, Grid::Path {} | Grid::Uniform {});
        self.steps.or_else(|| fixed.then_some(OdeSolver::DEFAULT_STEPS))
    }

    /// Error tolerated in a step.
    pub fn tolerance(&self) -> Tolerance {
        Tolerance { rtol: self.rtol, atol: self.atol }
    }
}

impl Settings for OdeSolver {
    fn validate(&self) -> Result<()> {
        self.validate()
    }

    fn quantity(&self) -> Quantity {
        Quantity::Velocity
    }

    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme> {
        let steps = self.fixed_steps().unwrap_or(OdeSolver::DEFAULT_STEPS) as usize;
        Ok(Scheme { rule: self.method.rule(), nodes: self.grid.nodes(problem, t_span, steps)? })
    }

    fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grid
    }

    fn steps(&self) -> usize {
        self.fixed_steps().unwrap_or(0) as usize
    }

    fn denoise_final(&self) -> bool {
        self.denoise_final
    }

    fn denoise_final_mut(&mut self) -> &mut bool {
        &mut self.denoise_final
    }
}
