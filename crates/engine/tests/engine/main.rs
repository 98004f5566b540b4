//! Properties of graphs as they are run: derivatives, values, loops, determinism, memory, programs, workers.

mod cache;
mod common;
mod convolutions;
#[cfg(feature = "cuda")]
mod cuda;
mod derivatives;
mod donation;
mod errors;
mod executors;
mod large;
mod memory;
mod order;
mod products;
mod random;
mod random_graph;
mod scan;
mod simplification;
mod tensors;
mod threads;
mod values;
mod worker;
