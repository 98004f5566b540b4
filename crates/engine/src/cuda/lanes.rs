//! Which work may run beside which: the bundles of a program on a few lanes, each after those whose memory it touches.
//!
//! A bundle is a run of tasks that hand each other values in scratch. Products of small matrices fill a fraction of a GPU, and the two
//! gradients of a layer do not need each other: beside each other they take as long as one.

use super::lower::Task;
use super::source::{Parameter, SCRATCH};
use std::ops::Range;

/// Lanes, at most.
pub(crate) const LANES: usize = 4;
/// Bundles after which all lanes wait for each other, so that the search for what a bundle must wait for stays short.
const EPOCH: usize = 96;
/// Seconds that a bundle must gain by leaving the lane of what it waits for.
const GAIN: f64 = 2e-6;
/// Bytes from which a bundle fills a GPU: it goes to the first lane, since two of them would only be in each other's way, and what one
/// leaves in the cache would be gone when the next one reads it.
const FULL: usize = 32 << 20;
/// What is assumed of a GPU when lanes are chosen: seconds to start, bytes and operations a second.
const START: f64 = 2e-6;
const BYTES: f64 = 1.5e12;
const OPERATIONS: f64 = 20e12;

/// A stretch of memory that a task touches: base, first byte, end, whether it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    base: usize,
    first: usize,
    end: usize,
    pub(crate) writes: bool,
}

impl Stretch {
    pub(crate) fn conflicts(&self, other: &Stretch) -> bool {
        self.base == other.base && (self.writes || other.writes) && self.first < other.end && other.first < self.end
    }
}

/// A bundle with its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) tasks: Range<usize>,
    pub(crate) lane: usize,
    /// Bundles on other lanes that it waits for.
    pub(crate) waits: Vec<usize>,
    /// Whether a bundle on another lane waits for it.
    pub(crate) signals: bool,
}

/// What a bundle touches (`None`: everything), its seconds, and the bytes that it moves.
pub(crate) struct Load {
    pub(crate) touched: Option<Vec<Stretch>>,
    seconds: f64,
    bytes: usize,
}

/// Places bundles on at most `lanes` lanes. `alias` says which base another base is part of.
pub(crate) fn place(tasks: &[Task], bundles: &[Range<usize>], lanes: usize, alias: impl Fn(usize) -> usize) -> Vec<Placed> {
    let loads: Vec<Load> = bundles.iter().map(|range| load(&tasks[range.clone()], &alias)).collect();
    let mut placed: Vec<Placed> = Vec::with_capacity(bundles.len());
    // For each bundle, the last bundle of each lane that is done before it begins, one more than its number.
    let mut known: Vec<[usize; LANES]> = Vec::with_capacity(bundles.len());
    let mut ends: Vec<f64> = Vec::with_capacity(bundles.len());
    let mut last: [Option<usize>; LANES] = [None; LANES];
    let mut epoch = 0;
    for (k, load) in loads.iter().enumerate() {
        let all = load.touched.is_none() || k - epoch == EPOCH;
        let after: Vec<usize> = if all {
            epoch = k;
            last.iter().flatten().copied().collect()
        } else {
            // Whoever waits for the first of an epoch waits for all before.
            (epoch..k).filter(|&j| (j == epoch && j > 0) || conflict(load, &loads[j])).collect()
        };
        let ready = after.iter().map(|&j| ends[j]).fold(0.0, f64::max);
        let free = |lane: usize| last[lane].map_or(0.0, |j| ends[j]).max(ready);
        let home = after.iter().copied().max_by(|&a, &b| ends[a].total_cmp(&ends[b])).map_or(0, |j| placed[j].lane);
        let best = (0..lanes).min_by(|&a, &b| free(a).total_cmp(&free(b))).unwrap_or(0);
        // Behind a barrier everything begins on the first lane.
        let lane = if all || load.bytes >= FULL {
            0
        } else if free(best) + GAIN < free(home) {
            best
        } else {
            home
        };
        let mut clock = last[lane].map_or([0; LANES], |j| known[j]);
        if let Some(j) = last[lane] {
            clock[lane] = j + 1;
        }
        let mut waits = Vec::new();
        let mut sorted = after;
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        for j in sorted {
            let other = placed[j].lane;
            if clock[other] > j {
                continue;
            }
            waits.push(j);
            placed[j].signals = true;
            let theirs = known[j];
            (0..LANES).for_each(|l| clock[l] = clock[l].max(theirs[l]));
            clock[other] = clock[other].max(j + 1);
        }
        ends.push(free(lane) + load.seconds);
        known.push(clock);
        placed.push(Placed { tasks: bundles[k].clone(), lane, waits, signals: false });
        last[lane] = Some(k);
    }
    placed
}

pub(crate) fn conflict(a: &Load, b: &Load) -> bool {
    match (&a.touched, &b.touched) {
        (Some(a), Some(b)) => a.iter().any(|x| b.iter().any(|y| x.conflicts(y))),
        _ => true,
    }
}

pub(crate) fn load(tasks: &[Task], alias: &impl Fn(usize) -> usize) -> Load {
    let mut touched = Some(Vec::new());
    let (mut seconds, mut bytes) = (0.0, 0);
    for task in tasks {
        seconds += START;
        match task {
            Task::Kernel(kernel) => {
                seconds += kernel.bytes as f64 / BYTES;
                bytes += kernel.bytes;
                if let Some(all) = &mut touched {
                    all.extend(kernel.parameters.iter().filter_map(|p| stretch(p, alias)));
                    if kernel.parameters.contains(&Parameter::Wrong) {
                        // Whoever is wrong first is the one that is told.
                        all.push(Stretch { base: SCRATCH, first: 0, end: 1, writes: true });
                    }
                }
            }
            Task::Gemm(g) => {
                seconds += 2.0 * g.multiplications() as f64 / OPERATIONS;
                bytes += g.bytes();
                if let Some(all) = &mut touched {
                    all.extend(g.stretches().into_iter().filter(|s| s.0 != SCRATCH).map(|(base, first, end, writes)| Stretch {
                        base: alias(base),
                        first,
                        end,
                        writes,
                    }));
                }
            }
            Task::Zero(at, bytes) => {
                if let Some(all) = touched.as_mut().filter(|_| at.base != SCRATCH) {
                    all.push(Stretch { base: alias(at.base), first: at.offset, end: at.offset + bytes, writes: true });
                }
            }
            Task::Loop(_) => touched = None,
        }
    }
    Load { touched, seconds, bytes }
}

pub(crate) fn stretch(parameter: &Parameter, alias: &impl Fn(usize) -> usize) -> Option<Stretch> {
    let Parameter::Value(at, dtype, touch) = parameter else { return None };
    let size = dtype.size();
    (at.base != SCRATCH).then(|| Stretch {
        base: alias(at.base),
        first: (at.offset - touch.before.min(at.offset)) * size,
        end: (at.offset + touch.after) * size,
        writes: touch.writes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::memory::Address;
    use crate::random;

    /// Every bundle runs after all before it that touch the same memory, as far as lanes and waits can tell.
    #[test]
    fn what_touches_the_same_memory_is_in_order() {
        for seed in 0..200 {
            let mut numbers = vec![0.0; 600];
            random::uniform_f64(seed, 1, 0, 0, &mut numbers);
            let tasks: Vec<Task> = numbers
                .chunks(2)
                .map(|n| Task::Zero(Address { base: 0, offset: (n[0] * 40.0) as usize * 8 }, (n[1] * 30.0) as usize + 1))
                .collect();
            let bundles: Vec<Range<usize>> = (0..tasks.len()).map(|k| k..k + 1).collect();
            let placed = place(&tasks, &bundles, LANES, |base| base);
            // What is done before a bundle: its lane's last, what it waits for, and what was done before those.
            let mut before: Vec<Vec<bool>> = Vec::new();
            for (k, own) in placed.iter().enumerate() {
                let mut done = vec![false; k];
                let previous = (0..k).rev().find(|&j| placed[j].lane == own.lane);
                for &j in own.waits.iter().chain(&previous) {
                    done[j] = true;
                    before[j].iter().enumerate().for_each(|(i, d)| done[i] |= d);
                }
                for j in 0..k {
                    let clash = conflict(&load(&tasks[k..=k], &|b| b), &load(&tasks[j..=j], &|b| b));
                    assert!(!clash || done[j], "{k} does not wait for {j}");
                }
                before.push(done);
            }
            assert!(placed.iter().any(|p| p.lane > 0));
        }
    }
}
