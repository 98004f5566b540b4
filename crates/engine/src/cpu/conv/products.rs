//! A convolution as products with patches: what suits no tiles of taps.

use super::super::memory::{Address, Memory, Plain};
use super::super::multiply::{Matrix, multiply};
use super::patches::Patches;
use super::tiles::{Images, Tile};
use super::{Conv, SCRATCH};
use std::ops::Range;
use thalweg_lane::Real;

/// Elements between rows of sums, so that those of a column do not compete for one place in the cache.
pub(super) const PADDING: usize = 16;

/// A job of one group: bases are the input's, the kernel's, the output's, and this thread's scratch.
pub(super) struct Run<'a> {
    pub(super) conv: &'a Conv,
    pub(super) group: usize,
    pub(super) memory: Memory<'a>,
}

impl Run<'_> {
    pub(super) fn forward<T: Plain + Real>(&self, tile: &Tile) {
        let (g, n) = (&self.conv.geometry, tile.positions());
        let out = self.output(tile);
        for block in 0..self.conv.blocks() {
            let channels = self.conv.channels(block);
            let sizes = [g.outer, channels.len() * g.taps(), n];
            let matrices = [self.kernel(&channels), self.gathered::<T>(tile, &channels), out];
            multiply::<T>(&self.memory, sizes, matrices, block > 0, false);
        }
        if tile.samples.len() > 1 {
            let packed = self.memory.read::<T>(out.at, g.outer * n);
            let each = tile.each();
            packed.chunks(each).zip(self.places(tile)).for_each(|(values, at)| self.memory.write(at, each).copy_from_slice(values));
        }
    }

    pub(super) fn input_grad<T: Plain + Real>(&self, pack: usize, channels: Range<usize>) {
        let (conv, g) = (self.conv, &self.conv.geometry);
        if !conv.direct {
            self.clear::<T>(conv.tiles.tile(pack, 0).samples, &channels);
        }
        let w = self.kernel(&channels);
        let kernel = Matrix { row: w.column, column: w.row, ..w };
        for k in 0..conv.tiles.of_pack() {
            let tile = conv.tiles.tile(pack, k);
            let patches = self.patches(&tile, &channels);
            let sizes = [channels.len() * g.taps(), g.outer, tile.positions()];
            multiply::<T>(&self.memory, sizes, [kernel, self.given_output::<T>(&tile), patches], false, false);
            if !conv.direct {
                let values = self.memory.write::<T>(patches.at, sizes[0] * sizes[2]);
                self.seen(&self.x(), &tile, &channels).fold(values);
            }
        }
    }

    pub(super) fn weight_grad<T: Plain + Real>(&self, channels: Range<usize>) {
        let (tiles, g) = (&self.conv.tiles, &self.conv.geometry);
        let rows = channels.len() * g.taps();
        let sums = self.sums();
        for k in 0..tiles.packs() * tiles.of_pack() {
            let tile = tiles.tile(k / tiles.of_pack(), k % tiles.of_pack());
            let patches = self.gathered::<T>(&tile, &channels);
            let output = self.given_output::<T>(&tile);
            let turned = Matrix { row: output.column, column: output.row, ..output };
            multiply::<T>(&self.memory, [rows, tile.positions(), g.outer], [patches, turned, sums], k > 0, false);
        }
        if g.samples == 0 {
            multiply::<T>(&self.memory, [rows, 0, g.outer], [sums; 3], false, false);
        }
        self.put::<T>(sums, rows, self.kernel(&channels));
    }

    /// Where a gradient of the kernel is summed: transposed, which gemm is faster at, since it then packs the outputs and not the patches.
    fn sums(&self) -> Matrix {
        let (patches, outputs) = self.conv.scratch();
        let at = Address { base: SCRATCH, offset: patches + outputs };
        Matrix { at, row: self.conv.geometry.outer + PADDING, column: 1 }
    }

    /// Sums of `rows` rows put, or added, where they belong.
    fn put<T: Plain + Real>(&self, sums: Matrix, rows: usize, kernel: Matrix) {
        let accumulate = self.conv.accumulates && self.memory.accumulate;
        let values = self.memory.read::<T>(sums.at, rows * sums.row);
        for output in 0..self.conv.geometry.outer {
            let at = Address { offset: kernel.at.offset + output * kernel.row, ..kernel.at };
            let column = values.iter().skip(output).step_by(sums.row);
            let to = self.memory.write::<T>(at, rows).iter_mut().zip(column);
            if accumulate { to.for_each(|(t, v)| *t += *v) } else { to.for_each(|(t, v)| *t = *v) }
        }
    }

    /// The input, as this run's bases have it.
    fn x(&self) -> Images {
        let x = &self.conv.x;
        Images { at: Address { base: 0, ..x.at }, ..*x }
    }

    /// The output, likewise.
    fn y(&self) -> Images {
        let y = &self.conv.y;
        Images { at: Address { base: 2, ..y.at }, ..*y }
    }

    /// Channels of this group, counted through all groups.
    fn all(&self, channels: &Range<usize>) -> Range<usize> {
        let first = self.group * self.conv.geometry.inner;
        first + channels.start..first + channels.end
    }

    /// The part of the kernel that belongs to some channels of the input.
    fn kernel(&self, channels: &Range<usize>) -> Matrix {
        let (w, g) = (self.conv.w, &self.conv.geometry);
        let offset = w.at.offset + self.group * g.outer * w.row + channels.start * g.taps();
        Matrix { at: Address { base: 1, offset }, ..w }
    }

    /// Where patches are: in the scratch, or the input itself.
    fn patches(&self, tile: &Tile, channels: &Range<usize>) -> Matrix {
        if self.conv.direct {
            let x = self.x();
            return Matrix { at: x.place(tile.samples.start, self.all(channels).start), row: x.channel, column: 1 };
        }
        Matrix { at: Address { base: SCRATCH, offset: 0 }, row: tile.positions(), column: 1 }
    }

    /// What the kernel sees of some channels of the input in a tile.
    fn seen<'p>(&'p self, images: &'p Images, tile: &'p Tile, channels: &Range<usize>) -> Patches<'p> {
        Patches { geometry: &self.conv.geometry, memory: &self.memory, images, tile, channels: self.all(channels) }
    }

    /// The patches of a tile.
    fn gathered<T: Plain + Real>(&self, tile: &Tile, channels: &Range<usize>) -> Matrix {
        let (g, patches) = (&self.conv.geometry, self.patches(tile, channels));
        if !self.conv.direct {
            let values = self.memory.write::<T>(patches.at, channels.len() * g.taps() * tile.positions());
            self.seen(&self.x(), tile, channels).gather(values);
        }
        patches
    }

    /// Where a tile's outputs are: one sample's where they lie, several samples' in the scratch.
    fn output(&self, tile: &Tile) -> Matrix {
        if tile.samples.len() > 1 {
            let at = Address { base: SCRATCH, offset: self.conv.scratch().0 };
            return Matrix { at, row: tile.positions(), column: 1 };
        }
        let (g, y) = (&self.conv.geometry, self.y());
        let mut at = y.place(tile.samples.start, self.group * g.outer);
        at.offset += tile.lines.start * g.output[1] + tile.columns.start;
        Matrix { at, row: y.channel, column: 1 }
    }

    /// A tile's outputs, which were given.
    fn given_output<T: Plain + Real>(&self, tile: &Tile) -> Matrix {
        let (out, each) = (self.output(tile), tile.each());
        if tile.samples.len() > 1 {
            let packed = self.memory.write::<T>(out.at, self.conv.geometry.outer * tile.positions());
            packed.chunks_mut(each).zip(self.places(tile)).for_each(|(values, at)| values.copy_from_slice(self.memory.read(at, each)));
        }
        out
    }

    /// The place of each channel of each sample of a tile, as rows of packed values have them.
    fn places(&self, tile: &Tile) -> impl Iterator<Item = Address> {
        let (first, outer, y) = (self.group * self.conv.geometry.outer, self.conv.geometry.outer, self.y());
        let samples = tile.samples.clone();
        (0..outer * samples.len()).map(move |k| y.place(samples.start + k % samples.len(), first + k / samples.len()))
    }

    /// Zeros in some channels of the input.
    fn clear<T: Plain + Real>(&self, samples: Range<usize>, channels: &Range<usize>) {
        let (x, [height, width]) = (self.x(), self.conv.geometry.input);
        for sample in samples {
            self.all(channels).for_each(|channel| self.memory.write::<T>(x.place(sample, channel), height * width).fill(T::ZERO));
        }
    }
}
