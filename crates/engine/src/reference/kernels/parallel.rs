//! Cutting work into pieces whose bounds depend on sizes alone.
//! Every piece writes a part of the output of its own, so results are the same for any number of threads.

use crate::threads;
use rayon::prelude::*;

/// Elements below which sharing costs more than it saves.
pub(crate) const SHARED_FROM: usize = 32 << 10;

/// Elements that one thread takes at a time.
const PIECE: usize = 8 << 10;

/// Elements that a kernel handles at a time where it needs a scratch: a few such arrays fit into the first-level cache.
pub(crate) const CHUNK: usize = 1024;

/// Calls `work(start, piece)` for pieces of `out`, on several threads if there is enough to do.
pub(crate) fn pieces<O: Send>(out: &mut [O], work: impl Fn(usize, &mut [O]) + Sync) {
    if out.len() < SHARED_FROM || !threads::inside() {
        return work(0, out);
    }
    out.par_chunks_mut(PIECE).enumerate().for_each(|(i, piece)| work(i * PIECE, piece));
}

/// Calls `work(scratch, start, chunk)` for chunks of at most [`CHUNK`] elements of `out`; each thread has its own scratch.
pub(crate) fn chunks<O: Send, S>(out: &mut [O], scratch: impl Fn() -> S + Sync, work: impl Fn(&mut S, usize, &mut [O]) + Sync) {
    pieces(out, |start, piece| {
        let mut own = scratch();
        for (i, chunk) in piece.chunks_mut(CHUNK).enumerate() {
            work(&mut own, start + i * CHUNK, chunk);
        }
    });
}

/// Calls `work(row, values)` for each row of `out`, on several threads if all rows together cost at least
/// [`SHARED_FROM`] elements of work.
pub(crate) fn rows<O: Send>(out: &mut [O], width: usize, cost_per_row: usize, work: impl Fn(usize, &mut [O]) + Sync) {
    if width == 0 || out.is_empty() {
        return;
    }
    let count = out.len() / width;
    if count < 2 || count.saturating_mul(cost_per_row) < SHARED_FROM || !threads::inside() {
        return out.chunks_mut(width).enumerate().for_each(|(i, row)| work(i, row));
    }
    let together = (PIECE / cost_per_row.max(1)).max(1);
    out.par_chunks_mut(width * together).enumerate().for_each(|(group, values)| {
        for (i, row) in values.chunks_mut(width).enumerate() {
            work(group * together + i, row);
        }
    });
}
