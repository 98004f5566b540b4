//! Convergence orders: of ODE solvers on exact probability flows, of SDE solvers strongly and weakly, and of errors with tolerances.
//! Everything runs in f64 through the samplers of the model crate, except where moments replace Monte Carlo.

pub mod ode;
pub mod strong;
pub mod tolerance;
pub mod weak;
