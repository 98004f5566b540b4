//! Solver settings as users write them, and the driver that they ask for.
//! The settings of an SDE's own diffusion belong to the path, so they are added by whoever combines the two.

mod ddim;
mod deis;
mod dpm;
mod ode;
mod sde;
mod unipc;

pub use ddim::DdimSolver;
pub use deis::{DeisSolver, DeisStart, DeisVariable};
pub use dpm::{DpmAlgorithm, DpmMethod, DpmSolver, Expansion, StagePlacement, ThirdOrder};
pub use ode::OdeSolver;
pub use sde::SdeSolver;
pub use unipc::{UniPcPrediction, UniPcSolver, UniPcVariant};

use crate::driver::denoise_step;
use crate::exponential::Form;
use crate::{
    AdaptiveDriver, Driver, FixedDriver, Grid, Mesh, Nodes, Plan, Problem, Quantity, Result, Rule, SolverError, Thresholding, Tolerance,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! registry {
    ($($(#[$doc:meta])* $name:ident($settings:ident) = $tag:literal),* $(,)?) => {
        /// How the dynamics are integrated.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type", content = "args", deny_unknown_fields)]
        pub enum SolverConfig {
            $($(#[$doc])* #[serde(rename = $tag)] $name($settings),)*
        }

        impl SolverConfig {
            fn settings(&self) -> &dyn Settings {
                match self { $(SolverConfig::$name(solver) => solver,)* }
            }

            fn settings_mut(&mut self) -> &mut dyn Settings {
                match self { $(SolverConfig::$name(solver) => solver,)* }
            }
        }
    };
}

registry! {
    /// Along the probability-flow ODE (Song et al. 2021, eq. 13).
    Ode(OdeSolver) = "ODESolver",
    /// Along an SDE with the same marginals (Song et al. 2021, eq. 6; of any diffusion Karras et al. 2022, eq. 6).
    Sde(SdeSolver) = "SDESolver",
    /// DPM-Solver, DPM-Solver++ and SDE-DPM-Solver++: few steps along a Gaussian path (Lu et al. 2022).
    Dpm(DpmSolver) = "DPMSolver",
    /// UniPC: few steps along a Gaussian path, each corrected (Zhao et al. 2023).
    UniPc(UniPcSolver) = "UniPCSolver",
    /// DEIS: few steps along a Gaussian path, by extrapolating the noise (Zhang & Chen 2023).
    Deis(DeisSolver) = "DEISSolver",
    /// DDIM, with any part of new noise (Song, Meng & Ermon 2021).
    Ddim(DdimSolver) = "DDIMSolver",
}

impl Default for SolverConfig {
    fn default() -> Self {
        SolverConfig::Ode(OdeSolver::default())
    }
}

/// A step rule and the grid it runs on.
struct Scheme {
    rule: Box<dyn Rule>,
    nodes: Nodes,
}

/// What the kinds of settings have in common.
trait Settings {
    fn validate(&self) -> Result<()>;
    fn quantity(&self) -> Quantity;
    fn scheme(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Scheme>;
    fn grid_mut(&mut self) -> &mut Grid;
    fn steps(&self) -> usize;
    fn denoise_final(&self) -> bool;
    fn denoise_final_mut(&mut self) -> &mut bool;
    fn is_stochastic(&self) -> bool {
        false
    }
    fn thresholding(&self) -> Option<Thresholding> {
        None
    }
}

impl SolverConfig {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` whose path is relative to `args`.
    pub fn validate(&self) -> Result<()> {
        self.settings().validate()
    }

    /// What its steps evaluate (a final denoising step apart, which evaluates [`Quantity::Data`]).
    pub fn quantity(&self) -> Quantity {
        self.settings().quantity()
    }

    /// What becomes of every evaluation of [`Quantity::Data`].
    pub fn thresholding(&self) -> Option<Thresholding> {
        self.settings().thresholding()
    }

    /// Error tolerated in a step, where steps are chosen by it.
    pub fn tolerance(&self) -> Tolerance {
        match self {
            SolverConfig::Ode(solver) => solver.tolerance(),
            _ => OdeSolver::default().tolerance(),
        }
    }

    /// Whether steps are chosen by their error.
    pub fn is_adaptive(&self) -> bool {
        matches!(self, SolverConfig::Ode(solver) if solver.fixed_steps().is_none())
    }

    /// How many steps there are to be, of settings that are not adaptive; a grid of times has its own.
    pub fn steps(&self) -> usize {
        self.settings().steps()
    }

    /// Whether its steps draw noise.
    pub fn is_stochastic(&self) -> bool {
        self.settings().is_stochastic()
    }

    /// Whether the noises of its steps are to be taken from one Brownian path, [`crate::BrownianTree`].
    pub fn is_brownian(&self) -> bool {
        matches!(self, SolverConfig::Sde(solver) if solver.brownian)
    }

    /// Whether the last state is replaced by the datum that is predicted from it.
    pub fn denoises(&self) -> bool {
        self.settings().denoise_final()
    }

    /// The same settings without that.
    #[must_use]
    pub fn without_denoising(&self) -> SolverConfig {
        let mut config = self.clone();
        *config.settings_mut().denoise_final_mut() = false;
        config
    }

    /// The same settings with the times of an explicit grid converted, e.g. from a sampler's time to the path's.
    pub fn with_times(&self, convert: impl Fn(f64) -> f64) -> SolverConfig {
        let mut config = self.clone();
        if let Grid::Times { times } = config.settings_mut().grid_mut() {
            times.iter_mut().for_each(|t| *t = convert(*t));
        }
        config
    }

    /// The driver of these settings over the path times `t_span`.
    ///
    /// # Errors
    /// A `ConfigError` if a setting or the time span is wrong, or the solver cannot run on `problem`.
    pub fn driver(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Driver> {
        self.validate()?;
        if let SolverConfig::Ode(solver) = self
            && let (None, Some(tableau)) = (solver.fixed_steps(), solver.method.adaptive())
        {
            let last = solver.denoise_final.then(|| denoise_step(t_span.last().copied().unwrap_or(f64::NAN)));
            return AdaptiveDriver::new(tableau, solver.control, t_span, solver.max_steps as usize, last).map(Driver::Adaptive);
        }
        self.plan(problem, t_span).map(|plan| Driver::Fixed(FixedDriver::new(plan)))
    }

    /// All steps over `t_span` of settings that are valid and not adaptive.
    fn plan(&self, problem: Problem<'_>, t_span: &[f64]) -> Result<Plan> {
        let settings = self.settings();
        let Scheme { rule, nodes } = settings.scheme(problem, t_span)?;
        let plan = Plan::new(rule.as_ref(), &Mesh { times: &nodes.times, problem }, nodes.outputs)?;
        Ok(if settings.denoise_final() { plan.denoised() } else { plan })
    }
}

/// Whether a span ends where σ = 0.
fn ends_on_data(problem: Problem<'_>, t_span: &[f64]) -> bool {
    let end = t_span.last().copied().unwrap_or(f64::NAN);
    problem.schedule.is_some_and(|s| s.lambda(end) == f64::INFINITY)
}

/// The longest last step in λ whose expansion of higher order is to be trusted: its terms are powers of the step.
const LONGEST: f64 = 1.0;

/// Whether the last steps are of lower order, if the user does not say: where they are few, or the last one is long in λ, as it is where the span ends at or
/// near σ = 0.
///
/// # Errors
/// Those of [`Grid::nodes`].
fn lower_order_final(setting: Option<bool>, steps: usize, grid: &Grid, problem: Problem<'_>, t_span: &[f64]) -> Result<bool> {
    if let Some(setting) = setting {
        return Ok(setting);
    }
    let Some(schedule) = problem.schedule.filter(|_| steps >= 15) else { return Ok(true) };
    let times = grid.nodes(problem, t_span, steps)?.times;
    let last = times.windows(2).last().map_or(f64::INFINITY, |w| (schedule.lambda(w[1]) - schedule.lambda(w[0])).abs());
    Ok(last.is_nan() || last > LONGEST)
}

/// Checks a thresholding, which is of predicted data; `expected` and `got` say so of settings that predict the noise.
fn check_thresholding(thresholding: Option<&Thresholding>, form: Form, expected: &str, got: &str) -> Result<()> {
    match thresholding {
        Some(_) if form == Form::Noise => Err(SolverError::config("thresholding", expected, got)),
        Some(thresholding) => thresholding.validate(),
        None => Ok(()),
    }
}

/// Most steps: all of them are laid out before the first one is taken.
const MOST: u32 = 1_000_000;

fn positive_count(path: &'static str, count: u32) -> Result<()> {
    if (1..=MOST).contains(&count) { Ok(()) } else { Err(SolverError::config(path, format!("1 to {MOST}"), count)) }
}

fn positive(path: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(SolverError::config(path, "a finite number > 0", value)) }
}

fn at_least_0(path: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(SolverError::config(path, "a finite number ≥ 0", value)) }
}

fn order_within(order: u32, highest: u32) -> Result<()> {
    if (1..=highest).contains(&order) { Ok(()) } else { Err(SolverError::config("order", format!("1 to {highest}"), order)) }
}
