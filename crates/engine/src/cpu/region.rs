//! Which part of a graph treats the rows of a batch independently, so that it can run slice by slice.
//!
//! Around the products whose rows are the batch, every value is one of four: *free* (computed before), *split* (row i depends on
//! row i alone), *summed* (a sum over rows, such as a weight's gradient) or *after* (anything else that depends on those).
//! The split and summed ones are the region.

use thalweg_graph::ops::Op;
use thalweg_graph::{DType, Graph, Node};

/// What a value is with respect to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    /// Dimension `axis` has `factor` entries per row of the batch, rows in order.
    Split(Cut),
    Summed,
    After,
}

/// Along which dimension a value is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cut {
    pub(crate) axis: usize,
    pub(crate) factor: usize,
}

/// A region.
pub(crate) struct Region {
    /// Rows of the batch.
    pub(crate) rows: usize,
    /// Rows of its products per row of the batch (tokens, positions), on average over multiplications.
    pub(crate) lines: usize,
    /// The state of each node; those that are not alive are free.
    pub(crate) states: Vec<State>,
}

impl Region {
    /// Whether node `i` is computed inside.
    pub(crate) fn has(&self, i: usize) -> bool {
        matches!(self.states[i], State::Split(_) | State::Summed)
    }
}

/// Products of fewer rows are not cut: threads share each of them by columns, so that each packs, and keeps in its cache, a part of the
/// weights, and a weight's gradient is written once.
const FEWEST: usize = 192;
/// Multiplications below which cutting costs more than it saves.
const LEAST: usize = 1 << 21;
/// Numbers of rows that are tried.
const TRIED: usize = 4;

/// The region of a graph, if there is one that is worth it: of those numbers of rows that most multiplications have, the one whose region
/// has most of them.
pub(crate) fn find(graph: &Graph, alive: &[bool]) -> Option<Region> {
    let mut uses = vec![0usize; graph.nodes.len()];
    for (_, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        node.inputs.iter().for_each(|x| uses[x.index()] += 1);
    }
    graph.outputs.iter().for_each(|o| uses[o.index()] += 1);
    let regions = batches(graph, alive).into_iter().map(|rows| around(graph, alive, &uses, rows));
    let (region, _) =
        regions.filter(|(region, cost)| *cost >= LEAST && region.rows * region.lines >= FEWEST).max_by_key(|(_, cost)| *cost)?;
    Some(region)
}

/// The region of a batch of `rows` rows, and its multiplications.
fn around(graph: &Graph, alive: &[bool], uses: &[usize], rows: usize) -> (Region, usize) {
    let mut states = vec![State::Free; graph.nodes.len()];
    let (mut cost, mut lines) = (0usize, 0f64);
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        let of: Vec<State> = node.inputs.iter().map(|x| states[x.index()]).collect();
        states[i] = if of.iter().all(|s| *s == State::Free) {
            if is_seed(graph, node, rows) { State::Split(Cut { axis: 0, factor: 1 }) } else { State::Free }
        } else if of.contains(&State::After) {
            State::After
        } else if of.contains(&State::Summed) {
            // The same numbers in another order stay with their sum, if nobody else wants them as they are.
            let view = matches!(node.op, Op::Reshape(_) | Op::Transpose(_) | Op::StopGradient(_));
            if view && uses[node.inputs[0].index()] == 1 { State::Summed } else { State::After }
        } else {
            follow(graph, node, &of, rows).unwrap_or(State::After)
        };
        if let (State::Split(_) | State::Summed, Some((own, across, along))) = (states[i], multiplications(graph, node)) {
            cost = cost.saturating_add(own);
            // The gradient of a matrix has the rows of the batch in its sums.
            lines += own as f64 * if states[i] == State::Summed { along } else { across } as f64;
        }
    }
    let lines = (lines / cost.max(1) as f64 / rows as f64).round().max(1.0) as usize;
    (Region { rows, lines, states }, cost)
}

/// The multiplications of a product or a convolution, and as a product its rows and the terms of its sums.
fn multiplications(graph: &Graph, node: &Node) -> Option<(usize, usize, usize)> {
    let x = |k: usize| &graph.node(node.inputs[k]).ty;
    match &node.op {
        Op::MatMul(_) => {
            let (inner, columns) = (x(0).shape[node.ty.rank() - 1], node.ty.shape[node.ty.rank() - 1].max(1));
            Some((node.ty.count().saturating_mul(inner), node.ty.count() / columns, inner))
        }
        Op::Conv(_) => {
            let weight = x(1);
            let terms = weight.count() / weight.shape[0].max(1);
            Some((node.ty.count().saturating_mul(terms), node.ty.count() / node.ty.shape[1].max(1), terms))
        }
        Op::ConvInputGrad(_) => {
            let weight = x(1);
            let terms = weight.count() / weight.shape[0].max(1);
            Some((x(0).count().saturating_mul(terms), x(0).count() / x(0).shape[1].max(1), terms))
        }
        _ => None,
    }
}

/// A product, or a convolution, whose rows are the batch.
fn is_seed(graph: &Graph, node: &Node, rows: usize) -> bool {
    matches!(node.op, Op::MatMul(_) | Op::Conv(_)) && node.ty.shape[0] == rows && is_product_type(graph, node)
}

fn is_product_type(graph: &Graph, node: &Node) -> bool {
    matches!(graph.node(node.inputs[0]).ty.dtype, DType::F32 | DType::F64)
}

/// The numbers of rows that most multiplications have, most first.
fn batches(graph: &Graph, alive: &[bool]) -> Vec<usize> {
    let mut costs: Vec<(usize, usize)> = Vec::new();
    for (_, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        let Some((cost, ..)) = multiplications(graph, node) else { continue };
        let rows = node.ty.shape[0];
        match costs.iter_mut().find(|(_, r)| *r == rows) {
            Some(known) => known.0 = known.0.saturating_add(cost),
            None => costs.push((cost, rows)),
        }
    }
    costs.retain(|(_, rows)| *rows > 1);
    costs.sort_unstable_by(|a, b| b.cmp(a));
    costs.into_iter().take(TRIED).map(|(_, rows)| rows).collect()
}

/// The state of a node some of whose operands are split and the others free; `None`: not known to be independent by row.
fn follow(graph: &Graph, node: &Node, of: &[State], rows: usize) -> Option<State> {
    let x = |k: usize| &graph.node(node.inputs[k]).ty;
    let cut = |k: usize| if let State::Split(cut) = of[k] { Some(cut) } else { None };
    let same = || {
        let mut cuts = (0..of.len()).filter_map(cut);
        let first = cuts.next()?;
        cuts.all(|c| c == first).then_some(first)
    };
    let split = |axis: usize, factor: usize| Some(State::Split(Cut { axis, factor }));
    match &node.op {
        Op::Unary(_)
        | Op::Binary(_)
        | Op::Compare(_)
        | Op::Logical(_)
        | Op::Select(_)
        | Op::Cast(_)
        | Op::IsFinite(_)
        | Op::StopGradient(_) => same().map(State::Split),
        Op::Reshape(_) => regrouped(&x(0).shape, &node.ty.shape, cut(0)?.axis, rows).map(State::Split),
        Op::Transpose(op) => split(op.permutation.iter().position(|&p| p == cut(0).map_or(0, |c| c.axis))?, cut(0)?.factor),
        Op::Broadcast(_) => split(cut(0)?.axis + node.ty.rank() - x(0).rank(), cut(0)?.factor),
        Op::Slice(op) => {
            let c = cut(0)?;
            let whole = op.starts[c.axis] == 0 && op.stops[c.axis] == x(0).shape[c.axis] && op.steps[c.axis] == 1;
            whole.then_some(State::Split(c))
        }
        Op::Pad(op) => {
            let c = cut(0)?;
            (op.before[c.axis] + op.after[c.axis] + op.between[c.axis] == 0).then_some(State::Split(c))
        }
        Op::Flip(op) => cut(0).filter(|c| c.axis != op.axis).map(State::Split),
        Op::Concat(op) => same().filter(|c| c.axis != op.axis).map(State::Split),
        Op::CumSum(op) => cut(0).filter(|c| c.axis != op.axis).map(State::Split),
        Op::ReduceSum(op) => {
            let c = cut(0)?;
            if op.axes.contains(&c.axis) {
                return matches!(node.ty.dtype, DType::F32 | DType::F64).then_some(State::Summed);
            }
            split(c.axis - op.axes.iter().filter(|&&a| a < c.axis).count(), c.factor)
        }
        Op::ReduceMax(op) => {
            let c = cut(0).filter(|c| !op.axes.contains(&c.axis))?;
            split(c.axis - op.axes.iter().filter(|&&a| a < c.axis).count(), c.factor)
        }
        Op::MatMul(_) => product(node.ty.rank(), cut(0), cut(1)).filter(|_| is_product_type(graph, node)),
        Op::Conv(_) | Op::ConvInputGrad(_) => {
            let c = cut(0).filter(|c| c.axis == 0 && of[1] == State::Free)?;
            Some(State::Split(c))
        }
        Op::ConvWeightGrad(_) => {
            let both = same().filter(|c| c.axis == 0)?;
            (both.factor == 1).then_some(State::Summed)
        }
        _ => None,
    }
}

/// `[…, m, k] × […, k, n]`: cut by rows, by columns, by entries of the batch of matrices, or along what is summed over.
fn product(rank: usize, a: Option<Cut>, b: Option<Cut>) -> Option<State> {
    let (rows, columns) = (rank - 2, rank - 1);
    match (a, b) {
        (Some(a), None) if a.axis == columns => Some(State::Summed),
        (Some(a), None) => Some(State::Split(a)),
        (None, Some(b)) if b.axis == rows => Some(State::Summed),
        (None, Some(b)) => Some(State::Split(b)),
        (Some(a), Some(b)) if a.axis == columns && b.axis == rows && a.factor == b.factor => Some(State::Summed),
        (Some(a), Some(b)) if a == b && a.axis < rows => Some(State::Split(a)),
        _ => None,
    }
}

/// How `to` is cut where `from`, the same elements in another shape, is cut along `axis`: along the dimension that begins at the same
/// elements, if it consists of whole rows.
pub(crate) fn regrouped(from: &[usize], to: &[usize], axis: usize, rows: usize) -> Option<Cut> {
    let before: usize = from[..axis].iter().product();
    let mut product = 1;
    for (axis, &size) in to.iter().enumerate() {
        if product == before && size >= rows && size % rows == 0 {
            return Some(Cut { axis, factor: size / rows });
        }
        product *= size;
    }
    None
}
