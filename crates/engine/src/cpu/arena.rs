//! Places in one block of memory for values with known lifetimes: the smallest gap that fits, else the end.

use std::collections::BTreeMap;

const ALIGN: usize = 64;

/// A block that grows as places are taken and reuses those that were given back.
#[derive(Default)]
pub(crate) struct Arena {
    /// Gaps: where each begins, and its size.
    gaps: BTreeMap<usize, usize>,
    end: usize,
}

impl Arena {
    /// A place of `bytes`; returns where it begins.
    pub(crate) fn take(&mut self, bytes: usize) -> usize {
        let bytes = rounded(bytes);
        let fit = self.gaps.iter().filter(|(_, size)| **size >= bytes).min_by_key(|(_, size)| **size).map(|(at, size)| (*at, *size));
        let Some((at, size)) = fit else {
            // A gap at the very end is extended.
            let at = match self.gaps.last_key_value() {
                Some((&at, &size)) if at + size == self.end => {
                    self.gaps.remove(&at);
                    at
                }
                _ => self.end,
            };
            self.end = at.saturating_add(bytes);
            return at;
        };
        self.gaps.remove(&at);
        if size > bytes {
            self.gaps.insert(at + bytes, size - bytes);
        }
        at
    }

    /// Gives back the place of `bytes` at `at`.
    pub(crate) fn give(&mut self, at: usize, bytes: usize) {
        let (mut at, mut size) = (at, rounded(bytes));
        if let Some((&before, &length)) = self.gaps.range(..at).next_back()
            && before + length == at
        {
            self.gaps.remove(&before);
            (at, size) = (before, size + length);
        }
        if let Some(length) = self.gaps.remove(&(at + size)) {
            size += length;
        }
        self.gaps.insert(at, size);
    }

    /// Bytes of the whole block.
    pub(crate) fn bytes(&self) -> usize {
        self.end
    }
}

/// Bytes up to where the next place may begin.
pub(crate) fn rounded(bytes: usize) -> usize {
    bytes.max(1).checked_next_multiple_of(ALIGN).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_given_back_is_taken_again_and_neighbours_join() {
        let mut arena = Arena::default();
        let [a, b, c] = [100, 200, 300].map(|bytes| arena.take(bytes));
        assert_eq!((a, b, c, arena.bytes()), (0, 128, 384, 704));
        arena.give(a, 100);
        arena.give(b, 200);
        assert_eq!(arena.take(384), 0);
        arena.give(c, 300);
        assert_eq!(arena.take(1000), 384);
        assert_eq!(arena.bytes(), 384 + 1024);
    }
}
