//! Where time goes, step by step of all programs.

use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use thalweg_model::engine::{Choice, Tensor, profile};
use thalweg_model::{ModelError, Task};

use crate::error::ThalwegError;
use crate::guard::guard;
use crate::promise::promise;
use crate::worker::submit;

/// What was measured of equal steps.
#[napi(object)]
pub struct StepTime {
    /// The step in words.
    pub step: String,
    /// How often it ran.
    pub count: f64,
    /// Seconds in all, of all threads that took part.
    pub seconds: f64,
    /// Floating-point operations in all, of products and convolutions.
    pub flops: f64,
    /// Bytes read and written in all, by products and passes.
    pub bytes: f64,
    /// Seconds that it would take at the machine's limits, where it has one.
    pub limit: Option<f64>,
}

/// What was measured.
#[napi(object)]
pub struct Profile {
    /// Threads that programs run on.
    pub threads: u32,
    /// Floating-point operations a second of one thread, while all multiply large matrices.
    pub product_rate: f64,
    /// Bytes a second that one thread reads and writes while all copy in a cache.
    pub cache_rate: f64,
    /// Bytes a second that one thread reads and writes while all copy in memory.
    pub memory_rate: f64,
    /// Kinds of steps, the longest first.
    pub steps: Vec<StepTime>,
}

impl From<profile::Profile> for Profile {
    fn from(from: profile::Profile) -> Profile {
        let step = |s: profile::StepTime| StepTime {
            step: s.step,
            count: s.count as f64,
            seconds: s.seconds,
            flops: s.flops,
            bytes: s.bytes,
            limit: s.limit,
        };
        Profile {
            threads: from.threads as u32,
            product_rate: from.limits.product,
            cache_rate: from.limits.cache,
            memory_rate: from.limits.memory,
            steps: from.steps.into_iter().map(step).collect(),
        }
    }
}

/// Starts measuring the steps of all programs of this process; an error if they are being measured already.
#[napi]
pub fn start_profile() -> napi::Result<()> {
    guard("startProfile", || profile::start().map_err(ThalwegError::from))
}

/// Ends measuring; resolves, once earlier work is done, to what was measured.
#[napi(ts_return_type = "Promise<Profile>")]
pub fn stop_profile(env: &Env) -> napi::Result<Object<'_>> {
    const NAME: &str = "stopProfile";
    guard(NAME, || {
        let (settle, object) = promise::<Profile>(NAME, env)?;
        let work = Box::new(|_: Vec<Tensor>| profile::stop().map(Profile::from).map_err(ModelError::from));
        let deliver =
            Box::new(move |outcome: Result<Profile, ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |value| value));
        submit(Choice::Auto, NAME, Box::new(Task::new(Vec::new(), work, deliver)))?;
        Ok(object)
    })
}
