//! Exports of the test addon only: a deliberate panic, and the counters of every other export.
//! Those that read counters are not counted themselves, so that a test may read them at any time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use napi_derive::napi;

use crate::counters;
use crate::cpu_clock::thread_cpu_ms;
use crate::guard::{catch, guard};

/// How many GPUs tests pretend that there are.
static PRETENDED: AtomicUsize = AtomicUsize::new(0);

/// See [`pretend_gpus`].
pub fn pretended_gpus() -> usize {
    PRETENDED.load(Ordering::Relaxed)
}

/// Treats "cuda:0" … as devices that are there: each has a worker of its own, whose programs run on the CPU.
#[napi(js_name = "__pretendGpus")]
pub fn pretend_gpus(count: u32) -> napi::Result<()> {
    Ok(catch("__pretendGpus", || {
        PRETENDED.store(count as usize, Ordering::Relaxed);
        Ok(())
    })?)
}

/// Panics on purpose, to prove that a panic becomes an `InternalError`.
#[napi(js_name = "__panic")]
pub fn deliberate_panic() -> napi::Result<()> {
    guard("__panic", || panic!("a deliberate panic"))
}

/// Export name → the most thread CPU milliseconds that one of its calls used.
#[napi(js_name = "__exportCpu")]
pub fn export_cpu() -> napi::Result<HashMap<String, f64>> {
    Ok(catch("__exportCpu", || Ok(counters::maxima().into_iter().collect()))?)
}

/// Native calls since the addon was loaded or the counters were reset.
#[napi(js_name = "__nativeCalls")]
pub fn native_calls() -> napi::Result<f64> {
    Ok(catch("__nativeCalls", || Ok(counters::calls() as f64))?)
}

/// Forgets all counts and times.
#[napi(js_name = "__resetCounters")]
pub fn reset_counters() -> napi::Result<()> {
    Ok(catch("__resetCounters", || {
        counters::reset();
        Ok(())
    })?)
}

/// CPU milliseconds of the calling thread, to time a call together with its conversions.
#[napi(js_name = "__threadCpu")]
pub fn thread_cpu() -> napi::Result<f64> {
    Ok(catch("__threadCpu", || Ok(thread_cpu_ms()))?)
}
