//! The properties that the solver crate promises, in f64.
//! One binary, so that its parts share the rooted trees, the exact problems and the graph interpreter.

mod adaptive;
mod config;
mod convergence;
mod drivers;
mod graph;
mod interpreter;
mod order_conditions;
mod problems;
mod sde;
mod trees;
