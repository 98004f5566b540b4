//! What the machine can do at most: multiply large matrices, and copy what lies in a cache or in memory, on all threads at once.

use crate::{CompileOptions, EngineError, Program, Result, Tensor};
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use thalweg_graph::{Builder, DType};

/// Bytes from which a step counts as one over memory.
const BEYOND_CACHE: usize = 4 << 20;
/// Bytes that are copied in a cache, and in memory.
const NEAR: usize = 128 << 10;
const FAR: usize = 32 << 20;
/// Rows of the matrices that are multiplied.
const SIZE: usize = 512;
/// Attempts, of which the fastest counts.
const TRIES: usize = 20;

/// What one thread can do while all others do the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Floating-point operations a second in products of large matrices of f32.
    pub product: f64,
    /// Bytes read and written a second when copying in a cache.
    pub cache: f64,
    /// Bytes read and written a second when copying in memory.
    pub memory: f64,
}

static KNOWN: Mutex<Option<(usize, Limits)>> = Mutex::new(None);

impl Limits {
    /// The limits of so many threads, measured at the first call.
    pub(super) fn of(threads: usize) -> Result<Limits> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, limits)) = *known
            && of == threads
        {
            return Ok(limits);
        }
        let limits = Limits::measure(threads)?;
        *known = Some((threads, limits));
        Ok(limits)
    }

    fn measure(threads: usize) -> Result<Limits> {
        let b = Builder::new();
        let product = b.input("a", DType::F32, &[SIZE, SIZE]).matmul(b.input("b", DType::F32, &[SIZE, SIZE]));
        let program = Program::compile(&b.finish(&[product])?, &CompileOptions::default())?;
        let matrix = Tensor::from_f32(vec![0.5; SIZE * SIZE], &[SIZE, SIZE])?;
        let multiply = || || program.run(vec![matrix.clone(), matrix.clone()]).map(drop);
        let copy = |bytes: usize| {
            move || {
                let (from, mut to) = (vec![1u8; bytes], vec![2u8; bytes]);
                move || {
                    black_box(&mut to).copy_from_slice(black_box(&from));
                    Ok(())
                }
            }
        };
        Ok(Limits {
            product: 2.0 * (SIZE * SIZE * SIZE) as f64 / slowest(threads, multiply)?,
            cache: 2.0 * NEAR as f64 / slowest(threads, copy(NEAR))?,
            memory: 2.0 * FAR as f64 / slowest(threads, copy(FAR))?,
        })
    }

    /// Seconds that so many operations and bytes take at least, on one thread; `None` where both are 0.
    pub(super) fn seconds(&self, flops: f64, bytes: usize) -> Option<f64> {
        let bandwidth = if bytes < BEYOND_CACHE { self.cache } else { self.memory };
        let seconds = (flops / self.product).max(bytes as f64 / bandwidth);
        (seconds > 0.0).then_some(seconds)
    }
}

/// Seconds of the fastest of several attempts, of the thread that is slowest while all make theirs.
fn slowest<W: FnMut() -> Result<()>>(threads: usize, work: impl Fn() -> W + Sync) -> Result<f64> {
    let best = || {
        let mut work = work();
        (0..TRIES).try_fold(f64::INFINITY, |best, _| {
            let start = Instant::now();
            work()?;
            Ok(best.min(start.elapsed().as_secs_f64()))
        })
    };
    // Each in a pool of its own, lest they share their work.
    let alone = || match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(best),
        Err(error) => Err(EngineError::device(format!("a thread could not be started: {error}"))),
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(alone)).collect();
        let ends = running.into_iter().map(|each| each.join().unwrap_or_else(|_| Err(EngineError::internal("a measurement panicked"))));
        ends.collect::<Result<Vec<f64>>>().map(|all| all.into_iter().fold(0.0, f64::max))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_as_long_as_the_slower_of_its_operations_and_its_bytes() {
        let limits = Limits { product: 1e9, cache: 1e9, memory: 1e8 };
        assert_eq!(limits.seconds(2e9, 1000), Some(2.0));
        assert_eq!(limits.seconds(1.0, 1_000_000), Some(1e-3));
        assert_eq!(limits.seconds(0.0, 10_000_000), Some(0.1));
        assert_eq!(limits.seconds(0.0, 0), None);
    }
}
