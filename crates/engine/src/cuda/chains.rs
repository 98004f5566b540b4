//! Which passes that follow each other may run as one kernel, each row by threads of one block: those that want of each other's values
//! nothing but what lies in the same row.

use super::source::strides_of;
use crate::cpu::fused::{Form, Lying, Pass, WRITTEN};
use crate::cpu::plan::ARENA;
use crate::cpu::program::Step;
use std::ops::Range;

/// Elements of a row, at most: one block takes it.
const WIDE: usize = 4096;
/// Rows of more elements than threads can take at once keep a GPU busy where there are as many.
const ROWS: usize = 128;
const SHORT: usize = 1024;

/// Passes that a chain may pass over, since they have nothing to do with what comes after them.
const OVER: usize = 3;

/// Passes as one kernel, which runs where the first of them is.
pub(crate) struct Chain {
    pub(crate) steps: Vec<usize>,
    pub(crate) rows: usize,
}

/// What a pass touches, as rows see it.
struct Access {
    base: usize,
    /// The first byte of all rows, and the end.
    whole: Range<usize>,
    writes: bool,
    /// The bytes of the first row, and how far rows are apart; `None` where rows are not alike.
    row: Option<(Range<usize>, usize)>,
}

impl Access {
    /// Whether both touch the same memory, one of them writing.
    fn meets(&self, other: &Access) -> bool {
        let same = self.base == other.base && self.whole.start < other.whole.end && other.whole.start < self.whole.end;
        same && (self.writes || other.writes)
    }

    /// Whether they meet in such a way that another row could be meant.
    fn crosses(&self, other: &Access) -> bool {
        if !self.meets(other) {
            return false;
        }
        let (Some((a, step)), Some((b, other_step))) = (&self.row, &other.row) else { return true };
        step != other_step || a.end.max(b.end) - a.start.min(b.start) > *step
    }
}

/// Dimensions with their strides, those of a row of `width` elements apart; `None` where rows do not consist of whole dimensions.
type Dims = Vec<(usize, usize)>;
fn parted(dims: &[usize], strides: &[usize], width: usize) -> Option<(Dims, Dims)> {
    let (mut outer, mut inner, mut found) = (Vec::new(), Vec::new(), 1);
    for (&size, &stride) in dims.iter().zip(strides).rev() {
        let wanted = width / found;
        if wanted == 1 {
            outer.push((size, stride));
        } else if wanted.is_multiple_of(size) {
            inner.push((size, stride));
            found *= size;
        } else if size.is_multiple_of(wanted) {
            inner.push((wanted, stride));
            outer.push((size / wanted, stride * wanted));
            found = width;
        } else {
            return None;
        }
    }
    (found == width).then_some((outer, inner))
}

/// The distance of rows, from the innermost dimension out; `None` where they do not follow each other evenly.
fn step_of(outer: &Dims) -> Option<usize> {
    let mut step: Option<(usize, usize)> = None;
    for &(size, stride) in outer.iter().filter(|(size, _)| *size > 1) {
        let (first, next) = *step.get_or_insert((stride, stride));
        if stride != next {
            return None;
        }
        step = Some((first, next * size));
    }
    step.map(|(first, _)| first)
}

fn access(pass: &Pass, lying: &Lying, rows: usize, writes: bool) -> Access {
    let size = lying.dtype.size();
    let all = strides_of(lying, &pass.dims);
    let reach = |dims: &mut dyn Iterator<Item = (usize, usize)>| dims.map(|(n, stride)| n.saturating_sub(1) * stride).sum::<usize>();
    let first = lying.at.offset * size;
    let bytes = |last: usize| first..first + (last + 1) * size;
    let whole = bytes(reach(&mut pass.dims.iter().copied().zip(all.iter().copied())));
    let row = parted(&pass.dims, &all, pass.count / rows)
        .and_then(|(outer, inner)| Some((bytes(reach(&mut inner.into_iter())), step_of(&outer)? * size)));
    Access { base: lying.at.base, whole, writes, row }
}

/// All that a pass touches.
fn accesses(pass: &Pass, rows: usize) -> Vec<Access> {
    let read = pass.sources.iter().filter(|s| s.register != WRITTEN).map(|s| access(pass, s, rows, false));
    let stored = pass.stores.iter().map(|s| access(pass, &s.lying, rows, true));
    let reduced = pass.reductions.iter().map(|r| {
        let size = r.dtype.size();
        let first = r.result.offset * size;
        Access { base: r.result.base, whole: first..first + rows * size, writes: true, row: Some((first..first + size, size)) }
    });
    read.chain(stored).chain(reduced).collect()
}

/// The rows that a pass reduces, if it reduces nothing but whole rows.
fn rows_of(pass: &Pass) -> Option<usize> {
    let width = pass.reductions.first().filter(|r| r.form == Form::Rows)?.width;
    pass.reductions.iter().all(|r| r.form == Form::Rows && r.width == width).then_some(pass.count / width)
}

/// Whether a pass can take so many rows, one by threads of one block.
fn takes(pass: &Pass, rows: usize) -> bool {
    let width = pass.count / rows;
    let fits = pass.count > 0 && pass.count.is_multiple_of(rows) && width <= WIDE && (width <= SHORT || rows >= ROWS);
    fits && (pass.reductions.is_empty() || rows_of(pass) == Some(rows))
}

/// The chains of a program, in the order of their first steps. `alias`: the base of which a base is a part; `inside`: it is a loop's body, whose
/// bases other than the arena may begin anywhere.
pub(crate) fn chains(steps: &[Step], alias: impl Fn(usize) -> usize, inside: bool) -> Vec<Chain> {
    let mut found = Vec::new();
    let mut taken = vec![false; steps.len()];
    for at in 0..steps.len() {
        let pass = |k: usize| if let Some(Step::Pass(pass)) = steps.get(k).filter(|_| !taken[k]) { Some(pass) } else { None };
        let mut ahead = (at..).map_while(|k| pass(k).map(|pass| (k, pass)));
        // The rows are those of the first reduction that comes.
        let rows = ahead.clone().find(|(_, p)| !p.reductions.is_empty()).and_then(|(_, p)| rows_of(p)).filter(|&rows| rows > 1);
        let Some(rows) = rows else { continue };
        let chain = collect(&mut ahead, rows, &alias, inside);
        if chain.len() > 1 && chain[0] == at && chain.iter().filter_map(|&k| pass(k)).any(|p| !p.reductions.is_empty()) {
            chain.iter().for_each(|&k| taken[k] = true);
            found.push(Chain { steps: chain, rows });
        }
    }
    found
}

/// Which of these passes make a chain of so many rows. Those that are passed over run after it.
fn collect(passes: &mut dyn Iterator<Item = (usize, &Pass)>, rows: usize, alias: &impl Fn(usize) -> usize, inside: bool) -> Vec<usize> {
    let (mut chain, mut within): (Vec<usize>, Vec<Access>) = Default::default();
    let (mut over, mut skipped): (Vec<Access>, usize) = Default::default();
    for (k, pass) in passes {
        let own: Vec<Access> = accesses(pass, rows).into_iter().map(|a| Access { base: alias(a.base), ..a }).collect();
        let moves = inside && own.iter().any(|a| a.writes && a.base != ARENA);
        let waits = own.iter().any(|a| over.iter().any(|b| a.meets(b)));
        let crosses = || own.iter().any(|a| within.iter().any(|b| a.crosses(b)));
        if takes(pass, rows) && !moves && !waits && !crosses() {
            within.extend(own);
            chain.push(k);
        } else {
            over.extend(own);
            skipped += 1;
            if chain.is_empty() || skipped > OVER {
                break;
            }
        }
    }
    chain
}
