//! Solver settings as users write them, and the driver that they ask for.
//! The settings of an SDE's own diffusion belong to the path, so they are added by whoever combines the two.

use crate::{
    AdaptiveDriver, Driver, FixedDriver, Mesh, Method, Nodes, Plan, Problem, Quantity, Result, Rule, SdeMethod, SolverError, Tolerance,
    uniform_nodes,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the dynamics are integrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "args", deny_unknown_fields)]
pub enum SolverConfig {
    /// Along the probability-flow ODE.
    #[serde(rename = "ODESolver")]
    Ode(OdeSolver),
    /// Along an SDE with the same marginals.
    #[serde(rename = "SDESolver")]
    Sde(SdeSolver),
}

impl SolverConfig {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` whose path is relative to `args`.
    pub fn validate(&self) -> Result<()> {
        match self {
            SolverConfig::Ode(solver) => solver.validate(),
            SolverConfig::Sde(solver) => solver.validate(),
        }
    }

    /// Error tolerated in a step, where steps are chosen by it.
    pub fn tolerance(&self) -> Tolerance {
        match self {
            SolverConfig::Ode(solver) => solver.tolerance(),
            _ => OdeSolver::default().tolerance(),
        }
    }

    /// What its steps evaluate.
    pub fn quantity(&self) -> Quantity {
        match self {
            SolverConfig::Ode(_) => Quantity::Velocity,
            SolverConfig::Sde(solver) => solver.method.rule().quantity(),
        }
    }

    /// The driver of these settings over the path times `t_span`.
    ///
    /// # Errors
    /// A `ConfigError` if a setting or the time span is wrong, or the solver cannot run on `problem`.
    pub fn driver(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Driver> {
        self.validate()?;
        let adaptive = match self {
            SolverConfig::Ode(solver) if solver.fixed_steps().is_none() => solver.method.adaptive().map(|t| (t, solver.max_steps)),
            _ => None,
        };
        match adaptive {
            Some((tableau, max_steps)) => AdaptiveDriver::new(tableau, t_span, max_steps as usize).map(Driver::Adaptive),
            None => Ok(Driver::Fixed(FixedDriver::new(self.plan(problem, t_span)?))),
        }
    }

    /// All steps over `t_span`, if they are known beforehand.
    fn plan(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Plan> {
        let (rule, nodes): (&dyn Rule, Nodes) = match self {
            SolverConfig::Ode(solver) => {
                (solver.method.rule(), uniform_nodes(t_span, solver.fixed_steps().unwrap_or(OdeSolver::DEFAULT_STEPS) as usize)?)
            }
            SolverConfig::Sde(solver) => (solver.method.rule(), uniform_nodes(t_span, solver.steps as usize)?),
        };
        Plan::new(rule, &Mesh { times: &nodes.times, problem }, nodes.outputs)
    }
}

impl Default for SolverConfig {
    fn default() -> Self {
        SolverConfig::Ode(OdeSolver::default())
    }
}

/// Settings of an ODE solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct OdeSolver {
    /// Step rule. dopri5 chooses its steps by rtol and atol, unless `steps` is given; the others take `steps` steps.
    pub method: Method,
    /// Number of equal steps over the whole time span, at least one per interval of tSpan; ≥ 1. Of a fixed-step method: 100 if not given.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Error tolerated in a step, relative to the state; > 0. Without effect on equal steps.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub rtol: f64,
    /// Error tolerated in a step, in units of the state; > 0. Without effect on equal steps.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub atol: f64,
    /// Steps, accepted and rejected, after which an adaptive method gives up; ≥ 1.
    #[schemars(range(min = 1))]
    pub max_steps: u32,
}

impl Default for OdeSolver {
    fn default() -> Self {
        OdeSolver { method: Method::Dopri5, steps: None, rtol: 1e-5, atol: 1e-5, max_steps: 10_000 }
    }
}

impl OdeSolver {
    /// Steps of a fixed-step method if none are given.
    pub const DEFAULT_STEPS: u32 = 100;

    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `steps`, `rtol`, `atol` or `maxSteps`.
    pub fn validate(&self) -> Result<()> {
        positive_count("steps", self.steps.unwrap_or(1))?;
        positive_count("maxSteps", self.max_steps)?;
        positive("rtol", self.rtol)?;
        positive("atol", self.atol)
    }

    /// Number of equal steps, or `None` if steps are chosen by their error.
    pub fn fixed_steps(&self) -> Option<u32> {
        self.steps.or_else(|| self.method.adaptive().is_none().then_some(OdeSolver::DEFAULT_STEPS))
    }

    /// Error tolerated in a step.
    pub fn tolerance(&self) -> Tolerance {
        Tolerance { rtol: self.rtol, atol: self.atol }
    }
}

/// Settings of an SDE solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct SdeSolver {
    /// Step rule.
    pub method: SdeMethod,
    /// Number of equal steps over the whole time span, at least one per interval of tSpan; ≥ 1.
    #[schemars(range(min = 1))]
    pub steps: u32,
}

impl Default for SdeSolver {
    fn default() -> Self {
        SdeSolver { method: SdeMethod::EulerMaruyama, steps: 1000 }
    }
}

impl SdeSolver {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` at `steps`.
    pub fn validate(&self) -> Result<()> {
        positive_count("steps", self.steps)
    }
}

fn positive_count(path: &'static str, count: u32) -> Result<()> {
    if count == 0 { Err(SolverError::config(path, "at least 1", count)) } else { Ok(()) }
}

fn positive(path: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(SolverError::config(path, "a finite number > 0", value)) }
}
