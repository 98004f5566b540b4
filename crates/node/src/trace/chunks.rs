//! A list that grows by pieces of a fixed size and never moves what it holds.
//! A `Vec` of a million places would be copied whole when it grows, inside a single call of the main thread.

use std::ops::Index;

/// Entries of a piece.
const PIECE: usize = 4096;

/// A list to append to and to read by index.
pub(super) struct Chunks<T> {
    pieces: Vec<Vec<T>>,
}

impl<T> Chunks<T> {
    /// Nothing.
    pub(super) fn new() -> Chunks<T> {
        Chunks { pieces: Vec::new() }
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, entry: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(entry),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(entry);
                self.pieces.push(piece);
            }
        }
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;
    fn index(&self, i: usize) -> &T {
        &self.pieces[i / PIECE][i % PIECE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_where_they_are_and_in_order() {
        let mut list = Chunks::new();
        for i in 0..3 * PIECE + 1 {
            assert_eq!(list.len(), i);
            list.push(i);
        }
        let first: *const usize = &list[0];
        list.push(0);
        assert_eq!(first, &list[0] as *const usize);
        assert!((0..3 * PIECE + 1).all(|i| list[i] == i));
    }
}
