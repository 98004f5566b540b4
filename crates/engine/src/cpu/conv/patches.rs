//! Where a convolution's kernel lies at each position, and the *patches* that it sees there: a matrix [channels · kernel, positions],
//! made for a few positions at a time so that it stays in the second-level cache.

use super::super::memory::{Memory, Plain};
use super::tiles::{Images, Tile};
use crate::geometry::Geometry;
use std::ops::Range;
use thalweg_lane::Real;

/// What one kernel element sees in a tile of one sample: `lines` stretches of `length` elements, the rest lies outside the image.
struct Seen {
    lines: usize,
    length: usize,
    /// The first element in the row of patches and in the channel.
    patch: usize,
    image: usize,
}

/// What the patches of some channels, counted through all groups, are made of.
pub(super) struct Patches<'a> {
    pub(super) geometry: &'a Geometry,
    pub(super) memory: &'a Memory<'a>,
    pub(super) images: &'a Images,
    pub(super) tile: &'a Tile,
    pub(super) channels: Range<usize>,
}

impl Patches<'_> {
    /// What element (ky, kx) of the kernel sees in a tile of one sample; `None`: nothing of the image.
    fn seen(&self, ky: usize, kx: usize) -> Option<Seen> {
        let (g, tile) = (self.geometry, self.tile);
        let inside = |d: usize, offset: usize, range: &Range<usize>| {
            // Positions p with before ≤ p · stride + offset < before + size.
            let (step, before) = (g.stride[d], g.before[d]);
            let first = before.saturating_sub(offset).div_ceil(step).max(range.start);
            let stop = (g.input[d] + before).saturating_sub(offset).div_ceil(step).min(range.end);
            (first < stop).then(|| (first, stop - first, first * step + offset - before))
        };
        let (line, lines, y) = inside(0, ky * g.dilation[0], &tile.lines)?;
        let (column, length, x) = inside(1, kx * g.dilation[1], &tile.columns)?;
        let patch = (line - tile.lines.start) * tile.columns.len() + column - tile.columns.start;
        Some(Seen { lines, length, patch, image: y * g.input[1] + x })
    }

    /// Whether neighbours in a row of patches are neighbours in the image across the ends of lines, too.
    fn is_even(&self) -> bool {
        self.geometry.stride == [1, 1] && self.geometry.input[1] == self.tile.columns.len()
    }

    /// Calls `visit(part of a row of patches, sample, channel, what is seen)` for each row of the patches and each sample of the tile.
    fn visit<T: Plain>(&self, patches: &mut [T], mut visit: impl FnMut(&mut [T], usize, usize, Option<&Seen>)) {
        let ([height, width], tile) = (self.geometry.kernel, self.tile);
        let each = tile.each();
        for ky in 0..height {
            for kx in 0..width {
                let seen = self.seen(ky, kx);
                for (n, channel) in self.channels.clone().enumerate() {
                    let row = (n * height + ky) * width + kx;
                    for (k, sample) in tile.samples.clone().enumerate() {
                        let at = (row * tile.samples.len() + k) * each;
                        visit(&mut patches[at..at + each], sample, channel, seen.as_ref());
                    }
                }
            }
        }
    }

    /// Copies what the kernel sees into patches.
    pub(super) fn gather<T: Plain + Real>(&self, patches: &mut [T]) {
        let (g, width, even) = (self.geometry, self.tile.columns.len(), self.is_even());
        let area = g.input[0] * g.input[1];
        self.visit(patches, |row, sample, channel, seen| {
            let Some(seen) = seen else { return row.fill(T::ZERO) };
            let image = &self.memory.read::<T>(self.images.place(sample, channel), area)[seen.image..];
            let end = seen.end(width);
            row[..seen.patch].fill(T::ZERO);
            row[end..].fill(T::ZERO);
            let row = &mut row[seen.patch..end];
            if even {
                row.copy_from_slice(&image[..row.len()]);
            } else {
                let pitch = g.stride[0] * g.input[1];
                for (to, from) in row.chunks_mut(width).zip(image.chunks(pitch)) {
                    spread(&mut to[..seen.length], from, g.stride[1]);
                }
            }
            clear_gaps(row, seen, width);
        });
    }

    /// The transpose of [`Patches::gather`]: adds patches, which it changes, to the elements that they would be copied from.
    pub(super) fn fold<T: Plain + Real>(&self, patches: &mut [T]) {
        let (g, width, even) = (self.geometry, self.tile.columns.len(), self.is_even());
        let area = g.input[0] * g.input[1];
        self.visit(patches, |row, sample, channel, seen| {
            let Some(seen) = seen else { return };
            let image = &mut self.memory.write::<T>(self.images.place(sample, channel), area)[seen.image..];
            let row = &mut row[seen.patch..seen.end(width)];
            if even {
                clear_gaps(row, seen, width);
                T::add_to(&mut image[..row.len()], row);
            } else {
                let pitch = g.stride[0] * g.input[1];
                for (from, to) in row.chunks(width).zip(image.chunks_mut(pitch)) {
                    add_spread(to, &from[..seen.length], g.stride[1]);
                }
            }
        });
    }
}

impl Seen {
    /// The end of the last stretch in a row of patches whose lines are `width` long.
    fn end(&self, width: usize) -> usize {
        self.patch + (self.lines - 1) * width + self.length
    }
}

/// Zeros between the stretches of a row.
fn clear_gaps<T: Real>(row: &mut [T], seen: &Seen, width: usize) {
    for gap in seen.length..width {
        for line in 0..seen.lines - 1 {
            row[line * width + gap] = T::ZERO;
        }
    }
}

/// `to[i] = from[i · step]`.
pub(super) fn spread<T: Copy>(to: &mut [T], from: &[T], step: usize) {
    match step {
        1 => to.copy_from_slice(&from[..to.len()]),
        2 => {
            // All but the last are the first of a pair.
            let last = to.len() - 1;
            to[..last].iter_mut().zip(from.as_chunks::<2>().0).for_each(|(t, f)| *t = f[0]);
            to[last] = from[2 * last];
        }
        _ => to.iter_mut().zip(from.iter().step_by(step)).for_each(|(t, f)| *t = *f),
    }
}

/// `to[i · step] += from[i]`.
fn add_spread<T: Real>(to: &mut [T], from: &[T], step: usize) {
    match step {
        1 => T::add_to(&mut to[..from.len()], from),
        _ => to.iter_mut().step_by(step).zip(from).for_each(|(t, f)| *t += *f),
    }
}
