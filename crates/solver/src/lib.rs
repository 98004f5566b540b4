//! ODE, SDE and exponential step rules as tables of coefficients, their grids and drivers.
//!
//! A step is data ([`Step`]): the times at which a quantity is evaluated and the linear combinations that give the points, the new
//! state and its error. Rules make such tables in f64; [`interpret`] runs one over [`thalweg_graph::Scalar`]: on `f64` at once, on
//! graph values as a program that all steps of a [`Structure`] share. A [`Driver`] decides which step comes next, one per call, and
//! never sees the state: a job that runs programs on a device asks it, does what it says, and may stop between any two steps.
//! [`solve`] is the same loop on the host.
//!
//! ```
//! use thalweg_solver::{Problem, Query, SolverConfig, solve};
//! let mut decay = |_: &Query, x: &[f64]| vec![-x[0]];
//! let solution = solve(&SolverConfig::default(), Problem::default(), &mut decay, &[0.0, 1.0, 2.0], &[1.0])?;
//! assert!((solution.states[2][0] - (-2f64).exp()).abs() < 1e-5);
//! # Ok::<(), thalweg_solver::SolverError>(())
//! ```

mod brownian;
mod config;
mod controller;
mod driver;
mod error;
mod error_norm;
mod exponential;
mod first_step;
mod grid;
mod interpret;
mod linear;
mod ode;
mod quadrature;
mod quantity;
mod row;
mod rule;
mod schedule;
mod sde;
mod solve;
mod step;
mod thresholding;

pub use brownian::{BrownianTree, Draw, Increment};
pub use config::{
    DdimSolver, DeisSolver, DeisStart, DeisVariable, DpmAlgorithm, DpmMethod, DpmSolver, Expansion, OdeSolver, SdeSolver, SolverConfig,
    StagePlacement, ThirdOrder, UniPcPrediction, UniPcSolver, UniPcVariant,
};
pub use controller::{Controller, Decision, StepControl};
pub use driver::{Action, AdaptiveDriver, Driver, FixedDriver, Output, Plan, PlannedStep, Run, Statistics, Verdict};
pub use error::{Result, SolverError};
pub use error_norm::{Tolerance, error_norm, scaled_error};
pub use first_step::{first_step, trial_step};
pub use grid::{Grid, Nodes, uniform_grid, validate_grid};
pub use interpret::{Evaluate, StepResult, combine, interpret};
pub use ode::{Dense, Method, Tableau};
pub use quantity::{Quantity, Query};
pub use row::Row;
pub use rule::{Mesh, Rule};
pub use schedule::{Problem, Schedule};
pub use sde::SdeMethod;
pub use solve::{Host, Solution, solve};
pub use step::{Stage, Step, Structure};
pub use thresholding::Thresholding;
