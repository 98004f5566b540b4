//! Convolutions and their gradients in place: sums over taps (`taps.rs`), or products (`products.rs`) with the patches of a tile of
//! positions (`patches.rs`), never with those of a whole image. A run is cut into jobs by shape alone, so that results do not depend
//! on the number of threads.

mod patches;
mod products;
mod taps;
mod tiles;

pub(crate) use tiles::Images;

use super::memory::{Address, Memory, Plain, with_registers};
use super::multiply::Matrix;
use super::product::SHARED_FROM;
use crate::geometry::{Geometry, Map};
use crate::threads;
use products::{PADDING, Run};
use rayon::prelude::*;
use std::ops::Range;
use taps::{Places, Taps};
use thalweg_graph::DType;
use thalweg_lane::Real;
use tiles::{Tiles, even};

/// Bytes of what a job works on, at most: half of a second-level cache (half of this is a few percent slower).
const BYTES: usize = 512 << 10;
/// Rows of a tile's patches, or terms of its sums, unless one channel has more.
const ROWS: usize = 320;

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

    /// What a convolution is, whoever runs it: map, element type, sizes, input, kernel and output.
    #[cfg(feature = "cuda")]
    pub(crate) fn parts(&self) -> (Map, DType, &Geometry, &Images, Matrix, &Images) {
        (self.map, self.dtype, &self.geometry, &self.x, self.w, &self.y)
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
