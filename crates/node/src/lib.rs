//! The Node addon: napi exports over `thalweg-model`.
//! Holds no formula and no loop over data; every export runs through [`guard::guard`].

pub mod args;
pub mod bytes;
pub mod device;
pub mod error;
pub mod exports;
pub mod guard;
pub mod live;
pub mod part;
pub mod plan;
pub mod probe;
pub mod promise;
pub mod recording;
pub mod trace;
pub mod value;
pub mod view;
pub mod worker;

#[cfg(feature = "test-hooks")]
pub mod counters;
#[cfg(feature = "test-hooks")]
pub mod cpu_clock;
#[cfg(feature = "test-hooks")]
pub mod hooks;
