//! How long the steps of programs take, how much they have to do, and how long that would take at the machine's limits.

mod limits;

pub use limits::Limits;

use crate::cpu::explain::{self, Measured};
use crate::{EngineError, Result, threads};
use std::sync::atomic::{AtomicBool, Ordering};

/// What was measured of equal steps.
#[derive(Clone, Debug)]
pub struct StepTime {
    /// The step in words.
    pub step: String,
    /// How often it ran.
    pub count: u64,
    /// Seconds in all, of all threads that took part; on a GPU, of the GPU.
    pub seconds: f64,
    /// Floating-point operations in all, of products and convolutions.
    pub flops: f64,
    /// Bytes read and written in all, by products and passes.
    pub bytes: f64,
    /// Seconds that it would take at the machine's limits; `None` of what neither multiplies nor has its bytes counted.
    pub limit: Option<f64>,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Threads that programs run on.
    pub threads: usize,
    /// What each of them can do while all are at work.
    pub limits: Limits,
    /// Kinds of steps, the longest first.
    pub steps: Vec<StepTime>,
}

static RUNS: AtomicBool = AtomicBool::new(false);

/// Starts measuring the steps of all programs of this process.
///
/// # Errors
/// `DataError` if they are being measured already.
pub fn start() -> Result<()> {
    if RUNS.swap(true, Ordering::SeqCst) {
        return Err(EngineError::data("another profile of this process has not ended yet"));
    }
    explain::measure(true);
    Ok(())
}

/// Ends measuring, and measures the machine's limits the first time: what was measured since [`start`].
///
/// # Errors
/// `DeviceError` if the thread pool cannot be started.
pub fn stop() -> Result<Profile> {
    let measured = explain::measured();
    explain::measure(false);
    RUNS.store(false, Ordering::SeqCst);
    let threads = threads::shared(threads::current)?;
    let limits = Limits::of(threads)?;
    let of = |m: Measured| {
        let (count, workers) = (m.count as f64, if m.shared { threads as f64 } else { 1.0 });
        StepTime {
            count: m.count,
            seconds: m.seconds * workers,
            flops: 2.0 * m.multiplications as f64 * count,
            bytes: m.bytes as f64 * count,
            limit: m.limits.unwrap_or(limits).seconds(2.0 * m.multiplications as f64, m.bytes).map(|each| each * count),
            step: m.step,
        }
    };
    let mut steps: Vec<StepTime> = measured.into_iter().filter(|m| !m.holds_others).map(of).collect();
    steps.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    Ok(Profile { threads, limits, steps })
}
