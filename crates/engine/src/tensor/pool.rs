//! Free buffers, kept for the next tensor of the same size.
//! A step of training uses the same sizes again and again; asking the system for fresh pages each time costs as much as a pass.

use super::element::Element;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Smaller buffers are left to the allocator.
const KEPT_FROM_BYTES: usize = 32 << 10;

/// Most bytes kept per element type; beyond, the buffers that were freed first go back to the system.
const KEPT_AT_MOST_BYTES: usize = 192 << 20;

/// Free buffers of one element type, the latest at the back.
pub(crate) struct Shelf<T> {
    free: VecDeque<Vec<T>>,
    bytes: usize,
}

impl<T> Shelf<T> {
    /// No buffers.
    pub(crate) const fn new() -> Shelf<T> {
        Shelf { free: VecDeque::new(), bytes: 0 }
    }
}

fn lock<T: Element>() -> MutexGuard<'static, Shelf<T>> {
    let shelf: &'static Mutex<Shelf<T>> = T::shelf();
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes_of<T>(count: usize) -> usize {
    count.saturating_mul(size_of::<T>())
}

/// A buffer of `count` elements of unspecified value: every one must be written.
pub(crate) fn buffer<T: Element>(count: usize) -> Vec<T> {
    if bytes_of::<T>(count) >= KEPT_FROM_BYTES {
        let mut shelf = lock::<T>();
        if let Some(at) = shelf.free.iter().rposition(|b| b.len() == count) {
            shelf.bytes -= bytes_of::<T>(count);
            if let Some(found) = shelf.free.remove(at) {
                return found;
            }
        }
    }
    vec![T::ZERO; count]
}

/// A buffer of at least `bytes` bytes of unspecified value, never too small to be kept.
pub(crate) fn arena(bytes: usize) -> Vec<u8> {
    buffer(bytes.max(KEPT_FROM_BYTES))
}

/// A buffer of `count` zeros.
pub(crate) fn zeros<T: Element>(count: usize) -> Vec<T> {
    let mut out = buffer::<T>(count);
    out.fill(T::ZERO);
    out
}

/// Whether a buffer of this many bytes would be kept.
pub(crate) fn keeps(bytes: usize) -> bool {
    (KEPT_FROM_BYTES..=KEPT_AT_MOST_BYTES).contains(&bytes)
}

/// Takes back a buffer that nothing uses any more.
pub(crate) fn give_back<T: Element>(buffer: Vec<T>) {
    let bytes = bytes_of::<T>(buffer.len());
    if !keeps(bytes) {
        return;
    }
    let mut dropped = Vec::new();
    let mut shelf = lock::<T>();
    while shelf.bytes + bytes > KEPT_AT_MOST_BYTES
        && let Some(oldest) = shelf.free.pop_front()
    {
        shelf.bytes -= bytes_of::<T>(oldest.len());
        dropped.push(oldest);
    }
    shelf.bytes += bytes;
    shelf.free.push_back(buffer);
    drop(shelf);
    drop(dropped);
}

/// Gives all free buffers back to the system.
pub(crate) fn clear() {
    fn empty<T: Element>() {
        let mut shelf = lock::<T>();
        let free = std::mem::take(&mut shelf.free);
        shelf.bytes = 0;
        drop(shelf);
        drop(free);
    }
    empty::<f32>();
    empty::<f64>();
    empty::<half::bf16>();
    empty::<i64>();
    empty::<u8>();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_given_back_is_used_again_for_its_size_only() {
        let size = 123_457;
        let first = buffer::<f64>(size);
        let address = first.as_ptr();
        give_back(first);
        let (other, again) = (buffer::<f64>(size + 1), buffer::<f64>(size));
        assert_ne!(other.as_ptr(), address);
        assert_eq!(again.as_ptr(), address);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for _ in 0..40 {
            give_back(vec![0u8; 10 << 20]);
        }
        let shelf = lock::<u8>();
        assert!(shelf.bytes <= KEPT_AT_MOST_BYTES);
        assert_eq!(shelf.bytes, shelf.free.iter().map(Vec::len).sum::<usize>());
    }
}
