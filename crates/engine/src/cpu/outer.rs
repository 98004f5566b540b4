//! Products of few terms as sums of outer products. These are part of the passes that read them, where a product of its own would
//! write its result and have it read again.

use crate::Result;
use std::borrow::Cow;
use thalweg_graph::ops::Op;
use thalweg_graph::{DType, Graph, Node, Var, rewrite};

/// Terms, at most.
const FEW: usize = 4;

/// The terms of a product that has few.
fn few(node: &Node, terms: usize) -> Option<usize> {
    let float = matches!(node.ty.dtype, DType::F32 | DType::F64);
    (float && matches!(node.op, Op::MatMul(_)) && (1..=FEW).contains(&terms)).then_some(terms)
}

/// The same function without products of few terms.
pub(crate) fn outer(graph: &Graph) -> Result<Cow<'_, Graph>> {
    let last = |node: &Node| node.inputs.first().and_then(|x| graph.node(*x).ty.shape.last().copied()).unwrap_or(0);
    if !graph.nodes.iter().any(|node| few(node, last(node)).is_some()) {
        return Ok(Cow::Borrowed(graph));
    }
    let made = rewrite(&rewrite(graph, part)?, |node, inputs| {
        let (&[a, b], shape) = (inputs.get(..2)?, &node.ty.shape) else { return None };
        let (row, column) = (a.rank().checked_sub(2)?, a.rank() - 1);
        let terms = few(node, a.shape()[column])?;
        let term = |k: usize| a.narrow(column, k, 1).broadcast_to(shape) * b.narrow(row, k, 1).broadcast_to(shape);
        Some((1..terms).fold(term(0), |sum, k| sum + term(k)))
    });
    Ok(Cow::Owned(made?))
}

/// Part of a product of few terms as a product of parts: those who read it are then passes over the part.
fn part<'g>(node: &Node, inputs: &[Var<'g>]) -> Option<Var<'g>> {
    let Op::Slice(op) = &node.op else { return None };
    let (Op::MatMul(_), factors) = inputs[0].definition()? else { return None };
    let b = inputs[0].builder();
    let (left, right) = (b.var(factors[0]), b.var(factors[1]));
    let terms = left.shape()[left.rank() - 1];
    let whole = node.ty.rank() == 2 && (1..=FEW).contains(&terms) && matches!(node.ty.dtype, DType::F32 | DType::F64);
    whole.then(|| {
        let rows = left.slice(&[op.starts[0], 0], &[op.stops[0], terms], &[op.steps[0], 1]);
        rows.matmul(right.slice(&[0, op.starts[1]], &[terms, op.stops[1]], &[1, op.steps[1]]))
    })
}
