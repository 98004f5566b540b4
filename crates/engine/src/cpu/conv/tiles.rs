//! Where images lie, and how their positions are cut into tiles.

use super::super::memory::Address;
use crate::geometry::Geometry;
use std::ops::Range;

/// Positions of a sample below which several samples share a tile, so that products do not become small.
const FEW: usize = 128;

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

impl Geometry {
    /// Cuts all positions of all samples into tiles of at most `most` positions, or one. Samples of few positions are put together.
    pub(crate) fn tiles(&self, most: usize) -> Tiles {
        let together = if self.positions() < FEW { most.min(2 * FEW) / self.positions().max(1) } else { 1 };
        Tiles::cut(self.samples, self.output, together, most)
    }
}
