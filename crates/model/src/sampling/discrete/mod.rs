//! Sampling tokens: the Markov chain of a discrete flow is stepped along κ, chunk by chunk, on a snapshot of the parameters.
//! A sibling of the sampler of continuous states: no slope, no tolerance, but a categorical draw per token and step.

mod chain;
mod job;
mod options;

pub use job::{TokenJob, TokenRequest};
pub use options::{DiscreteSampleOptions, DiscreteSampler, TokenGrid};
