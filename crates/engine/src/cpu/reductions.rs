//! Reductions over dimensions that do not lie together, as those of an image that was made larger by repeating its elements: one after
//! the other, the last dimensions first. Each can then be part of a pass.

use super::groups::reduced;
use crate::Result;
use std::borrow::Cow;
use thalweg_graph::ops::{Op, ReduceMax, ReduceSum};
use thalweg_graph::{DType, Graph, Node, rewrite};

/// The axes of a reduction that no pass can take at once.
fn scattered<'g>(graph: &Graph, node: &'g Node) -> Option<&'g [usize]> {
    let axes = match &node.op {
        Op::ReduceSum(op) => &op.axes,
        Op::ReduceMax(op) => &op.axes,
        _ => return None,
    };
    let x = &graph.node(node.inputs[0]).ty;
    let exact = !matches!(x.dtype, DType::BF16 | DType::Bool) && x.count() > 0;
    (exact && reduced(&x.shape, axes).is_none()).then_some(axes)
}

/// The same function with reductions over neighbouring dimensions alone.
pub(crate) fn one_by_one(graph: &Graph) -> Result<Cow<'_, Graph>> {
    if !graph.nodes.iter().any(|node| scattered(graph, node).is_some()) {
        return Ok(Cow::Borrowed(graph));
    }
    let rewritten = rewrite(graph, |node, inputs| {
        let axes = scattered(graph, node)?;
        let sums = matches!(node.op, Op::ReduceSum(_));
        Some(runs(&inputs[0].shape(), axes).into_iter().rev().fold(inputs[0], |x, axes| {
            let op = if sums { Op::ReduceSum(ReduceSum { axes }) } else { Op::ReduceMax(ReduceMax { axes }) };
            x.builder().push(op, &[x])
        }))
    });
    Ok(Cow::Owned(rewritten?))
}

/// Axes that lie together, apart from dimensions of size 1.
fn runs(shape: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for &axis in axes {
        match runs.last_mut() {
            Some(run) if shape[run[run.len() - 1] + 1..axis].iter().all(|&size| size == 1) => run.push(axis),
            _ => runs.push(vec![axis]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_lie_together_are_one_run() {
        assert_eq!(runs(&[4, 3, 2, 5, 2], &[2, 4]), [vec![2], vec![4]]);
        assert_eq!(runs(&[4, 3, 1, 5, 2], &[0, 1, 3]), [vec![0, 1, 3]]);
        assert_eq!(runs(&[4, 3, 7, 5, 2], &[0, 2, 3]), [vec![0], vec![2, 3]]);
    }
}
