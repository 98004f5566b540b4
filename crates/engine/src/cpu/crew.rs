//! Threads that stand by while a program runs steps too short to wake anyone for: they watch one number, and take pieces of passes and
//! products.
//!
//! That number holds the step that is shared and the next piece of it, so that a thread that comes late takes a piece of the step that
//! is shared now, or none. A step is over when all its pieces are done; nobody waits for a thread that has not taken any.
//!
//! Nobody waits for ever: the pool gives away its oldest tasks and takes its own newest, so that by the time a thread of one crew takes up
//! work of another, all places of the first are taken. A pool of `breadth_first` would break that.

use super::memory::Memory;
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

/// Counts a piece as done, also where it panics: the scope tells of that at its end, and until then nobody may wait for it.
struct Piece<'a>(&'a AtomicUsize);

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl<'a> Crew<'a> {
    /// Runs `work` on this thread, while the other threads of its pool stand by.
    pub(crate) fn with<R: Send>(steps: &'a [Step], memory: Memory<'a>, work: impl FnOnce(&Crew<'a>) -> R + Send) -> R {
        let crew = Crew { steps, memory, next: AtomicU64::new(NONE << 32), done: AtomicUsize::new(0) };
        rayon::in_place_scope(|scope| {
            let most = steps.iter().map(Step::pieces).max().unwrap_or(1);
            for _ in 1..rayon::current_num_threads().min(most) {
                scope.spawn(|_| crew.stand_by());
            }
            let _shift = Shift(&crew);
            work(&crew)
        })
    }

    /// Runs `step`, the one at `place`, on this thread and those that stand by.
    pub(crate) fn share(&self, place: usize, step: &Step) {
        let pieces = step.pieces();
        self.done.store(0, Ordering::Relaxed);
        self.next.store((place as u64) << 32, Ordering::Release);
        while self.take(self.next.load(Ordering::Acquire)) {}
        // What is left is being done: microseconds, unless its thread was interrupted.
        (0..).take_while(|_| self.done.load(Ordering::Acquire) < pieces).for_each(rest);
        step.finish(&self.memory);
    }

    /// Takes a piece of the step that is shared, if one is left in `seen`.
    fn take(&self, seen: u64) -> bool {
        let Some(step) = self.steps.get((seen >> 32) as usize) else { return false };
        if seen as u32 as usize >= step.pieces() {
            return false;
        }
        let taken = self.next.fetch_add(1, Ordering::AcqRel);
        if let (Some(step), piece) = (self.steps.get((taken >> 32) as usize), taken as u32 as usize)
            && piece < step.pieces()
        {
            let _piece = Piece(&self.done);
            step.piece(&self.memory, piece);
        }
        true
    }

    fn stand_by(&self) {
        let mut looks = 0;
        while self.next.load(Ordering::Relaxed) >> 32 != END {
            looks = if self.take(self.next.load(Ordering::Acquire)) { 0 } else { looks + 1 };
            rest(looks);
        }
    }
}

/// A moment between looks.
fn rest(looks: usize) {
    if looks < PATIENCE { spin_loop() } else { std::thread::yield_now() }
}
