//! Runs a region slice by slice. Slices form groups that are a function of the number of rows alone; a thread runs a group in
//! memory of its own, so that a slice's values stay in its cache, and adds up the sums of its slices. The groups' sums are joined in order.

use super::arena::rounded;
use super::memory::{Address, Base, Memory, with_bases};
use super::plan::{ARENA, Request, compile_slice};
use super::program::Code;
use super::region::{Cut, Region};
use super::slice::{Interface, Outcome, Source, slice};
use crate::tensor::pool;
use crate::{Result, threads};
use rayon::prelude::*;
use thalweg_graph::{DType, Graph, Type};
use thalweg_lane::Real;

/// Rows of a slice, at most.
const ROWS: usize = 256;
/// Elements of a sum over groups that are joined at a time.
const PIECE: usize = 16 << 10;
/// Groups where sums are joined, at most, and rows of a group from which there are more than two.
const GROUPS: usize = 8;
const GROUP_ROWS: usize = 512;

/// How rows are cut into groups, and groups into slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cutting {
    rows: usize,
    group: usize,
    slice: usize,
}

impl Cutting {
    /// The cutting of `rows` rows, each of which is `lines` rows of the products; `sums`: whether some results are sums.
    pub(crate) fn new(rows: usize, lines: usize, sums: bool) -> Cutting {
        let (all, most) = (rows * lines, (ROWS / lines).max(1));
        let groups = if sums { (all / GROUP_ROWS).clamp(2, GROUPS) } else { all.div_ceil((all / 4).clamp(ROWS / 4, ROWS)) };
        let group = rows.div_ceil(groups.min(rows));
        let slice = group.div_ceil(group.div_ceil(most));
        Cutting { rows, group, slice }
    }

    pub(crate) fn groups(&self) -> usize {
        self.rows.div_ceil(self.group)
    }

    /// Rows of a slice.
    pub(crate) fn slice_rows(&self) -> usize {
        self.slice
    }

    /// First row and number of rows of each slice of a group.
    pub(crate) fn slices(&self, group: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let (first, end) = (group * self.group, ((group + 1) * self.group).min(self.rows));
        (first..end).step_by(self.slice).map(move |at| (at, self.slice.min(end - at)))
    }

    /// The different numbers of rows of slices.
    fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = (0..self.groups()).flat_map(|g| self.slices(g).map(|(_, rows)| rows)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

/// A value outside, as slices see it.
#[derive(Clone, Copy, Debug)]
struct Bound {
    base: usize,
    first: usize,
    bytes: usize,
    /// Bytes of one row of the batch, if it is cut.
    row: Option<usize>,
}

impl Bound {
    fn new(at: Address, ty: &Type, cut: Option<Cut>, rows: usize) -> Bound {
        let row = cut.map(|_| ty.bytes() / rows.max(1));
        Bound { base: at.base, first: at.offset * ty.dtype.size(), bytes: ty.bytes(), row }
    }

    fn at(&self, memory: &Memory<'_>, first: usize, rows: usize) -> Base {
        let whole = memory.base(self.base);
        match self.row {
            Some(row) => whole.part(self.first + first * row, rows * row),
            None => whole.part(self.first, self.bytes),
        }
    }
}

/// A region with the programs of its slices.
pub(crate) struct Split {
    cutting: Cutting,
    /// For each number of rows of a slice, its program.
    codes: Vec<(usize, Code)>,
    sources: Vec<Source>,
    results: Vec<Outcome>,
    inputs: Vec<Bound>,
    outputs: Vec<Bound>,
    dtypes: Vec<DType>,
    /// Pieces of the sums over groups, as (result, first element, elements).
    joined: Vec<(usize, usize, usize)>,
    scratch: usize,
}

impl Split {
    /// Compiles the slices of a region; `None` if a value is cut along a dimension in which its rows are not together.
    pub(crate) fn new(graph: &Graph, alive: &[bool], region: &Region, results: &[Outcome]) -> Result<Option<Split>> {
        let together = |node: usize, cut: Option<Cut>| cut.is_none_or(|c| graph.nodes[node].ty.shape[..c.axis].iter().all(|&d| d == 1));
        if !results.iter().all(|r| together(r.node, r.cut)) {
            return Ok(None);
        }
        let summed: Vec<usize> = (0..results.len()).filter(|&k| results[k].cut.is_none()).collect();
        let cutting = Cutting::new(region.rows, region.lines, !summed.is_empty());
        let mut codes = Vec::new();
        let mut interface: Option<Interface> = None;
        for rows in cutting.sizes() {
            let (made, own) = slice(graph, alive, region, results, rows)?;
            if !own.sources.iter().all(|s| together(s.node, s.cut)) {
                return Ok(None);
            }
            codes.push((rows, compile_slice(&made, &Request { summed: summed.clone(), ..Request::default() })?));
            interface = Some(own);
        }
        let Some(Interface { sources, results }) = interface else { return Ok(None) };
        let dtypes = results.iter().map(|r| graph.nodes[r.node].ty.dtype).collect();
        Ok(Some(Split {
            cutting,
            codes,
            sources,
            results,
            inputs: Vec::new(),
            outputs: Vec::new(),
            dtypes,
            joined: Vec::new(),
            scratch: 0,
        }))
    }

    /// The nodes outside that slices read.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The nodes that slices compute.
    pub(crate) fn results(&self) -> &[Outcome] {
        &self.results
    }

    /// The program of the largest slice.
    pub(crate) fn code(&self) -> &Code {
        &self.codes[self.codes.len() - 1].1
    }

    /// How rows are cut.
    pub(crate) fn cutting(&self) -> &Cutting {
        &self.cutting
    }

    /// Bytes of the sums of all groups but the first.
    pub(crate) fn scratch_bytes(&self, bytes: impl Fn(usize) -> usize) -> usize {
        let sums: usize = self.results.iter().filter(|r| r.cut.is_none()).map(|r| rounded(bytes(r.node))).sum();
        sums.saturating_mul(self.cutting.groups() - 1)
    }

    /// Says where the scratch begins, and where sources and results lie.
    pub(crate) fn bind(&mut self, scratch: usize, place: impl Fn(usize) -> Address, ty: impl Fn(usize) -> Type) {
        let rows = self.cutting.rows;
        self.scratch = scratch;
        self.inputs = self.sources.iter().map(|s| Bound::new(place(s.node), &ty(s.node), s.cut, rows)).collect();
        self.outputs = self.results.iter().map(|r| Bound::new(place(r.node), &ty(r.node), r.cut, rows)).collect();
        for (k, output) in self.outputs.iter().enumerate().filter(|(_, o)| o.row.is_none()) {
            let count = output.bytes / self.dtypes[k].size();
            self.joined.extend((0..count).step_by(PIECE).map(|at| (k, at, PIECE.min(count - at))));
        }
    }

    /// Bytes of all memory that a run takes from the pool, at most.
    pub(crate) fn pooled_bytes(&self) -> usize {
        let most = self.codes.iter().map(|(_, code)| code.arena + 64).max().unwrap_or(0);
        most.saturating_mul(self.cutting.groups())
    }

    /// Runs all slices; `share`: groups among the threads of the pool.
    pub(crate) fn run(&self, memory: &Memory<'_>, share: bool) -> Result<()> {
        let groups = self.cutting.groups();
        let share = share && threads::inside();
        let inner = share && groups < rayon::current_num_threads();
        if share {
            (0..groups).into_par_iter().with_max_len(1).try_for_each(|group| self.group(memory, group, inner))?;
        } else {
            (0..groups).try_for_each(|group| self.group(memory, group, false))?;
        }
        self.join(memory, share);
        Ok(())
    }

    /// Where group `group` keeps the sum of result `k`.
    fn sum(&self, memory: &Memory<'_>, group: usize, k: usize) -> Base {
        let output = &self.outputs[k];
        if group == 0 {
            return output.at(memory, 0, 0);
        }
        let sizes = || self.outputs.iter().map(|o| if o.row.is_none() { rounded(o.bytes) } else { 0 });
        let (each, before): (usize, usize) = (sizes().sum(), sizes().take(k).sum());
        memory.base(ARENA).part(self.scratch + (group - 1) * each + before, output.bytes)
    }

    fn group(&self, memory: &Memory<'_>, group: usize, share: bool) -> Result<()> {
        let bytes = self.codes.iter().map(|(_, code)| code.arena).max().unwrap_or(0);
        let mut block = pool::arena(bytes + 64);
        let whole = Base::writing(&mut block);
        let arena = whole.part(whole.unaligned().min(64), bytes);
        let mut done = Ok(());
        for (n, (first, rows)) in self.cutting.slices(group).enumerate() {
            let Some((_, code)) = self.codes.iter().find(|(size, _)| *size == rows) else { continue };
            let output = |(k, b): (usize, &Bound)| if b.row.is_some() { b.at(memory, first, rows) } else { self.sum(memory, group, k) };
            done = with_bases(|bases| {
                bases.extend(self.inputs.iter().map(|b| b.at(memory, first, rows)));
                bases.extend(self.outputs.iter().enumerate().map(output));
                let (inputs, outputs) = bases.split_at(self.inputs.len());
                code.execute(arena, inputs, outputs, n > 0, share)
            });
            if done.is_err() {
                break;
            }
        }
        pool::give_back(block);
        done
    }

    /// Adds the sums of the other groups to those of the first, in order.
    fn join(&self, memory: &Memory<'_>, share: bool) {
        let work = |&(k, at, count): &(usize, usize, usize)| match self.dtypes[k] {
            DType::F64 => self.join_piece::<f64>(memory, k, at, count),
            _ => self.join_piece::<f32>(memory, k, at, count),
        };
        if share {
            self.joined.par_iter().for_each(work);
        } else {
            self.joined.iter().for_each(work);
        }
    }

    fn join_piece<T: Real + super::memory::Plain>(&self, memory: &Memory<'_>, k: usize, at: usize, count: usize) {
        let groups = self.cutting.groups();
        with_bases(|bases| {
            bases.extend((0..groups).map(|g| self.sum(memory, g, k)));
            let own = Memory::new(bases, false);
            let sum = own.write::<T>(Address { base: 0, offset: at }, count);
            (1..groups).for_each(|base| T::add_to(sum, own.read::<T>(Address { base, offset: at }, count)));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_slice() {
        for rows in [2, 3, 32, 64, 65, 100, 128, 500, 511, 512, 513, 1000, 4096, 4097, 65_536, 100_003] {
            for (sums, lines) in [(false, 1), (true, 1), (true, 64), (false, 64), (true, 1000), (true, 3)] {
                let cutting = Cutting::new(rows, lines, sums);
                let mut next = 0;
                for (first, count) in (0..cutting.groups()).flat_map(|g| cutting.slices(g).collect::<Vec<_>>()) {
                    assert_eq!(first, next);
                    assert!(count > 0 && count <= (ROWS / lines).max(1));
                    next += count;
                }
                assert_eq!(next, rows);
                assert!(cutting.sizes().len() <= 4, "{rows}: {:?}", cutting.sizes());
            }
        }
    }
}
