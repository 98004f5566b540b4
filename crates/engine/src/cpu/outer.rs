//! Products of few terms as sums of outer products. These are part of the passes that read them, where a product of its own would
//! write its result and have it read again.

use crate::Result;
use std::borrow::Cow;
use thalweg_graph::ops::Op;
use thalweg_graph::{DType, Graph, Node, Var, rewrite};

/// Terms, at most.
const FEW: usize = 4;

/// Whether a product of this type with so many terms has few.
fn has_few(dtype: DType, terms: usize) -> bool {
    matches!(dtype, DType::F32 | DType::F64) && (1..=FEW).contains(&terms)
}

/// The same function without products of few terms.
pub(crate) fn outer(graph: &Graph) -> Result<Cow<'_, Graph>> {
    let terms = |node: &Node| graph.node(node.inputs[0]).ty.shape[node.ty.rank() - 1];
    if !graph.nodes.iter().any(|node| matches!(node.op, Op::MatMul(_)) && has_few(node.ty.dtype, terms(node))) {
        return Ok(Cow::Borrowed(graph));
    }
    let made = rewrite(&rewrite(graph, part)?, |node, inputs| {
        let (Op::MatMul(_), &[a, b]) = (&node.op, inputs) else { return None };
        let (row, column, shape) = (a.rank() - 2, a.rank() - 1, &node.ty.shape);
        let terms = a.shape()[column];
        if !has_few(node.ty.dtype, terms) {
            return None;
        }
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
    (node.ty.rank() == 2 && has_few(node.ty.dtype, terms)).then(|| {
        let rows = left.slice(&[op.starts[0], 0], &[op.stops[0], terms], &[op.steps[0], 1]);
        rows.matmul(right.slice(&[0, op.starts[1]], &[terms, op.stops[1]], &[1, op.steps[1]]))
    })
}
