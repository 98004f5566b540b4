//! Settings of SDE solvers: a method, steps, where the noise comes from, and the noise that EDM adds.
//! They integrate a drift with the sampler's own diffusion, or go through the datum.

use super::ode::is_default;
use super::{Scheme, Settings, at_least_0, positive_count};
use crate::{Grid, Problem, Quantity, Result, SdeMethod, SolverError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of an SDE solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct SdeSolver {
    /// Step rule.
    pub method: SdeMethod,
    /// Number of steps over the whole time span, at least one per interval of tSpan; ≥ 1.
    #[schemars(range(min = 1))]
    pub steps: u32,
    /// How steps are spread; as the path says if not given: equal in time, along `edm` as `karras`.
    #[serde(skip_serializing_if = "is_default")]
    pub grid: Grid,
    /// Whether the noise is one Brownian path of the seed, the same for any number of steps, so that more steps refine the same sample; of
    /// euler_maruyama, heun and sra1.
    #[serde(skip_serializing_if = "is_default")]
    pub brownian: bool,
    /// Of edm: how much new noise all steps together add, S_churn; ≥ 0. 0 makes it deterministic.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "is_default")]
    pub churn: f64,
    /// Of edm: least σ/s at which noise is added, S_min; ≥ 0.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "is_default")]
    pub s_min: f64,
    /// Of edm: largest σ/s at which noise is added, S_max; ≥ sMin. Without limit if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_max: Option<f64>,
    /// Of edm: standard deviation of the new noise, S_noise; ≥ 0.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "is_one")]
    pub s_noise: f64,
    /// Whether the last state is replaced by the datum that the model predicts from it; one more evaluation.
    #[serde(skip_serializing_if = "is_default")]
    pub denoise_final: bool,
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

impl Default for SdeSolver {
    fn default() -> Self {
        SdeSolver {
            method: SdeMethod::EulerMaruyama,
            steps: 1000,
            grid: Grid::default(),
            brownian: false,
            churn: 0.0,
            s_min: 0.0,
            s_max: None,
            s_noise: 1.0,
            denoise_final: false,
        }
    }
}

impl SdeSolver {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `steps`, `grid`, `brownian`, `churn`, `sMin`, `sMax` or `sNoise`.
    pub fn validate(&self) -> Result<()> {
        positive_count("steps", self.steps)?;
        self.grid.validate()?;
        at_least_0("churn", self.churn)?;
        at_least_0("sMin", self.s_min)?;
        at_least_0("sNoise", self.s_noise)?;
        if let Some(s_max) = self.s_max.filter(|s| !(s.is_finite() && *s >= self.s_min)) {
            return Err(SolverError::config("sMax", "a finite number ≥ sMin", s_max));
        }
        if self.brownian && !self.method.is_brownian() {
            let expected = "false, or a method that integrates along a Brownian path: euler_maruyama, heun, sra1";
            return Err(SolverError::config("brownian", expected, format!("true with {}", self.method.name())));
        }
        let given =
            [("churn", self.churn != 0.0), ("sMin", self.s_min != 0.0), ("sMax", self.s_max.is_some()), ("sNoise", self.s_noise != 1.0)];
        match given.into_iter().find(|(_, given)| *given && self.method != SdeMethod::Edm) {
            Some((path, _)) => {
                Err(SolverError::config(path, "nothing, except of method edm", format!("a value with {}", self.method.name())))
            }
            None => Ok(()),
        }
    }
}

impl Settings for SdeSolver {
    fn validate(&self) -> Result<()> {
        self.validate()
    }

    fn quantity(&self) -> Quantity {
        self.method.rule(self).quantity()
    }

    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme> {
        Ok(Scheme { rule: self.method.rule(self), nodes: self.grid.nodes(problem, t_span, self.steps as usize)? })
    }

    fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grid
    }

    fn is_stochastic(&self) -> bool {
        self.method != SdeMethod::Edm || self.churn > 0.0
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
