//! What a pass computes again rather than read: elementwise values of earlier passes that follow from what it reads anyway. A derivative
//! needs the sigmoid of what went in, and what went in; only the latter has to be stored.

use super::groups::{Group, MOST, is_elementwise, seen};
use super::values::{Values, squeezed};
use std::collections::HashSet;
use thalweg_graph::Graph;
use thalweg_graph::ops::{Comparison, Op};

/// Nodes between what is read and what follows from it, at most.
const FAR: usize = 24;

/// Lets a pass compute what it can.
pub(crate) fn again(graph: &Graph, values: &Values, group: &mut Group) {
    let own: HashSet<usize> = group.nodes.iter().copied().collect();
    let outer = group.nodes.iter().flat_map(|&i| &graph.nodes[i].inputs).map(|x| x.index());
    let mut read: Vec<usize> = outer.filter(|&x| !own.contains(&seen(graph, x))).collect();
    read.sort_unstable();
    read.dedup();
    let mut found = Found { graph, values, shape: &group.shape, sources: read.iter().map(|&x| values.all[x].source).collect() };
    let mut made: HashSet<usize> = HashSet::new();
    // Later values first: they follow from earlier ones.
    for &x in read.iter().rev() {
        if group.nodes.len() + made.len() + FAR > MOST {
            break;
        }
        let i = seen(graph, x);
        let shown = |&y: &usize| values.all[y].source == i && seen(graph, y) != i;
        // What is compared for equality must have the bits that others have seen.
        if !found.computes(i) || made.contains(&i) || read.iter().any(shown) || is_matched(graph, &group.nodes, i) {
            continue;
        }
        found.sources.remove(&i);
        let mut nodes = made.clone();
        if found.follows(i, &mut nodes, &mut { FAR }) {
            made = nodes;
        } else {
            found.sources.insert(i);
        }
    }
    group.again = made.into_iter().collect();
    group.again.sort_unstable();
}

/// Whether one of these nodes asks whether `i` equals something.
fn is_matched(graph: &Graph, nodes: &[usize], i: usize) -> bool {
    nodes.iter().any(|&n| {
        let node = &graph.nodes[n];
        matches!(&node.op, Op::Compare(op) if op.comparison == Comparison::Eq) && node.inputs.iter().any(|x| seen(graph, x.index()) == i)
    })
}

/// What a pass reads from memory.
struct Found<'a> {
    graph: &'a Graph,
    values: &'a Values,
    shape: &'a [usize],
    sources: HashSet<usize>,
}

impl Found<'_> {
    /// Whether node `i` could be part of the pass.
    fn computes(&self, i: usize) -> bool {
        let node = &self.graph.nodes[i];
        is_elementwise(&node.op) && self.values.all[i].source == i && squeezed(&node.ty.shape) == self.shape
    }

    /// Whether node `i` follows from what is read; `nodes` are those in between, `left` how many more there may be.
    fn follows(&self, i: usize, nodes: &mut HashSet<usize>, left: &mut usize) -> bool {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        nodes.insert(i);
        self.graph.nodes[i].inputs.iter().all(|x| {
            let (through, source) = (seen(self.graph, x.index()), self.values.all[x.index()].source);
            let node = &self.graph.nodes[source];
            let small = node.ty.count() * 8 < self.graph.nodes[i].ty.count();
            if nodes.contains(&through) || small || self.sources.contains(&source) {
                return true;
            }
            self.computes(through) && self.follows(through, nodes, left)
        })
    }
}
