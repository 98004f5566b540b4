//! Sampling and likelihoods: a field is integrated along the model's process, chunk by chunk, on a snapshot of the parameters.
//! One job serves all of them; what differs is where it starts, which way it runs, and whether a density is followed.

mod brownian;
mod chunks;
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

pub use chunks::{CHUNK, SamplerJob, chunk_rows, padded, rows_of};
pub use discrete::{DiscreteSampleOptions, DiscreteSampler, TokenGrid, TokenJob, TokenRequest};
pub use dynamics::Dynamics;
pub use field::{Field, Inputs, Other};
pub use job::{Ask, SampleJob, SampleRequest};
pub use options::{BatchSize, LogProbOptions, SampleOptions};
pub use resample::Resample;
pub use setup::{Given, Guides, Setup};
pub use unrolled::Unrolled;
