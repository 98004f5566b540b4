//! A pass: elementwise ops and reductions over one shape, run chunk by chunk while values are in the first-level cache.
//!
//! A pass is a short program over registers of [`CHUNK`](super::memory::CHUNK) elements. Its sources are read where they lie; only one
//! whose elements are scattered is gathered into a register first. Results are stored, or summed up, chunk by chunk. The work is
//! cut into pieces that depend on the shape alone, so that sums are the same for any number of threads.

mod build;
mod native;
mod reduce;
mod run;

pub(crate) use build::{Context, build, scratch_bytes};

use super::memory::Address;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::ops::{Comparison, Connective};
use thalweg_graph::{DType, Number};

/// An operand of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Register(usize),
    Source(usize),
    Constant(Number),
}

/// What an instruction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Unary(Unary),
    Binary(Binary),
    /// a·b + c.
    MulAdd,
    /// a·b + c·d.
    TwoProducts,
    Compare(Comparison),
    Logical(Connective),
    Select,
    IsFinite,
    Cast(DType),
}

/// One instruction: `target = code(arguments)`.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub(crate) code: Code,
    /// Element type of the operands (of a selection: of the values).
    pub(crate) dtype: DType,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) target: Target,
}

/// Where an instruction writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Register(usize),
    /// The place of a stored value, directly.
    Store(usize),
}

/// How a value lies in memory, in the order in which the pass runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// One element for all.
    Single,
    /// One after the other.
    Flat,
    /// Each row without gaps, rows at the distances of the outer dimensions.
    Rows(Vec<usize>),
    /// One element per row.
    Repeated(Vec<usize>),
    /// Any strides.
    Scattered(Vec<usize>),
}

/// A value in memory.
#[derive(Clone, Debug)]
pub(crate) struct Lying {
    pub(crate) dtype: DType,
    pub(crate) at: Address,
    pub(crate) pattern: Pattern,
    /// The register into which a scattered value is gathered; [`WRITTEN`] for what the pass itself writes and reads again.
    pub(crate) register: usize,
}

/// See [`Lying::register`].
pub(crate) const WRITTEN: usize = usize::MAX;

/// A value that the pass leaves in memory.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) value: Argument,
    pub(crate) lying: Lying,
    /// Whether an instruction writes it where it lies; otherwise it is copied there at the end of the chunk.
    pub(crate) direct: bool,
}

/// How values are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    Sum,
    Max,
}

/// A reduction at the end of each chunk.
#[derive(Clone, Debug)]
pub(crate) struct Reduction {
    pub(crate) value: Argument,
    pub(crate) dtype: DType,
    pub(crate) join: Join,
    /// Number of consecutive elements joined into each result, or of results where whole rows are joined.
    pub(crate) width: usize,
    pub(crate) form: Form,
    pub(crate) result: Address,
    /// Whether the result is added to what slices before left there.
    pub(crate) accumulates: bool,
    /// Where pieces leave their parts; in bytes.
    pub(crate) parts: Address,
}

/// The shape of a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `[results, width] → [results]`; every result lies inside one piece.
    Rows,
    /// `[width] → []`, pieces joined afterwards.
    Whole,
    /// `[rows, width] → [width]`, pieces joined afterwards.
    Columns,
    /// `[results, rows, width] → [results, width]`, for blocks of so many elements; every block lies inside one piece.
    Blocks(usize),
}

/// A compiled pass.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Dimensions, neighbours merged wherever all values allow it.
    pub(crate) dims: Vec<usize>,
    pub(crate) count: usize,
    /// Elements of a chunk's row: chunks do not cross rows of this size, or consist of whole ones.
    pub(crate) row: usize,
    pub(crate) piece: usize,
    pub(crate) sources: Vec<Lying>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) stores: Vec<Store>,
    pub(crate) reductions: Vec<Reduction>,
    pub(crate) registers: usize,
    /// Distance of registers: room for a chunk of the widest values, and a cache line, lest all registers compete for the same lines.
    pub(crate) register_bytes: usize,
    /// Its instructions as machine code, where there is some.
    pub(crate) native: Option<native::Native>,
}

impl Pass {
    /// Number of pieces.
    pub(crate) fn pieces(&self) -> usize {
        self.count.div_ceil(self.piece.max(1))
    }

    /// Bytes that it reads and writes in memory: each value that does not repeat, once.
    pub(crate) fn bytes(&self) -> usize {
        let of = |lying: &Lying| match &lying.pattern {
            Pattern::Single | Pattern::Repeated(_) => 0,
            _ => self.count * lying.dtype.size(),
        };
        let sources = self.sources.iter().filter(|s| s.register != WRITTEN).map(of).sum::<usize>();
        sources + self.stores.iter().map(|s| of(&s.lying)).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::program::Step;
    use thalweg_graph::{Builder, DType};

    #[test]
    fn a_long_row_is_cut_into_pieces() {
        let b = Builder::new();
        let x = b.input("x", DType::F32, &[1_000_000]);
        let graph = b.finish(&[x * x + 1.0, (x * x).sum_all()]).unwrap();
        let code = super::super::compile(&graph, &[]).unwrap();
        let pieces: Vec<usize> =
            code.steps.iter().filter_map(|s| if let Step::Pass(pass) = s { Some(pass.pieces()) } else { None }).collect();
        assert!(!pieces.is_empty() && pieces.iter().all(|&n| n > 32), "{pieces:?}");
    }
}
