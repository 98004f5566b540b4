//! The threads that share the work of one op.
//! One pool per process; results do not depend on its size, because work is cut up by shape alone.

use crate::{EngineError, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;

/// The environment variable that sets the number of threads.
pub const VARIABLE: &str = "THALWEG_NUM_THREADS";

/// More threads than this are surely a mistake.
const MOST: usize = 1024;

/// Bytes of a thread's stack: graphs are walked recursively.
pub(crate) const STACK: usize = 16 << 20;

static POOL: OnceLock<Result<ThreadPool>> = OnceLock::new();

/// The number of threads that `setting` (the value of [`VARIABLE`]) asks for; without one, or with an empty one, the processors that this process
/// may use (control groups and affinity are taken into account).
///
/// # Errors
/// `DeviceError` if the setting is not a number from 1 to 1024.
pub fn count(setting: Option<&str>) -> Result<usize> {
    let Some(text) = setting.filter(|text| !text.trim().is_empty()) else {
        return Ok(std::thread::available_parallelism().map_or(1, |n| n.get()).min(MOST));
    };
    match text.trim().parse::<usize>() {
        Ok(n) if (1..=MOST).contains(&n) => Ok(n),
        _ => Err(EngineError::device(format!("{VARIABLE} is wrong")).with(format!("a number from 1 to {MOST}"), format!("{text:?}"))),
    }
}

/// The number of threads that the environment asks for.
///
/// # Errors
/// As [`count`].
pub fn wanted() -> Result<usize> {
    count(std::env::var(VARIABLE).ok().as_deref())
}

fn build() -> Result<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(wanted()?).stack_size(STACK).thread_name(|i| format!("thalweg-{i}"));
    builder.build().map_err(|e| EngineError::device(format!("the thread pool could not be started: {e}")))
}

/// Runs `work` where its parallel parts are shared: in the pool of the calling thread if it belongs to one, else in the
/// process's pool.
///
/// # Errors
/// `DeviceError` if the pool cannot be started.
pub fn shared<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    if inside() {
        return Ok(work());
    }
    match POOL.get_or_init(build) {
        Ok(pool) => Ok(pool.install(work)),
        Err(error) => Err(error.clone()),
    }
}

/// Number of threads of the pool that the calling thread belongs to; outside, of the process's pool once that exists, else all.
pub fn current() -> usize {
    rayon::current_num_threads()
}

/// Whether the calling thread belongs to a pool; outside, kernels run on one thread.
pub fn inside() -> bool {
    rayon::current_thread_index().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_is_validated() {
        assert_eq!(count(Some("3")).unwrap(), 3);
        assert!(count(None).unwrap() >= 1);
        assert_eq!(count(Some("")).unwrap(), count(None).unwrap());
        for wrong in ["0", "-1", "two", "1e3", "9999"] {
            assert_eq!(count(Some(wrong)).unwrap_err().code, "DeviceError", "{wrong}");
        }
    }
}
