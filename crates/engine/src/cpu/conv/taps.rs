//! Convolutions without patches: a tile of the result is a sum over the kernel's elements, its taps, each of which sees the image at a
//! distance of its own (`thalweg-lane`'s `correlate`). What is read is copied once, with zeros around it, a block of channels and a tile
//! of positions at a time; a line of an image that is read with a stride comes apart into one line per remainder, so that neighbours
//! of the result see neighbours.
//!
//! The gradient of the input is the convolution of the output's gradient with the turned kernel, where the stride is 1; and the gradient of a
//! kernel with few outputs is that of a turned one, with the output's gradient as the image. (There, and only there, an infinite weight or
//! element meets zeros around the image, so that there is NaN where patches leave it infinite.)

use super::super::memory::{Address, Memory, Plain};
use super::super::multiply::Matrix;
use super::patches::spread;
use super::tiles::{Images, Tile, Tiles, even};
use super::{BYTES, ROWS, SCRATCH};
use crate::geometry::{Geometry, Map};
use std::ops::Range;
use thalweg_graph::DType;
use thalweg_lane::{Real, TILE_ROWS};

/// Channels of a gradient of a kernel at a time and sums for each channel of the result, at most; bytes of what tiles are multiplied with.
const CHANNELS: usize = 128;
const SUMS: usize = 2048;
const PANEL: usize = 16 << 10;
/// Positions, lengths of lines and channels of the result below which patches are faster.
const POSITIONS: usize = 128;
const LENGTH: usize = 8;
const FEW: usize = 3;

/// A convolution, or one of its gradients, as sums over taps.
#[derive(Clone, Debug)]
pub(crate) struct Taps {
    map: Map,
    /// Whether input and output change places, and the kernel is turned.
    turned: bool,
    /// Channels that are read and channels of the result (or of what is multiplied with), per group.
    depth: usize,
    rows: usize,
    read: [usize; 2],
    result: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Lines and columns of zeros before the image; where negative, what is left out of it.
    before: [isize; 2],
    tiles: Tiles,
    /// Channels that are read at a time.
    block: usize,
    /// Elements of a line with its zeros (of each remainder), of a line of all remainders, and of a channel.
    line: usize,
    pitch: usize,
    channel: usize,
    /// Where each term of a block sees the image, seen from the first position.
    terms: Vec<usize>,
    /// Columns of a tile of sums, and whether such tiles run on across the ends of lines.
    columns: usize,
    flat: bool,
}

/// Matrices and images of a run: bases are the input's, the kernel's, the output's and this thread's scratch.
pub(crate) struct Places {
    pub(crate) x: Images,
    pub(crate) w: Matrix,
    pub(crate) y: Images,
    /// Whether the kernel's gradient is added to what is there.
    pub(crate) accumulate: bool,
}

impl Taps {
    /// The sums over taps of a convolution, where they are faster than patches.
    pub(crate) fn of(map: Map, dtype: DType, g: &Geometry) -> Option<Taps> {
        let columns = if dtype == DType::F64 { f64::tile_columns() } else { f32::tile_columns() };
        let most = BYTES / dtype.size();
        // Zeros around the image, or between what the taps see, can be many more than what there is to see.
        let reach = [(g.kernel[0] - 1).checked_mul(g.dilation[0])?, (g.kernel[1] - 1).checked_mul(g.dilation[1])?];
        let apart = g.stride[0].checked_mul(g.stride[1])?;
        if g.taps() == 1 || g.taps().max(apart).max(reach[0]).max(reach[1]) > most {
            return None;
        }
        let many = |channels: usize| channels * 2 >= columns;
        let few = map == Map::WeightGrad && g.stride == [1, 1] && !many(g.outer) && many(g.inner);
        let turned = map == Map::InputGrad || few;
        let (rows, depth, read, result) =
            if turned { (g.inner, g.outer, g.output, g.input) } else { (g.outer, g.inner, g.input, g.output) };
        let before = [0, 1].map(|d| if turned { reach[d] as isize - g.before[d] as isize } else { g.before[d] as isize });
        let suits = match map {
            Map::WeightGrad => many(rows) && result[1] >= LENGTH,
            _ => rows >= FEW && result[0] * result[1] >= POSITIONS,
        };
        if depth == 0 || (turned && g.stride != [1, 1]) || !suits {
            return None;
        }
        let mut block = even(depth, ROWS / g.taps());
        let area = block * apart + rows.next_multiple_of(TILE_ROWS);
        let positions = if map == Map::WeightGrad { PANEL / (columns * dtype.size()) } else { most / area };
        let tiles = Tiles::cut(g.samples, result, 1, positions);
        let [lines, width] = tiles.area();
        let line = ((width - 1) * g.stride[1] + reach[1] + 1).div_ceil(g.stride[1]);
        let pitch = line * g.stride[1];
        let channel = ((lines - 1) * g.stride[0] + reach[0] + 1).checked_mul(pitch)?;
        if map == Map::WeightGrad {
            block = even(depth, CHANNELS.min(most / channel).min(SUMS / g.taps()));
        }
        if channel.checked_mul(block)? > 2 * most {
            return None;
        }
        let flat = g.stride == [1, 1] && running(lines, width, pitch, columns) < lines * width.div_ceil(columns);
        let tap = |c: usize, ky: usize, kx: usize| {
            let [ky, kx] = if turned { [g.kernel[0] - 1 - ky, g.kernel[1] - 1 - kx] } else { [ky, kx] };
            let x = kx * g.dilation[1];
            c * channel + ky * g.dilation[0] * pitch + x % g.stride[1] * line + x / g.stride[1]
        };
        let across = g.kernel[1];
        let terms = (0..block * g.taps()).map(|k| tap(k / g.taps(), k % g.taps() / across, k % across)).collect();
        let (kernel, stride) = (g.kernel, g.stride);
        Some(Taps {
            map,
            turned,
            depth,
            rows,
            read,
            result,
            kernel,
            stride,
            before,
            tiles,
            block,
            line,
            pitch,
            channel,
            terms,
            columns,
            flat,
        })
    }

    /// Positions of a tile and channels of a block.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.tiles.positions(), self.block)
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    fn blocks(&self) -> usize {
        self.depth.div_ceil(self.block)
    }

    fn channels(&self, block: usize) -> Range<usize> {
        block * self.block..((block + 1) * self.block).min(self.depth)
    }

    /// Jobs of a group, none of which needs another one.
    pub(crate) fn jobs(&self) -> usize {
        if self.map == Map::WeightGrad { self.blocks() } else { self.tiles.packs() * self.tiles.of_pack() }
    }

    /// Tiles of sums in a line of a tile of positions (where they do not run on), and in all its lines.
    fn cut(&self, [lines, width]: [usize; 2]) -> (usize, usize) {
        let across = width.div_ceil(self.columns);
        let all = if self.flat { running(lines, width, self.pitch, self.columns) } else { lines * across };
        (across, all)
    }

    /// Elements of the scratch: what is read, what it is multiplied with, and sums.
    fn parts(&self) -> [usize; 3] {
        // A tile may read beyond the last position.
        let image = self.block * self.channel + self.columns;
        let rows = self.rows.next_multiple_of(TILE_ROWS);
        if self.map == Map::WeightGrad {
            let wide = self.rows.next_multiple_of(self.columns);
            return [image, wide * self.tiles.positions(), self.terms.len().next_multiple_of(TILE_ROWS) * wide];
        }
        [image, rows * self.terms.len(), rows * self.cut(self.tiles.area()).1 * self.columns]
    }

    /// Elements of the scratch.
    pub(crate) fn scratch(&self) -> usize {
        self.parts().iter().map(|part| part.next_multiple_of(16)).sum()
    }

    fn part<'a, T: Plain>(&self, memory: &Memory<'a>, k: usize) -> &'a mut [T] {
        let parts = self.parts();
        let offset = parts[..k].iter().map(|part| part.next_multiple_of(16)).sum();
        memory.write(Address { base: SCRATCH, offset }, parts[k])
    }

    /// Runs job `job` of a group.
    pub(crate) fn job<T: Plain + Real>(&self, memory: &Memory<'_>, places: &Places, group: usize, job: usize) {
        match self.map {
            Map::WeightGrad => self.gradient::<T>(memory, places, group, self.channels(job)),
            _ => {
                let tile = self.tiles.tile(job / self.tiles.of_pack(), job % self.tiles.of_pack());
                self.convolve::<T>(memory, places, group, &tile);
            }
        }
    }

    /// The images that are read, and those of the result.
    fn images<'p>(&self, places: &'p Places) -> (&'p Images, &'p Images) {
        if self.turned { (&places.y, &places.x) } else { (&places.x, &places.y) }
    }

    fn convolve<T: Plain + Real>(&self, memory: &Memory<'_>, places: &Places, group: usize, tile: &Tile) {
        let [image, weights, sums] = [0, 1, 2].map(|k| self.part::<T>(memory, k));
        let (from, to) = self.images(places);
        let [lines, width] = [tile.lines.len(), tile.columns.len()];
        let row = sums.len() / self.rows.next_multiple_of(TILE_ROWS);
        let (across, tiles) = self.cut([lines, width]);
        let between = if self.flat { self.pitch } else { across * self.columns };
        for block in 0..self.blocks() {
            let channels = self.channels(block);
            self.pad(memory, from, group, tile, &channels, image);
            let terms = &self.terms[..channels.len() * self.taps()];
            self.pack(memory, places.w, group, &channels, weights);
            let weights = weights.as_chunks::<TILE_ROWS>().0;
            for t in 0..tiles {
                let base = if self.flat { t * self.columns } else { t / across * self.stride[0] * self.pitch + t % across * self.columns };
                for (k, weights) in weights.chunks_exact(terms.len()).take(self.rows.div_ceil(TILE_ROWS)).enumerate() {
                    let out = &mut sums[k * TILE_ROWS * row + t * self.columns..];
                    T::correlate(weights, terms, &image[base..], out, row, block > 0);
                }
            }
        }
        for (channel, sums) in sums.chunks_exact(row).take(self.rows).enumerate() {
            let mut at = to.place(tile.samples.start, group * self.rows + channel);
            at.offset += tile.lines.start * self.result[1] + tile.columns.start;
            for line in 0..lines {
                let at = Address { offset: at.offset + line * self.result[1], ..at };
                memory.write::<T>(at, width).copy_from_slice(&sums[line * between..][..width]);
            }
        }
    }

    /// Copies some channels of what a tile sees, with zeros where that lies outside the image.
    fn pad<T: Plain + Real>(
        &self,
        memory: &Memory<'_>,
        from: &Images,
        group: usize,
        tile: &Tile,
        channels: &Range<usize>,
        image: &mut [T],
    ) {
        let [height, width] = self.read;
        let first = |d: usize, start: usize| (start * self.stride[d]) as isize - self.before[d];
        let (top, left) = (first(0, tile.lines.start), first(1, tile.columns.start));
        for (padded, channel) in image.chunks_exact_mut(self.channel).zip(channels.clone()) {
            let values = memory.read::<T>(from.place(tile.samples.start, group * self.depth + channel), height * width);
            for (l, padded) in padded.chunks_exact_mut(self.pitch).enumerate() {
                match usize::try_from(top + l as isize) {
                    Ok(line) if line < height => {
                        let values = &values[line * width..][..width];
                        for (remainder, padded) in padded.chunks_exact_mut(self.line).enumerate() {
                            seen(padded, values, left + remainder as isize, self.stride[1]);
                        }
                    }
                    _ => padded.fill(T::ZERO),
                }
            }
        }
    }

    /// Lays the weights of some channels out as tiles read them: for each tile's rows, its terms.
    fn pack<T: Plain + Real>(&self, memory: &Memory<'_>, w: Matrix, group: usize, channels: &Range<usize>, weights: &mut [T]) {
        let (taps, terms) = (self.taps(), channels.len() * self.taps());
        let weights = weights.as_chunks_mut::<TILE_ROWS>().0;
        for (k, weights) in weights.chunks_exact_mut(terms).take(self.rows.div_ceil(TILE_ROWS)).enumerate() {
            for i in 0..TILE_ROWS {
                let row = k * TILE_ROWS + i;
                if row >= self.rows {
                    weights.iter_mut().for_each(|w| w[i] = T::ZERO);
                } else if self.turned {
                    // The rows of the kernel are the channels that are read.
                    for (channel, weights) in channels.clone().zip(weights.chunks_exact_mut(taps)) {
                        let offset = w.at.offset + (group * self.depth + channel) * w.row + row * taps;
                        let kernel = memory.read::<T>(Address { offset, ..w.at }, taps);
                        weights.iter_mut().zip(kernel).for_each(|(w, value)| w[i] = *value);
                    }
                } else {
                    let offset = w.at.offset + (group * self.rows + row) * w.row + channels.start * taps;
                    let kernel = memory.read::<T>(Address { offset, ..w.at }, terms);
                    weights.iter_mut().zip(kernel).for_each(|(w, value)| w[i] = *value);
                }
            }
        }
    }

    fn gradient<T: Plain + Real>(&self, memory: &Memory<'_>, places: &Places, group: usize, channels: Range<usize>) {
        let [image, values, sums] = [0, 1, 2].map(|k| self.part::<T>(memory, k));
        let (from, by) = self.images(places);
        let terms = &self.terms[..channels.len() * self.taps()];
        let (size, wide) = (TILE_ROWS * self.columns, self.rows.div_ceil(self.columns));
        let sums = &mut sums[..terms.len().div_ceil(TILE_ROWS) * wide * size];
        sums.fill(T::ZERO);
        for k in 0..self.tiles.packs() * self.tiles.of_pack() {
            let tile = self.tiles.tile(k / self.tiles.of_pack(), k % self.tiles.of_pack());
            self.pad(memory, from, group, &tile, &channels, image);
            let panel = tile.positions() * self.columns;
            for (p, values) in values.chunks_exact_mut(panel).take(wide).enumerate() {
                self.turn(memory, by, group, &tile, p * self.columns, values);
                for (terms, sums) in terms.chunks(TILE_ROWS).zip(sums.chunks_exact_mut(wide * size)) {
                    let rows = std::array::from_fn(|i| terms[i.min(terms.len() - 1)]);
                    let out = &mut sums[p * size..][..size];
                    T::correlated(image, rows, self.stride[0] * self.pitch, values, tile.columns.len(), out);
                }
            }
        }
        let taps = self.taps();
        for row in 0..self.rows {
            let (p, j) = (row / self.columns, row % self.columns);
            let mut values = sums.chunks_exact(size).skip(p).step_by(wide).flat_map(|sums| sums.iter().skip(j).step_by(self.columns));
            for channel in channels.clone() {
                // The rows of the kernel are the channels of the output.
                let (outer, inner) = if self.turned { (group * self.depth + channel, row) } else { (group * self.rows + row, channel) };
                let offset = places.w.at.offset + outer * places.w.row + inner * taps;
                let kernel = memory.write::<T>(Address { offset, ..places.w.at }, taps);
                for (k, sum) in kernel.iter_mut().zip(&mut values) {
                    *k = if places.accumulate { *k + *sum } else { *sum };
                }
            }
        }
    }

    /// What the image is multiplied with, of some channels in a tile, one position after the other; zeros beyond the last channel.
    fn turn<T: Plain + Real>(&self, memory: &Memory<'_>, y: &Images, group: usize, tile: &Tile, first: usize, values: &mut [T]) {
        let width = tile.columns.len();
        for j in 0..self.columns {
            let column = values.iter_mut().skip(j).step_by(self.columns);
            if first + j >= self.rows {
                column.for_each(|value| *value = T::ZERO);
                continue;
            }
            let mut at = y.place(tile.samples.start, group * self.rows + first + j);
            at.offset += tile.lines.start * self.result[1] + tile.columns.start;
            let count = (tile.lines.len() - 1) * self.result[1] + width;
            let lines = memory.read::<T>(at, count).chunks(self.result[1]);
            column.zip(lines.flat_map(|line| &line[..width])).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Tiles of sums that run on across the ends of lines.
fn running(lines: usize, width: usize, pitch: usize, columns: usize) -> usize {
    ((lines - 1) * pitch + width).div_ceil(columns)
}

/// `to[j] = from[first + j · step]`, and zeros where that lies outside.
fn seen<T: Real>(to: &mut [T], from: &[T], first: isize, step: usize) {
    let inside = |j: usize| usize::try_from(first + (j * step) as isize).is_ok_and(|at| at < from.len());
    let start = (-first).max(0) as usize;
    let start = start.div_ceil(step).min(to.len());
    let stop = (from.len() as isize - first).max(0) as usize;
    let stop = stop.div_ceil(step).clamp(start, to.len());
    debug_assert!((start..stop).all(inside) && (start == 0 || !inside(start - 1)) && (stop == to.len() || !inside(stop)));
    to[..start].fill(T::ZERO);
    to[stop..].fill(T::ZERO);
    if start < stop {
        let at = (first + (start * step) as isize) as usize;
        spread(&mut to[start..stop], &from[at..], step);
    }
}
