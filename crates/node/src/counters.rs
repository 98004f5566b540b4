//! How often JavaScript calls into the addon, and how much main-thread CPU time each export takes.
//! Tests assert on both: one call per run, and no call that blocks the event loop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cpu_clock::thread_cpu_ms;

static CALLS: AtomicU64 = AtomicU64::new(0);
static MAXIMUM_MS: Mutex<BTreeMap<&'static str, f64>> = Mutex::new(BTreeMap::new());

/// One call of an export; counts it at once and records its CPU time when dropped.
pub struct Call {
    _clock: Clock,
}

impl Call {
    /// Counts a call of the export `name` and starts its clock.
    pub fn start(name: &'static str) -> Self {
        CALLS.fetch_add(1, Ordering::Relaxed);
        Self { _clock: Clock::start(name) }
    }
}

/// Records the CPU time from its start to its end under the name of an export.
pub struct Clock {
    name: &'static str,
    start_ms: f64,
}

impl Clock {
    /// Starts a clock.
    pub fn start(name: &'static str) -> Self {
        Self { name, start_ms: thread_cpu_ms() }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let used = thread_cpu_ms() - self.start_ms;
        let mut maximum = maximum_ms();
        let entry = maximum.entry(self.name).or_insert(used);
        *entry = entry.max(used);
    }
}

/// Calls since the addon was loaded or the counters were reset.
pub fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// Export name → the most CPU milliseconds that one of its calls used.
pub fn maxima() -> BTreeMap<String, f64> {
    maximum_ms().iter().map(|(name, ms)| ((*name).to_owned(), *ms)).collect()
}

/// Forgets all counts and times.
pub fn reset() {
    CALLS.store(0, Ordering::Relaxed);
    maximum_ms().clear();
}

/// The table stays usable after a panic elsewhere: each write to it is complete in itself.
fn maximum_ms() -> MutexGuard<'static, BTreeMap<&'static str, f64>> {
    MAXIMUM_MS.lock().unwrap_or_else(PoisonError::into_inner)
}
