//! Sampling and likelihoods: a field is integrated along the model's process, chunk by chunk, on a snapshot of the parameters.
//! One job serves all of them; what differs is where it starts, which way it runs, and whether a density is followed.

mod brownian;
pub mod density;
mod discrete;
mod dynamics;
pub mod energy;
mod field;
mod fixed;
pub mod guidance;
mod job;
mod noise;
mod options;
mod resample;
mod setup;
mod times;
mod unrolled;

pub use discrete::{DiscreteSampleOptions, DiscreteSampler, TokenGrid, TokenJob, TokenRequest};
pub use dynamics::Dynamics;
pub use field::{Field, Inputs, Other};
pub use job::{Ask, SampleJob, SampleRequest};
pub use options::{BatchSize, LogProbOptions, SampleOptions};
pub use resample::Resample;
pub use setup::{Given, Guides, Setup};
pub use unrolled::Unrolled;

/// Largest number of rows that are integrated at once.
pub const CHUNK: usize = 4096;

/// The padded number of rows of a chunk of `length` rows: a power of two, so that any number of samples needs a handful of programs.
pub fn padded(length: usize) -> usize {
    if length >= CHUNK { CHUNK } else { length.next_power_of_two() }
}

/// The padded sizes of the chunks of `rows` rows: whose forwards must be known beforehand.
pub fn chunk_rows(rows: usize) -> Vec<usize> {
    let tail = rows % CHUNK;
    let full = (rows >= CHUNK).then_some(CHUNK);
    full.into_iter().chain((tail > 0).then(|| padded(tail))).collect()
}
