//! Which elementwise ops and reductions run together in one pass over memory.
//!
//! Every node gets a *stage*: one more than an operand's where the operand cannot be in the same pass (a product, the result of a
//! reduction, another shape), else at least the operand's. Nodes of one stage and one shape can always be joined: between two of
//! them no path leaves the pass, because leaving it raises the stage. What has no use before a later stage moves there if its
//! operands are alive anyway: a derivative's factors are not stored on the way forward.

use super::region::{Region, State};
use super::values::{Values, is_given, squeezed};
use std::collections::HashMap;
use thalweg_graph::Graph;
use thalweg_graph::ops::Op;

/// Nodes of a pass, at most: a kernel of a GPU takes some four thousand addresses, and a node has up to four.
pub(super) const MOST: usize = 1000;

/// One pass: its nodes in order, and the shape it runs over.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) nodes: Vec<usize>,
    pub(crate) shape: Vec<usize>,
    /// Nodes of earlier passes that are computed again, in order; see `again`.
    pub(crate) again: Vec<usize>,
}

impl Group {
    /// All nodes that it computes, in order.
    pub(crate) fn all(&self) -> Vec<usize> {
        let mut all = [&self.nodes[..], &self.again].concat();
        all.sort_unstable();
        all
    }
}

/// Whether a node can be part of a pass as an elementwise op.
pub(crate) fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Logical(_) | Op::Select(_) | Op::Cast(_) | Op::IsFinite(_))
}

/// How a reduction runs inside a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduced {
    /// The last so many dimensions disappear.
    Rows(usize),
    /// The first so many dimensions disappear.
    Columns(usize),
    /// Behind the first so many dimensions, so many disappear.
    Middle(usize, usize),
}

/// How the reduction over `axes` of `shape` (1s are left out on both sides) runs inside a pass, if it can.
pub(crate) fn reduced(shape: &[usize], axes: &[usize]) -> Option<Reduced> {
    let kept: Vec<bool> = (0..shape.len()).filter(|&d| shape[d] != 1).map(|d| !axes.contains(&d)).collect();
    let gone = kept.iter().filter(|k| !**k).count();
    if kept[..kept.len() - gone].iter().all(|k| *k) {
        return Some(Reduced::Rows(gone));
    }
    if kept[gone..].iter().all(|k| *k) {
        return Some(Reduced::Columns(gone));
    }
    let before = kept.iter().take_while(|k| **k).count();
    kept[before + gone..].iter().all(|k| *k).then_some(Reduced::Middle(before, gone))
}

/// The axes of a reduction that can be part of a pass.
pub(super) fn reduction(graph: &Graph, i: usize) -> Option<Reduced> {
    let node = &graph.nodes[i];
    let axes = match &node.op {
        Op::ReduceSum(op) => &op.axes,
        Op::ReduceMax(op) => &op.axes,
        _ => return None,
    };
    let x = &graph.node(node.inputs[0]).ty;
    let known = !matches!(x.dtype, thalweg_graph::DType::BF16 | thalweg_graph::DType::Bool) && x.count() > 0;
    if known { reduced(&x.shape, axes) } else { None }
}

/// The operand `i` without the reshapes that only add or drop 1s.
pub(crate) fn seen(graph: &Graph, i: usize) -> usize {
    let mut at = i;
    loop {
        let node = &graph.nodes[at];
        let same = match &node.op {
            Op::StopGradient(_) => true,
            Op::Reshape(_) => squeezed(&node.ty.shape) == squeezed(&graph.node(node.inputs[0]).ty.shape),
            _ => false,
        };
        if !same {
            return at;
        }
        at = node.inputs[0].index();
    }
}

struct Stages<'g> {
    graph: &'g Graph,
    /// The shape of the pass that a node belongs to; empty list of nodes that belong to none.
    space: Vec<Option<Vec<usize>>>,
    stage: Vec<usize>,
}

impl Stages<'_> {
    /// Gives node `i` its stage, after its operands have theirs.
    fn place(&mut self, i: usize, values: &Values) {
        let node = &self.graph.nodes[i];
        if values.all[i].source != i {
            self.stage[i] = node.inputs.first().map_or(0, |x| self.stage[x.index()]);
            return;
        }
        let step = |x: usize| {
            let x = seen(self.graph, x);
            let free = is_given(&self.graph.nodes[values.all[x].source].op) || self.joins(x, i);
            self.stage[x] + usize::from(!free)
        };
        self.stage[i] = node.inputs.iter().map(|x| step(x.index())).max().unwrap_or(0);
    }

    /// Whether operand `x` of `i` can be in the same pass as `i`.
    fn joins(&self, x: usize, i: usize) -> bool {
        is_elementwise(&self.graph.nodes[x].op) && self.space[i].is_some() && self.space[x] == self.space[i]
    }
}

/// The passes of a graph; a node in none of them is computed by itself, or inside the region.
pub(crate) fn groups(graph: &Graph, alive: &[bool], values: &Values, region: Option<&Region>) -> Vec<Group> {
    let n = graph.nodes.len();
    let inside = |i: usize| region.is_some_and(|r| r.has(i));
    let after = |i: usize| region.is_some_and(|r| r.states[i] == State::After);
    let mut stages = Stages { graph, space: vec![None; n], stage: vec![0; n] };
    for i in (0..n).filter(|&i| alive[i] && !inside(i)) {
        let node = &graph.nodes[i];
        stages.space[i] = if values.all[i].source != i {
            None
        } else if is_elementwise(&node.op) {
            Some(squeezed(&node.ty.shape))
        } else {
            reduction(graph, i).map(|_| squeezed(&graph.node(node.inputs[0]).ty.shape))
        };
    }
    (0..n).filter(|&i| alive[i] && !inside(i) && !after(i)).for_each(|i| stages.place(i, values));
    // The region is one unit: one stage, after all that it reads.
    let read = (0..n).filter(|&i| alive[i] && inside(i)).flat_map(|i| &graph.nodes[i].inputs).map(|x| x.index()).filter(|&x| !inside(x));
    let stage = read.map(|x| stages.stage[x] + 1).max().unwrap_or(0);
    (0..n).filter(|&i| inside(i)).for_each(|i| stages.stage[i] = stage);
    (0..n).filter(|&i| alive[i] && after(i)).for_each(|i| stages.place(i, values));
    sink(&mut stages, alive, values);
    joined(&stages, alive)
}

/// Moves elementwise nodes to the stage of their first use, where that keeps nothing alive that would not be.
fn sink(stages: &mut Stages<'_>, alive: &[bool], values: &Values) {
    let graph = stages.graph;
    let n = graph.nodes.len();
    let mut uses: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        for x in &node.inputs {
            let through = seen(graph, x.index());
            if uses[through].last() != Some(&i) {
                uses[through].push(i);
            }
        }
    }
    let mut pinned = vec![false; n];
    for output in &graph.outputs {
        pinned[seen(graph, output.index())] = true;
    }
    for i in (0..n).rev().filter(|&i| alive[i]) {
        if !is_elementwise(&graph.nodes[i].op) || stages.space[i].is_none() || pinned[i] || uses[i].is_empty() {
            continue;
        }
        let latest = uses[i].iter().map(|&u| stages.stage[u].saturating_sub(usize::from(!stages.joins(i, u)))).min().unwrap_or(0);
        if latest <= stages.stage[i] {
            continue;
        }
        let held = Held { stages, values, uses: &uses, pinned: &pinned, latest };
        let kept: Vec<usize> = graph.nodes[i].inputs.iter().map(|x| x.index()).filter(|&x| !held.operand(x, i, 4)).collect();
        // One operand may be kept in the place of the node itself.
        if kept.iter().all(|&x| x == kept[0] && graph.nodes[x].ty.bytes() <= graph.nodes[i].ty.bytes()) {
            stages.stage[i] = latest;
        }
    }
}

/// What is alive at a stage anyway.
struct Held<'a, 'g> {
    stages: &'a Stages<'g>,
    values: &'a Values,
    uses: &'a [Vec<usize>],
    pinned: &'a [bool],
    latest: usize,
}

impl Held<'_, '_> {
    /// Whether operand `x` of `reader` is there at the stage without being stored for it: something else reads it then, or it is
    /// small, or it can move along, because only `reader` reads it and its own operands are there.
    fn operand(&self, x: usize, reader: usize, depth: usize) -> bool {
        let graph = self.stages.graph;
        let x = seen(graph, x);
        // A repeated value takes no more memory than what is repeated.
        let source = &graph.nodes[self.values.all[x].source];
        let small = source.ty.count() * 8 < graph.nodes[reader].ty.count();
        if is_given(&source.op) || small {
            return true;
        }
        let others = self.uses[x].iter().filter(|&&u| u != reader).map(|&u| self.stages.stage[u]).max();
        if others.is_some_and(|last| last >= self.latest) {
            return true;
        }
        let moves = depth > 0 && others.is_none() && !self.pinned[x] && self.stages.joins(x, reader);
        moves && graph.nodes[x].inputs.iter().all(|y| self.operand(y.index(), x, depth - 1))
    }
}

/// Joins nodes of one stage and shape that hand values to each other or read the same value.
fn joined(stages: &Stages<'_>, alive: &[bool]) -> Vec<Group> {
    let graph = stages.graph;
    let mut parent: Vec<usize> = (0..graph.nodes.len()).collect();
    fn find(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let mut readers: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for i in (0..graph.nodes.len()).filter(|&i| alive[i] && stages.space[i].is_some()) {
        for x in &graph.nodes[i].inputs {
            let x = seen(graph, x.index());
            let together = stages.joins(x, i) && stages.stage[x] == stages.stage[i];
            let whole = Some(squeezed(&graph.nodes[x].ty.shape)) == stages.space[i]
                && !matches!(graph.nodes[x].op, Op::Constant(_) | Op::Broadcast(_));
            if together {
                let (a, b) = (find(&mut parent, x), find(&mut parent, i));
                parent[a.max(b)] = a.min(b);
            } else if whole {
                let others = readers.entry((x, stages.stage[i])).or_default();
                if let Some(&other) = others.iter().find(|&&o| stages.space[o] == stages.space[i]) {
                    let (a, b) = (find(&mut parent, other), find(&mut parent, i));
                    parent[a.max(b)] = a.min(b);
                }
                others.push(i);
            }
        }
    }
    let mut groups: HashMap<usize, Group> = HashMap::new();
    for i in (0..graph.nodes.len()).filter(|&i| alive[i]) {
        if let Some(shape) = &stages.space[i] {
            let root = find(&mut parent, i);
            groups.entry(root).or_insert_with(|| Group { nodes: Vec::new(), shape: shape.clone(), again: Vec::new() }).nodes.push(i);
        }
    }
    // Nodes come after their operands, so that no part of a group needs a later one.
    let parts = |g: Group| g.nodes.chunks(MOST).map(|nodes| Group { nodes: nodes.to_vec(), ..g.clone() }).collect::<Vec<_>>();
    let mut out: Vec<Group> = groups.into_values().flat_map(parts).collect();
    out.sort_by_key(|g| g.nodes[0]);
    out
}
