//! Where a convolution's kernel lies at each position, and the *patches* that it sees there: a matrix [channels · kernel, positions],
//! made for a few positions at a time so that it stays in the second-level cache.

use super::memory::{Address, Memory, Plain};
use std::ops::Range;
use thalweg_graph::ops::Window;
use thalweg_lane::Real;

/// Positions of a sample below which several samples share a tile, so that products do not become small.
const FEW: usize = 128;

/// Sizes of a convolution; one spatial dimension is two with a first one of size 1.
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    pub(crate) samples: usize,
    pub(crate) groups: usize,
    /// Channels of the input and of the output, per group.
    pub(crate) inner: usize,
    pub(crate) outer: usize,
    pub(crate) input: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) output: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) before: [usize; 2],
    pub(super) dilation: [usize; 2],
}

/// Images where elements of a channel have no gaps; distances between samples and between channels.
#[derive(Clone, Debug)]
pub(crate) struct Images {
    pub(crate) at: Address,
    pub(crate) sample: usize,
    pub(crate) channel: usize,
}

impl Images {
    /// The first element of a channel of a sample.
    pub(crate) fn place(&self, sample: usize, channel: usize) -> Address {
        Address { offset: self.at.offset + sample * self.sample + channel * self.channel, ..self.at }
    }
}

/// Positions of the output that are treated at a time: of several samples all of them, or of one some lines, or a part of one line.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) samples: Range<usize>,
    pub(crate) lines: Range<usize>,
    pub(crate) columns: Range<usize>,
}

impl Tile {
    /// Positions of each sample.
    pub(crate) fn each(&self) -> usize {
        self.lines.len() * self.columns.len()
    }

    /// Positions of all samples.
    pub(crate) fn positions(&self) -> usize {
        self.samples.len() * self.each()
    }
}

/// What one kernel element sees in a tile of one sample: `lines` stretches of `length` elements, the rest lies outside the image.
struct Seen {
    lines: usize,
    length: usize,
    /// The first element in the row of patches and in the channel.
    patch: usize,
    image: usize,
}

fn pair(values: &[usize], first: usize) -> [usize; 2] {
    match values {
        [one] => [first, *one],
        [a, b] => [*a, *b],
        _ => [first, first],
    }
}

impl Geometry {
    /// The sizes of a convolution of `x` with `w` that gives `y`.
    pub(crate) fn new(window: &Window, x: &[usize], w: &[usize], y: &[usize]) -> Geometry {
        Geometry {
            samples: x[0],
            groups: window.groups,
            inner: w[1],
            outer: w[0] / window.groups,
            input: pair(&x[2..], 1),
            kernel: pair(&w[2..], 1),
            output: pair(&y[2..], 1),
            stride: pair(&window.stride, 1),
            before: pair(&window.before, 0),
            dilation: pair(&window.dilation, 1),
        }
    }

    /// Elements of the kernel per channel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Positions of a sample.
    pub(crate) fn positions(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Whether the patches of a sample are its elements.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.before == [0, 0] && self.input == self.output
    }

    /// Cuts all positions of all samples into tiles of at most `most` positions, or one. Samples of few positions are put together.
    pub(crate) fn tiles(&self, most: usize) -> Tiles {
        let together = if self.positions() < FEW { most.min(2 * FEW) / self.positions().max(1) } else { 1 };
        Tiles::cut(self.samples, self.output, together, most)
    }

    /// What element (ky, kx) of the kernel sees in a tile of one sample; `None`: nothing of the image.
    fn seen(&self, tile: &Tile, ky: usize, kx: usize) -> Option<Seen> {
        let inside = |d: usize, offset: usize, range: &Range<usize>| {
            // Positions p with before ≤ p · stride + offset < before + size.
            let (step, before) = (self.stride[d], self.before[d]);
            let first = before.saturating_sub(offset).div_ceil(step).max(range.start);
            let stop = (self.input[d] + before).saturating_sub(offset).div_ceil(step).min(range.end);
            (first < stop).then(|| (first, stop - first, first * step + offset - before))
        };
        let (line, lines, y) = inside(0, ky * self.dilation[0], &tile.lines)?;
        let (column, length, x) = inside(1, kx * self.dilation[1], &tile.columns)?;
        let patch = (line - tile.lines.start) * tile.columns.len() + column - tile.columns.start;
        Some(Seen { lines, length, patch, image: y * self.input[1] + x })
    }

    /// Whether neighbours in a row of patches are neighbours in the image across the ends of lines, too.
    fn is_even(&self, tile: &Tile) -> bool {
        self.stride == [1, 1] && self.input[1] == tile.columns.len()
    }

    /// Calls `visit(part of a row of patches, sample, channel, what is seen)` for each row of the patches of `channels`, which are counted
    /// through all groups, and each sample of a tile.
    fn visit<T: Plain>(
        &self,
        tile: &Tile,
        patches: &mut [T],
        channels: Range<usize>,
        mut visit: impl FnMut(&mut [T], usize, usize, Option<&Seen>),
    ) {
        let [height, width] = self.kernel;
        let each = tile.each();
        for ky in 0..height {
            for kx in 0..width {
                let seen = self.seen(tile, ky, kx);
                for (n, channel) in channels.clone().enumerate() {
                    let row = (n * height + ky) * width + kx;
                    for (k, sample) in tile.samples.clone().enumerate() {
                        let at = (row * tile.samples.len() + k) * each;
                        visit(&mut patches[at..at + each], sample, channel, seen.as_ref());
                    }
                }
            }
        }
    }

    /// Copies what the kernel sees of `channels` in a tile into patches.
    pub(crate) fn gather<T: Plain + Real>(
        &self,
        memory: &Memory<'_>,
        images: &Images,
        tile: &Tile,
        channels: Range<usize>,
        patches: &mut [T],
    ) {
        let (area, even) = (self.input[0] * self.input[1], self.is_even(tile));
        self.visit(tile, patches, channels, |row, sample, channel, seen| {
            let Some(seen) = seen else { return row.fill(T::ZERO) };
            let image = &memory.read::<T>(images.place(sample, channel), area)[seen.image..];
            let (width, end) = (tile.columns.len(), seen.end(tile.columns.len()));
            row[..seen.patch].fill(T::ZERO);
            row[end..].fill(T::ZERO);
            let row = &mut row[seen.patch..end];
            if even {
                row.copy_from_slice(&image[..row.len()]);
            } else {
                let pitch = self.stride[0] * self.input[1];
                for (to, from) in row.chunks_mut(width).zip(image.chunks(pitch)) {
                    spread(&mut to[..seen.length], from, self.stride[1]);
                }
            }
            clear_gaps(row, seen, width);
        });
    }

    /// The transpose of [`Geometry::gather`]: adds patches, which it changes, to the elements that they would be copied from.
    pub(crate) fn fold<T: Plain + Real>(
        &self,
        memory: &Memory<'_>,
        images: &Images,
        tile: &Tile,
        channels: Range<usize>,
        patches: &mut [T],
    ) {
        let (area, even) = (self.input[0] * self.input[1], self.is_even(tile));
        self.visit(tile, patches, channels, |row, sample, channel, seen| {
            let Some(seen) = seen else { return };
            let image = &mut memory.write::<T>(images.place(sample, channel), area)[seen.image..];
            let width = tile.columns.len();
            let row = &mut row[seen.patch..seen.end(width)];
            if even {
                clear_gaps(row, seen, width);
                T::add_to(&mut image[..row.len()], row);
            } else {
                let pitch = self.stride[0] * self.input[1];
                for (from, to) in row.chunks(width).zip(image.chunks_mut(pitch)) {
                    add_spread(to, &from[..seen.length], self.stride[1]);
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
fn spread<T: Copy>(to: &mut [T], from: &[T], step: usize) {
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

/// The size of parts of at most `most`, or one, of `all`, as equal as can be.
pub(crate) fn even(all: usize, most: usize) -> usize {
    let most = most.max(1);
    all.div_ceil(all.div_ceil(most).max(1)).max(1)
}

/// All tiles of a convolution: sizes of one, and of all.
#[derive(Clone, Debug)]
pub(crate) struct Tiles {
    pub(crate) samples: usize,
    lines: usize,
    columns: usize,
    all: [usize; 3],
}

impl Tiles {
    /// Cuts samples into packs of `together`, and their positions into tiles of at most `most`, or one.
    pub(crate) fn cut(samples: usize, [height, width]: [usize; 2], together: usize, most: usize) -> Tiles {
        Tiles {
            samples: even(samples, together),
            lines: even(height, most / width.max(1)),
            columns: even(width, most),
            all: [samples, height, width],
        }
    }

    /// Lines and columns of the largest tile.
    pub(crate) fn area(&self) -> [usize; 2] {
        [self.lines, self.columns]
    }

    /// Positions of the largest tile.
    pub(crate) fn positions(&self) -> usize {
        self.samples * self.lines * self.columns
    }

    /// Number of packs: samples that are in tiles together.
    pub(crate) fn packs(&self) -> usize {
        self.all[0].div_ceil(self.samples)
    }

    /// Number of tiles of a pack.
    pub(crate) fn of_pack(&self) -> usize {
        self.all[1].div_ceil(self.lines) * self.all[2].div_ceil(self.columns)
    }

    /// Tile `k` of a pack.
    pub(crate) fn tile(&self, pack: usize, k: usize) -> Tile {
        let across = self.all[2].div_ceil(self.columns);
        let part = |at: usize, size: usize, all: usize| at * size..((at + 1) * size).min(all);
        Tile {
            samples: part(pack, self.samples, self.all[0]),
            lines: part(k / across, self.lines, self.all[1]),
            columns: part(k % across, self.columns, self.all[2]),
        }
    }
}
