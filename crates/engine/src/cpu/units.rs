//! What a program does, unit by unit, before memory is planned: which nodes a unit reads and computes, and in what order units run.

use super::again::again;
use super::groups::{Group, groups};
use super::region::Region;
use super::split::Split;
use super::values::{Values, is_given};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use thalweg_graph::ops::Op;
use thalweg_graph::{DType, Graph};

/// What a unit is.
pub(crate) enum Kind {
    /// Elementwise ops and reductions in one pass.
    Pass(Group),
    /// A matrix product.
    Product,
    /// A convolution, or one of its gradients.
    Conv,
    /// A concatenation: copies of those operands that were not computed in place.
    Join,
    /// A copy of one operand: reversed, spread out, or without gaps.
    Copy,
    /// A loop over a graph of its own.
    Loop,
    /// A region, slice by slice.
    Split,
    /// A single op with a kernel of its own.
    Op,
}

/// A part of a program.
pub(crate) struct Unit {
    pub(crate) kind: Kind,
    /// The node that it computes (of a pass: its last).
    pub(crate) node: usize,
    /// Operands, as the nodes name them.
    pub(crate) reads: Vec<usize>,
    /// Nodes that it computes.
    pub(crate) writes: Vec<usize>,
}

fn kind(graph: &Graph, i: usize, whole: bool) -> Kind {
    let node = &graph.nodes[i];
    let float = matches!(node.ty.dtype, DType::F32 | DType::F64) || (whole && node.ty.dtype == DType::BF16);
    match &node.op {
        Op::MatMul(_) if float => Kind::Product,
        Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_) if float => Kind::Conv,
        Op::Concat(_) => Kind::Join,
        Op::Reshape(_) | Op::Flip(_) | Op::Pad(_) => Kind::Copy,
        Op::Scan(_) => Kind::Loop,
        _ => Kind::Op,
    }
}

/// The units of a graph, in the order in which they run.
///
/// `whole`: for executors to whom computing is cheaper than memory, and which have products and convolutions of bf16.
pub(crate) fn units(graph: &Graph, alive: &[bool], values: &Values, split: Option<(&Region, &Split)>, whole: bool) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut unit_of: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    if let Some((region, split)) = split {
        let nodes: Vec<usize> = (0..graph.nodes.len()).filter(|&i| alive[i] && region.has(i)).collect();
        nodes.iter().for_each(|&i| unit_of[i] = Some(0));
        let reads = split.sources().iter().map(|s| s.node).collect();
        let writes = split.results().iter().map(|r| r.node).collect();
        units.push(Unit { kind: Kind::Split, node: nodes.first().copied().unwrap_or(0), reads, writes });
    }
    let mut passes = groups(graph, alive, values, split.map(|(region, _)| region));
    if whole {
        passes.iter_mut().for_each(|group| again(graph, values, group));
    }
    for group in passes {
        let all = group.all();
        let inside = |i: usize| all.binary_search(&i).is_ok();
        let (mut reads, mut known): (Vec<usize>, HashSet<usize>) = (Vec::new(), HashSet::new());
        group.nodes.iter().for_each(|&i| unit_of[i] = Some(units.len()));
        for &i in &all {
            let outer = graph.nodes[i].inputs.iter().map(|x| x.index()).filter(|&x| !inside(super::groups::seen(graph, x)));
            reads.extend(outer.filter(|x| known.insert(*x)));
        }
        let node = group.nodes[group.nodes.len() - 1];
        units.push(Unit { node, reads, writes: group.nodes.clone(), kind: Kind::Pass(group) });
    }
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        if is_given(&node.op) || values.all[i].source != i || unit_of[i].is_some() {
            continue;
        }
        if let Op::Output(_) = node.op {
            continue;
        }
        unit_of[i] = Some(units.len());
        let reads = node.inputs.iter().map(|x| x.index()).collect();
        units.push(Unit { kind: kind(graph, i, whole), node: i, reads, writes: vec![i] });
    }
    // The results of a loop are computed by its unit.
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        if let Op::Output(_) = node.op
            && let Some(unit) = unit_of[node.inputs[0].index()]
        {
            unit_of[i] = Some(unit);
            units[unit].writes.push(i);
        }
    }
    let units = ordered(units, &unit_of, values);
    if whole { read(graph, units, values) } else { units }
}

/// Units that somebody reads: what all readers of a value compute again is not computed before.
fn read(graph: &Graph, units: Vec<Unit>, values: &Values) -> Vec<Unit> {
    let mut wanted: HashSet<usize> = graph.outputs.iter().map(|o| values.all[o.index()].source).collect();
    let mut kept: Vec<Unit> = Vec::with_capacity(units.len());
    for unit in units.into_iter().rev() {
        if unit.writes.iter().any(|i| wanted.contains(i)) {
            wanted.extend(unit.reads.iter().map(|&x| values.all[x].source));
            kept.push(unit);
        }
    }
    kept.reverse();
    kept
}

/// Units in an order in which all operands are there, those first whose nodes were written first: what a program's author computes
/// and drops early stays so.
fn ordered(units: Vec<Unit>, unit_of: &[Option<usize>], values: &Values) -> Vec<Unit> {
    let mut waits = vec![0usize; units.len()];
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    for (u, unit) in units.iter().enumerate() {
        let mut needs: Vec<usize> = unit.reads.iter().filter_map(|&x| unit_of[values.all[x].source]).filter(|&n| n != u).collect();
        needs.sort_unstable();
        needs.dedup();
        waits[u] = needs.len();
        needs.into_iter().for_each(|n| waiters[n].push(u));
    }
    let mut ready: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    for (u, unit) in units.iter().enumerate().filter(|(u, _)| waits[*u] == 0) {
        ready.push(Reverse((unit.node, u)));
    }
    let mut order = Vec::with_capacity(units.len());
    while let Some(Reverse((_, u))) = ready.pop() {
        order.push(u);
        for &waiter in &waiters[u] {
            waits[waiter] -= 1;
            if waits[waiter] == 0 {
                ready.push(Reverse((units[waiter].node, waiter)));
            }
        }
    }
    debug_assert_eq!(order.len(), units.len(), "passes wait for each other");
    let mut slots: Vec<Option<Unit>> = units.into_iter().map(Some).collect();
    order.into_iter().filter_map(|u| slots[u].take()).collect()
}
