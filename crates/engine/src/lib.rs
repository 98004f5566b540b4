//! Runs graphs: devices, storage, random numbers, executors, the program cache.
//!
//! A finished [`thalweg_graph::Graph`] is compiled once into a [`Program`] and run many times on [`Tensor`]s. Which executor
//! does so is a [`CompileOptions`] field; callers do not depend on it. Only this crate knows candle, gemm and rayon.
//!
//! ```
//! use thalweg_engine::{CompileOptions, Program, Tensor};
//! use thalweg_graph::{Builder, DType, grad};
//!
//! let b = Builder::new();
//! let x = b.input("x", DType::F32, &[3]);
//! let y = (x * x).sum_all();
//! let dy = grad(y, &[x])[0];
//! let program = Program::compile(&b.finish(&[y, dy]).unwrap(), &CompileOptions::default()).unwrap();
//! let out = program.run(vec![Tensor::from_f32(vec![1.0, 2.0, 3.0], &[3]).unwrap()]).unwrap();
//! assert_eq!(out[0].to_f32_vec().unwrap(), vec![14.0]);
//! assert_eq!(out[1].to_f32_vec().unwrap(), vec![2.0, 4.0, 6.0]);
//! ```

// Tests of the library share code with those that see only what is public.
#[cfg(test)]
extern crate self as thalweg_engine;

mod cache;
mod cpu;
#[cfg(feature = "cuda")]
pub mod cuda;
mod device;
mod error;
mod future;
mod geometry;
pub mod memory;
pub mod profile;
mod program;
pub mod random;
mod reference;
pub mod survey;
mod tensor;
pub mod threads;
mod worker;
mod workers;

pub use cache::{CacheCounts, ProgramCache};
pub use device::{Choice, Device};
pub use error::{EngineError, Result};
pub use future::{Future, Getter, Setter};
pub use program::{CompileOptions, EXPLAIN, Executor, Precision, Program};
pub use tensor::Tensor;
pub use worker::{Job, Step, Waker, Worker};
pub use workers::Workers;
