//! What is alive: handles that were not disposed of, and the bytes of their storage.
//! Counted where handles are made and dropped, so that the numbers are exact and need no lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

static TENSORS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// Bytes of one storage; alive for as long as something holds it.
struct Storage {
    bytes: usize,
    handles: AtomicUsize,
}

impl Drop for Storage {
    fn drop(&mut self) {
        BYTES.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A share of a storage. Clones count its bytes once.
#[derive(Clone)]
pub struct Share(Arc<Storage>);

impl Share {
    /// The first share of a storage of this size.
    pub fn new(bytes: usize) -> Share {
        BYTES.fetch_add(bytes, Ordering::Relaxed);
        Share(Arc::new(Storage { bytes, handles: AtomicUsize::new(0) }))
    }

    /// One more JavaScript handle of the storage; whether it is the first.
    pub fn take_hold(&self) -> bool {
        self.0.handles.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// One handle less; whether it was the last.
    pub fn let_go(&self) -> bool {
        self.0.handles.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Bytes of the storage.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }
}

/// The mark of a tensor that JavaScript holds.
pub struct Mark(());

impl Mark {
    /// Counts one more tensor, until it is dropped.
    pub fn new() -> Mark {
        TENSORS.fetch_add(1, Ordering::Relaxed);
        Mark(())
    }
}

impl Default for Mark {
    fn default() -> Self {
        Mark::new()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        TENSORS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tensors that JavaScript holds.
pub fn tensors() -> usize {
    TENSORS.load(Ordering::Relaxed)
}

/// Bytes of storage that tensors and recorded graphs hold.
pub fn bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test for both: the number of bytes belongs to the process.
    #[test]
    fn clones_of_a_share_count_once_and_its_first_and_last_handle_are_told_apart() {
        let before = bytes();
        let share = Share::new(100);
        let clone = share.clone();
        assert_eq!(bytes() - before, 100);
        assert_eq!((share.take_hold(), clone.take_hold()), (true, false));
        assert_eq!((share.let_go(), clone.let_go()), (false, true));
        drop(share);
        assert_eq!(bytes() - before, 100);
        drop(clone);
        assert_eq!(bytes(), before);
    }

    #[test]
    fn every_mark_counts() {
        let before = tensors();
        let marks = [Mark::new(), Mark::new()];
        assert_eq!(tensors() - before, 2);
        drop(marks);
        assert_eq!(tensors(), before);
    }
}
