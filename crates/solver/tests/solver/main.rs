//! The properties that the solver crate promises, in f64.
//! One binary, so that its parts share the rooted trees, the exact problems and the graph interpreter.

mod adaptive;
mod brownian;
mod config;
mod convergence;
mod drivers;
mod exponential;
mod graph;
mod grids;
mod interpreter;
mod limits;
mod mixtures;
mod order_conditions;
mod problems;
mod protocol;
mod schedules;
mod sde;
mod stiff_ends;
mod trees;
