//! Threads that stand by while a program runs steps too short to wake anyone for: they watch one number, and take pieces of the
//! products that read a large matrix for a few rows.
//!
//! That number holds the step that is shared and the next piece of it, so that a thread that comes late takes a piece of the step that
//! is shared now, or none. A step is over when all its pieces are done; nobody waits for a thread that has not taken any.

use super::memory::Memory;
use super::product::Product;
use super::program::Step;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Looks without success after which a thread lets others run between looks.
const PATIENCE: usize = 4096;

/// In the place of a step: there are no more, and there is none yet. Pieces are counted on beneath them by threads that come late.
const END: u64 = u32::MAX as u64;
const NONE: u64 = END - 1;

/// The crew of one run of a program.
pub(crate) struct Crew<'a> {
    steps: &'a [Step],
    memory: Memory<'a>,
    /// Number of the step in the upper half, its next piece in the lower.
    next: AtomicU64,
    done: AtomicUsize,
}

/// Sends the crew home, also where a step panics.
struct Shift<'a, 'b>(&'a Crew<'b>);

impl Drop for Shift<'_, '_> {
    fn drop(&mut self) {
        self.0.next.store(END << 32, Ordering::Release);
    }
}

impl<'a> Crew<'a> {
    /// Runs `work` on this thread, while the other threads of its pool stand by.
    pub(crate) fn with<R: Send>(steps: &'a [Step], memory: Memory<'a>, work: impl FnOnce(&Crew<'a>) -> R + Send) -> R {
        let crew = Crew { steps, memory, next: AtomicU64::new(NONE << 32), done: AtomicUsize::new(0) };
        rayon::in_place_scope(|scope| {
            for _ in 1..rayon::current_num_threads() {
                scope.spawn(|_| crew.stand_by());
            }
            let _shift = Shift(&crew);
            work(&crew)
        })
    }

    fn product(&self, step: usize) -> Option<&'a Product> {
        match self.steps.get(step) {
            Some(Step::Product(product)) => Some(product),
            _ => None,
        }
    }

    /// Runs the product that is step `step`, on this thread and those that stand by.
    pub(crate) fn share(&self, step: usize, product: &Product) {
        let pieces = product.pieces();
        self.done.store(0, Ordering::Relaxed);
        self.next.store((step as u64) << 32, Ordering::Release);
        while self.take(self.next.load(Ordering::Acquire)) {}
        // What is left is being done: microseconds, unless its thread was interrupted.
        wait(|| self.done.load(Ordering::Acquire) >= pieces);
    }

    /// Takes a piece of the step that is shared, if one is left in `seen`.
    fn take(&self, seen: u64) -> bool {
        let Some(product) = self.product((seen >> 32) as usize) else { return false };
        if seen as u32 as usize >= product.pieces() {
            return false;
        }
        let taken = self.next.fetch_add(1, Ordering::AcqRel);
        if let (Some(product), piece) = (self.product((taken >> 32) as usize), taken as u32 as usize)
            && piece < product.pieces()
        {
            product.piece(&self.memory, piece);
            self.done.fetch_add(1, Ordering::Release);
        }
        true
    }

    fn stand_by(&self) {
        wait(|| {
            while self.take(self.next.load(Ordering::Acquire)) {}
            self.next.load(Ordering::Relaxed) >> 32 == END
        });
    }
}

/// Looks until `found`.
fn wait(found: impl Fn() -> bool) {
    let mut looks = 0;
    while !found() {
        looks += 1;
        if looks < PATIENCE { spin_loop() } else { std::thread::yield_now() }
    }
}
