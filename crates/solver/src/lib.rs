//! ODE and SDE step rules; Butcher tableaus as data.
//!
//! A step rule ([`step`], [`dense`], [`euler_maruyama_step`]) is a formula over [`thalweg_graph::Scalar`]: on `f64` it runs at
//! once, on graph values it becomes a program. A [`Driver`] decides which step comes next, one step per call, and never sees the
//! state: a job that runs programs on a device asks it, does what it says, and may stop between any two steps. [`solve`] is
//! the same loop on the host.
//!
//! ```
//! use thalweg_solver::{OdeSolver, solve};
//! let decay = |_t: f64, x: &[f64]| vec![-x[0]];
//! let solution = solve(&OdeSolver::default(), decay, &[0.0, 1.0, 2.0], &[1.0])?;
//! assert!((solution.states[2][0] - (-2f64).exp()).abs() < 1e-5);
//! # Ok::<(), thalweg_solver::SolverError>(())
//! ```

mod config;
mod controller;
mod dense;
mod driver;
mod error;
mod error_norm;
mod euler_maruyama;
mod first_step;
mod grid;
mod solve;
mod step;
mod tableau;

pub use config::{OdeSolver, SdeMethod, SdeSolver, SolverConfig};
pub use controller::{Controller, Decision};
pub use dense::dense;
pub use driver::{Action, AdaptiveDriver, Driver, FixedDriver, Statistics, Verdict};
pub use error::{Result, SolverError};
pub use error_norm::{Tolerance, error_norm, scaled_error};
pub use euler_maruyama::euler_maruyama_step;
pub use first_step::{first_step, trial_step};
pub use grid::{uniform_grid, validate_grid};
pub use solve::{Solution, solve};
pub use step::{StepResult, step};
pub use tableau::{Method, Tableau};
