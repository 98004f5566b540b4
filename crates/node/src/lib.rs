//! The Node addon: napi exports over `thalweg-model`.
//! Holds no formula and no loop over data; every export runs through [`guard::guard`].

pub mod error;
pub mod exports;
pub mod guard;

#[cfg(feature = "test-hooks")]
pub mod counters;
#[cfg(feature = "test-hooks")]
pub mod cpu_clock;
#[cfg(feature = "test-hooks")]
pub mod hooks;
