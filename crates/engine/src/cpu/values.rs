//! Where the values of a graph lie. A view (a transpose, a part, a repetition) lies where its source does; the operands of a
//! concatenation are computed in their place inside it where that is possible, so that joining them costs nothing. What a cast from bf16
//! to f32 gives may lie as its operand does, too, in the type of that.

use super::groups::{is_elementwise, reduction};
use crate::reference::{is_contiguous, turned_products};
use std::collections::HashSet;
use thalweg_graph::ops::Op;
use thalweg_graph::{DType, Graph, Node, Type, strides};

/// What is known of a value before any memory is planned. Distances are in elements.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// The node whose storage it lies in.
    pub(crate) root: usize,
    /// The node that has to be computed before it can be read.
    pub(crate) source: usize,
    pub(crate) offset: usize,
    pub(crate) strides: Vec<usize>,
}

/// The values of all nodes of a graph, and of copies that were added to them.
pub(crate) struct Values {
    pub(crate) types: Vec<Type>,
    pub(crate) all: Vec<Value>,
}

impl Values {
    /// Whether value `i` lies in row-major order without gaps.
    pub(crate) fn is_contiguous(&self, i: usize) -> bool {
        is_contiguous(&self.types[i].shape, &self.all[i].strides)
    }

    /// Whether the elements of value `i` along the dimensions from `first` on lie in row-major order without gaps.
    pub(crate) fn is_dense(&self, i: usize, first: usize) -> bool {
        is_contiguous(&self.types[i].shape[first..], &self.all[i].strides[first..])
    }
}

/// The dimensions in which operands and result of a convolution may have gaps: those before the images, and before the kernel's rows.
pub(crate) fn loose(op: &Op) -> Option<([usize; 2], usize)> {
    match op {
        Op::Conv(_) | Op::ConvInputGrad(_) => Some(([2, 1], 2)),
        Op::ConvWeightGrad(_) => Some(([2, 2], 1)),
        _ => None,
    }
}

/// Number of elements from the first to the last of a view, both included.
pub(crate) fn extent(shape: &[usize], strides: &[usize]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().zip(strides).map(|(size, stride)| (size - 1) * stride).sum::<usize>() + 1
}

/// Where entry `index` of a view lies, in row-major order of `dims`.
pub(crate) fn offset_of(index: usize, dims: &[usize], strides: &[usize]) -> usize {
    let (mut rest, mut offset) = (index, 0);
    for (size, stride) in dims.iter().zip(strides).rev() {
        offset += rest % size * stride;
        rest /= size;
    }
    offset
}

/// Whether a node has its storage before a program starts.
pub(crate) fn is_given(op: &Op) -> bool {
    matches!(op, Op::Input(_) | Op::Constant(_) | Op::Iota(_))
}

/// Dimensions other than 1.
pub(crate) fn squeezed(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&d| d != 1).collect()
}

/// The strides that a view's source would need, for the view to have `strides`; the inverse of [`view`] for whole values.
fn pull_back(node: &Node, source: &Type, strides: &[usize]) -> Option<Vec<usize>> {
    match &node.op {
        Op::StopGradient(_) => Some(strides.to_vec()),
        Op::Reshape(_) => reshaped(&node.ty.shape, strides, &source.shape),
        Op::Transpose(op) => {
            let mut out = vec![0; strides.len()];
            for (d, &p) in op.permutation.iter().enumerate() {
                out[p] = strides[d];
            }
            Some(out)
        }
        _ => None,
    }
}

/// The strides of a reshape from `shape` to `to`, if it needs no copy.
fn reshaped(shape: &[usize], strides: &[usize], to: &[usize]) -> Option<Vec<usize>> {
    if is_contiguous(shape, strides) {
        return Some(thalweg_graph::strides(to));
    }
    if squeezed(shape) != squeezed(to) {
        return None;
    }
    let mut kept = shape.iter().zip(strides).filter(|(size, _)| **size != 1).map(|(_, stride)| *stride);
    Some(to.iter().map(|&size| if size == 1 { 0 } else { kept.next().unwrap_or(0) }).collect())
}

/// Offset and strides of `node` as a view of its operand, relative to the operand.
fn view(node: &Node, x: &Type, stride: &[usize]) -> Option<(usize, Vec<usize>)> {
    match &node.op {
        Op::StopGradient(_) => Some((0, stride.to_vec())),
        Op::Reshape(_) => Some((0, reshaped(&x.shape, stride, &node.ty.shape)?)),
        Op::Transpose(op) => Some((0, op.permutation.iter().map(|&p| stride[p]).collect())),
        Op::Slice(op) => {
            let offset = op.starts.iter().zip(stride).map(|(start, stride)| start * stride).sum();
            Some((offset, op.steps.iter().zip(stride).map(|(step, stride)| step * stride).collect()))
        }
        Op::Broadcast(_) => {
            let added = node.ty.rank() - x.rank();
            let of = |d: usize| if d < added || x.shape[d - added] != node.ty.shape[d] { 0 } else { stride[d - added] };
            Some((0, (0..node.ty.rank()).map(of).collect()))
        }
        _ => None,
    }
}

/// Nodes that are treated apart.
pub(crate) struct Apart<'a> {
    /// Whether a node is computed elsewhere, slice by slice: it is no view, and has no gaps.
    pub(crate) inside: &'a dyn Fn(usize) -> bool,
    /// Nodes that must have no gaps.
    pub(crate) whole: &'a HashSet<usize>,
}

/// Where each value lies. Every view that `view` knows is one; every other node has storage of its own, or lies inside a
/// concatenation.
pub(crate) fn analyse(graph: &Graph, alive: &[bool], apart: &Apart<'_>) -> Values {
    let mut placed = placements(graph, alive, apart);
    let turned = turned_products(graph, alive);
    let mut all: Vec<Option<Value>> = vec![None; graph.nodes.len()];
    // A concatenation comes after its operands, but says where they lie: storage first, in reverse.
    for i in (0..graph.nodes.len()).rev() {
        let node = &graph.nodes[i];
        let inside = placed[i].take().and_then(|(concat, start)| {
            let Op::Concat(op) = &graph.nodes[concat].op else { return None };
            let whole = all[concat].as_ref()?;
            let operand = node_at(graph, concat, i, apart)?;
            let offset = whole.offset + start * whole.strides[op.axis];
            let strides = chain(graph, operand, i).into_iter().try_fold(whole.strides.clone(), |strides, view| {
                let source = graph.nodes[view].inputs[0].index();
                pull_back(&graph.nodes[view], &graph.nodes[source].ty, &strides)
            })?;
            let flat = (apart.inside)(i) || matches!(node.op, Op::ReduceSum(_) | Op::ReduceMax(_) | Op::Pad(_));
            let first = if flat { 0 } else { loose(&node.op).map_or(node.ty.rank(), |(_, own)| own) };
            is_contiguous(&node.ty.shape[first..], &strides[first..]).then_some(Value { root: whole.root, source: i, offset, strides })
        });
        all[i] = Some(inside.unwrap_or_else(|| Value {
            root: i,
            source: i,
            offset: 0,
            strides: own_strides(node, turned[i] && !(apart.inside)(i)),
        }));
    }
    let mut values: Vec<Value> = all.into_iter().flatten().collect();
    let widened = widened(graph, alive, apart);
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i] && !(apart.inside)(*i)) {
        let Some(x) = node.inputs.first().map(|x| x.index()).filter(|_| !matches!(node.op, Op::Output(_))) else { continue };
        let seen = if widened[i] { Some((0, values[x].strides.clone())) } else { view(node, &graph.nodes[x].ty, &values[x].strides) };
        if let Some((offset, strides)) = seen {
            let of = &values[x];
            values[i] = Value { root: of.root, source: of.source, offset: of.offset + offset, strides };
        }
    }
    Values { types: graph.nodes.iter().map(|n| n.ty.clone()).collect(), all: values }
}

/// Casts from bf16 to f32 that passes alone read: these read what is cast, which takes half the memory, and cast it themselves.
fn widened(graph: &Graph, alive: &[bool], apart: &Apart<'_>) -> Vec<bool> {
    let cast = |node: &Node| {
        let widens = matches!(&node.op, Op::Cast(cast) if cast.dtype == DType::F32);
        widens && graph.node(node.inputs[0]).ty.dtype == DType::BF16
    };
    let mut out: Vec<bool> = graph.nodes.iter().enumerate().map(|(i, node)| alive[i] && cast(node) && !(apart.inside)(i)).collect();
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        if (apart.inside)(i) || !(is_elementwise(&node.op) || reduction(graph, i).is_some()) {
            node.inputs.iter().for_each(|x| out[x.index()] = false);
        }
    }
    graph.outputs.iter().for_each(|o| out[o.index()] = false);
    out
}

fn own_strides(node: &Node, turned: bool) -> Vec<usize> {
    let splat = matches!(&node.op, Op::Constant(literal) if literal.splat_value().is_some());
    let mut out = if splat { vec![0; node.ty.rank()] } else { strides(&node.ty.shape) };
    if turned {
        let (rows, columns) = (node.ty.rank() - 2, node.ty.rank() - 1);
        (out[rows], out[columns]) = (1, node.ty.shape[rows]);
    }
    out
}

/// The views between `operand` and the node `root` that it is a view of, from the outermost.
fn chain(graph: &Graph, operand: usize, root: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut at = operand;
    while at != root {
        out.push(at);
        at = graph.nodes[at].inputs[0].index();
    }
    out
}

/// The node whose whole value `operand` shows, row by row or transposed.
fn whole(graph: &Graph, operand: usize, apart: &Apart<'_>) -> usize {
    let mut at = operand;
    while !(apart.inside)(at) && matches!(graph.nodes[at].op, Op::StopGradient(_) | Op::Reshape(_) | Op::Transpose(_)) {
        at = graph.nodes[at].inputs[0].index();
    }
    at
}

/// The operand of `concat` that shows `root`.
fn node_at(graph: &Graph, concat: usize, root: usize, apart: &Apart<'_>) -> Option<usize> {
    graph.nodes[concat].inputs.iter().map(|o| o.index()).find(|&o| whole(graph, o, apart) == root)
}

/// For each computed node the concatenation that it may be computed in, and where along its axis. The last one that asks gets it.
fn placements(graph: &Graph, alive: &[bool], apart: &Apart<'_>) -> Vec<Option<(usize, usize)>> {
    let mut placed = vec![None; graph.nodes.len()];
    let returned: HashSet<usize> = graph.outputs.iter().map(|o| whole(graph, o.index(), apart)).collect();
    for (c, node) in graph.nodes.iter().enumerate().rev().filter(|(c, _)| alive[*c] && !(apart.inside)(*c)) {
        let Op::Concat(op) = &node.op else { continue };
        let mut start = 0;
        for operand in &node.inputs {
            let root = whole(graph, operand.index(), apart);
            let source = &graph.nodes[root];
            let computed = !is_given(&source.op) && !matches!(source.op, Op::Output(_) | Op::Scan(_) | Op::Slice(_) | Op::Broadcast(_));
            if computed && placed[root].is_none() && !returned.contains(&root) && !apart.whole.contains(&root) {
                placed[root] = Some((c, start));
            }
            start += graph.nodes[operand.index()].ty.shape[op.axis];
        }
    }
    placed
}
