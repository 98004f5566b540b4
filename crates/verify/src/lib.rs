//! What theory says against what the library does: exact checks in f64, one row each.
//!
//! Networks are exact functions of Gaussian mixtures, given to the model crate as graphs; what is verified are its own jobs and losses, with
//! nothing trained and no Monte Carlo. [`rows`] runs everything; the binary prints the rows as JSON. Trained models are checked from TypeScript, in
//! `scripts/verify`.

pub mod bridge;
pub mod call;
pub mod case;
pub mod contrast;
pub mod exact;
pub mod gauss;
pub mod gradient;
pub mod likelihood;
pub mod mixture;
pub mod optimum;
pub mod order;
mod row;
mod run;
pub mod slope;
pub mod solvers;

pub use row::{Bound, Row};
pub use run::{Effort, rows};
