//! How often JavaScript calls into the addon, and how much main-thread CPU time each export takes.
//! Tests assert on both: one call per run, and no call that blocks the event loop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cpu_clock::thread_cpu_ms;

static CALLS: AtomicU64 = AtomicU64::new(0);
static USED: Mutex<BTreeMap<&'static str, Used>> = Mutex::new(BTreeMap::new());

/// Of so many calls of an export the slowest is not counted: among a million calls some meet an interrupt, or another guest of the machine, whose time
/// the thread's clock cannot tell from its own.
const EXCUSED: usize = 10_000;

/// How many of the slowest calls are remembered: enough for millions of calls.
const KEPT: usize = 1024;

/// What calls of an export used.
#[derive(Default)]
struct Used {
    calls: usize,
    /// The most CPU milliseconds, descending.
    largest_ms: Vec<f64>,
}

impl Used {
    fn record(&mut self, ms: f64) {
        self.calls += 1;
        let at = self.largest_ms.partition_point(|known| *known > ms);
        self.largest_ms.insert(at, ms);
        self.largest_ms.truncate(KEPT);
    }

    fn most_ms(&self) -> f64 {
        self.largest_ms.get(self.calls / EXCUSED).or(self.largest_ms.last()).copied().unwrap_or(0.0)
    }
}

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
        used_ms().entry(self.name).or_default().record(used);
    }
}

/// Calls since the addon was loaded or the counters were reset.
pub fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// Export name → the most CPU milliseconds that one of its calls used, the excused ones apart.
pub fn maxima() -> BTreeMap<String, f64> {
    used_ms().iter().map(|(name, used)| ((*name).to_owned(), used.most_ms())).collect()
}

/// Forgets all counts and times.
pub fn reset() {
    CALLS.store(0, Ordering::Relaxed);
    used_ms().clear();
}

/// The table stays usable after a panic elsewhere: each write to it is complete in itself.
fn used_ms() -> MutexGuard<'static, BTreeMap<&'static str, Used>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_call_counts_unless_it_is_one_of_ten_thousand() {
        let mut used = Used::default();
        used.record(45.0);
        used.record(50.0);
        (0..100).for_each(|_| used.record(1.0));
        assert_eq!(used.most_ms(), 50.0);
        (0..EXCUSED).for_each(|_| used.record(1.0));
        assert_eq!(used.most_ms(), 45.0);
        (0..EXCUSED).for_each(|_| used.record(1.0));
        assert_eq!(used.most_ms(), 1.0);
    }
}
