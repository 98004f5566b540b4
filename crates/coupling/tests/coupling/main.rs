//! Tests of the couplings: what every one promises, and each one's own mathematics.

mod conditional;
mod config;
mod contract;
mod exact;
mod sinkhorn;
mod support;
