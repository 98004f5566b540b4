//! Convolutions and their gradients in place: products with the patches of a tile of positions (`patches.rs`), never with those of a
//! whole image. A run is cut into jobs by shape alone, so that results do not depend on the number of threads.

use super::memory::{Address, Memory, Plain, with_registers};
use super::multiply::{Matrix, multiply};
use super::patches::{Geometry, Images, Tile, Tiles, even};
use super::product::SHARED_FROM;
use super::taps::{Places, Taps};
use crate::threads;
use rayon::prelude::*;
use std::ops::Range;
use thalweg_graph::DType;
use thalweg_lane::Real;

/// Bytes of a tile's patches, at most: half of a second-level cache (half of this is a few percent slower).
const BYTES: usize = 512 << 10;
/// Rows of a tile's patches, unless one channel has more.
const ROWS: usize = 320;

/// Elements between rows of sums, so that those of a column do not compete for one place in the cache.
const PADDING: usize = 16;

/// Which of the three bilinear maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Map {
    /// input × kernel → output.
    Forward,
    /// output's gradient × kernel → input's gradient.
    InputGrad,
    /// input × output's gradient → kernel's gradient.
    WeightGrad,
}

/// A convolution, or one of its gradients.
#[derive(Clone, Debug)]
pub(crate) struct Conv {
    map: Map,
    dtype: DType,
    geometry: Geometry,
    /// The input, or its gradient.
    x: Images,
    /// The kernel, or its gradient: one row per channel of the output.
    w: Matrix,
    /// The output, or its gradient.
    y: Images,
    /// Whether the result is added to what slices before left there.
    pub(crate) accumulates: bool,
    tiles: Tiles,
    /// Channels of the input whose patches are made at a time.
    block: usize,
    /// Whether the patches are the input itself.
    direct: bool,
    /// The sums over taps in the place of products with patches, where they are faster.
    taps: Option<Taps>,
}

/// This thread's scratch, among the bases of a run: patches, then values of an output of several samples, then sums.
const SCRATCH: usize = 3;

impl Conv {
    /// The map between images and a kernel.
    pub(crate) fn new(map: Map, dtype: DType, geometry: Geometry, [x, y]: [Images; 2], w: Matrix, accumulates: bool) -> Conv {
        let mut block = even(geometry.inner, ROWS / geometry.taps());
        let most = BYTES / dtype.size() / (block * geometry.taps()).max(geometry.outer).max(1);
        let mut tiles = geometry.tiles(most);
        let direct = geometry.is_pointwise() && tiles.samples == 1;
        if direct {
            tiles = geometry.tiles(geometry.positions());
        }
        if direct && map == Map::Forward {
            block = geometry.inner.max(1);
        }
        let taps = Taps::of(map, dtype, &geometry);
        Conv { map, dtype, geometry, x, w, y, accumulates, tiles, block, direct, taps }
    }

    /// Which map it is.
    pub(crate) fn map(&self) -> Map {
        self.map
    }

    /// Sizes, positions of a tile and channels of a block.
    pub(crate) fn sizes(&self) -> (&Geometry, usize, usize) {
        let (positions, block) = self.taps.as_ref().map_or((self.tiles.positions(), self.block), Taps::sizes);
        (&self.geometry, positions, block)
    }

    /// Multiplications of a run.
    pub(crate) fn cost(&self) -> usize {
        let g = &self.geometry;
        [g.groups, g.outer, g.inner, g.taps(), g.positions()].iter().fold(g.samples, |a, b| a.saturating_mul(*b))
    }

    /// Runs it; `share`: among the threads of the pool.
    pub(crate) fn run(&self, memory: &Memory<'_>, share: bool) {
        match self.dtype {
            DType::F64 => self.jobs::<f64>(memory, share),
            _ => self.jobs::<f32>(memory, share),
        }
    }

    /// Blocks of channels of a group.
    fn blocks(&self) -> usize {
        self.geometry.inner.div_ceil(self.block).max(1)
    }

    /// The channels of a block within their group.
    fn channels(&self, block: usize) -> Range<usize> {
        block * self.block..((block + 1) * self.block).min(self.geometry.inner)
    }

    /// Whether it is worth waking other threads for.
    pub(crate) fn shares(&self) -> bool {
        self.cost() >= SHARED_FROM
    }

    fn jobs<T: Plain + Real>(&self, memory: &Memory<'_>, share: bool) {
        let inner = match (&self.taps, self.map) {
            (Some(taps), _) => taps.jobs(),
            (None, Map::Forward) => self.tiles.packs() * self.tiles.of_pack(),
            (None, Map::InputGrad) => self.tiles.packs() * self.blocks(),
            (None, Map::WeightGrad) => self.blocks(),
        };
        let job = |job: usize| self.job::<T>(memory, job / inner, job % inner);
        let jobs = self.geometry.groups * inner;
        if share && threads::inside() && jobs > 1 && self.shares() {
            (0..jobs).into_par_iter().for_each(job);
        } else {
            (0..jobs).for_each(job);
        }
    }

    fn job<T: Plain + Real>(&self, memory: &Memory<'_>, group: usize, job: usize) {
        if let Some(taps) = &self.taps {
            return with_registers(taps.scratch() * size_of::<T>(), |scratch| {
                let bases = [memory.base(self.x.at.base), memory.base(self.w.at.base), memory.base(self.y.at.base), scratch];
                let at = |at: Address, base: usize| Address { base, ..at };
                let [x, y] = [(&self.x, 0), (&self.y, 2)].map(|(images, base)| Images { at: at(images.at, base), ..images.clone() });
                let accumulate = self.accumulates && memory.accumulate;
                let places = Places { x, w: Matrix { at: at(self.w.at, 1), ..self.w }, y, accumulate };
                taps.job::<T>(&Memory::new(&bases, false), &places, group, job);
            });
        }
        let (patches, outputs) = self.scratch();
        let sums = if self.map == Map::WeightGrad { self.block * self.geometry.taps() * (self.geometry.outer + PADDING) } else { 0 };
        with_registers((patches + outputs + sums) * size_of::<T>(), |scratch| {
            let bases = [memory.base(self.x.at.base), memory.base(self.w.at.base), memory.base(self.y.at.base), scratch];
            let own = Run { conv: self, group, memory: Memory::new(&bases, memory.accumulate) };
            match self.map {
                Map::Forward => own.forward::<T>(&self.tiles.tile(job / self.tiles.of_pack(), job % self.tiles.of_pack())),
                Map::InputGrad => own.input_grad::<T>(job / self.blocks(), self.channels(job % self.blocks())),
                Map::WeightGrad => own.weight_grad::<T>(self.channels(job)),
            }
        });
    }

    /// Elements of patches, and of outputs of several samples, that a job keeps.
    fn scratch(&self) -> (usize, usize) {
        let positions = self.tiles.positions();
        let patches = if self.direct { 0 } else { self.block * self.geometry.taps() * positions };
        (patches, if self.tiles.samples > 1 { self.geometry.outer * positions } else { 0 })
    }
}

/// A job of one group: bases are the input's, the kernel's, the output's, and this thread's scratch.
struct Run<'a> {
    conv: &'a Conv,
    group: usize,
    memory: Memory<'a>,
}

impl Run<'_> {
    fn forward<T: Plain + Real>(&self, tile: &Tile) {
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

    fn input_grad<T: Plain + Real>(&self, pack: usize, channels: Range<usize>) {
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
                g.fold(&self.memory, &self.x(), &tile, self.all(&channels), values);
            }
        }
    }

    fn weight_grad<T: Plain + Real>(&self, channels: Range<usize>) {
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

    /// The patches of a tile.
    fn gathered<T: Plain + Real>(&self, tile: &Tile, channels: &Range<usize>) -> Matrix {
        let (g, patches) = (&self.conv.geometry, self.patches(tile, channels));
        if !self.conv.direct {
            let values = self.memory.write::<T>(patches.at, channels.len() * g.taps() * tile.positions());
            g.gather(&self.memory, &self.x(), tile, self.all(channels), values);
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
