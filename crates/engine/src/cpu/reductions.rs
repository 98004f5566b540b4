//! Reductions over dimensions that do not lie together, as those of an image that was made larger by repeating its elements: one after
//! the other, the last dimensions first. Each can then be part of a pass.

use super::groups::reduced;
use crate::Result;
use std::borrow::Cow;
use thalweg_graph::ops::{Op, ReduceMax, ReduceSum};
use thalweg_graph::{Builder, DType, Graph, Node, Var};

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
    let b = Builder::new();
    let live = graph.live();
    let mut map: Vec<Option<Var<'_>>> = vec![None; graph.nodes.len()];
    for input in &graph.inputs {
        map[input.node.index()] = Some(b.input(&input.name, input.ty.dtype, &input.ty.shape));
    }
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, node)| live[*i] && !matches!(node.op, Op::Input(_))) {
        let inputs: Vec<Var<'_>> = node.inputs.iter().filter_map(|n| map[n.index()]).collect();
        map[i] = Some(match scattered(graph, node) {
            Some(axes) => runs(&inputs[0].shape(), axes).into_iter().rev().fold(inputs[0], |x, axes| {
                let sums = matches!(node.op, Op::ReduceSum(_));
                let op = if sums { Op::ReduceSum(ReduceSum { axes }) } else { Op::ReduceMax(ReduceMax { axes }) };
                b.push(op, &[x])
            }),
            None => b.push(node.op.clone(), &inputs),
        });
    }
    let outputs: Vec<Var<'_>> = graph.outputs.iter().filter_map(|o| map[o.index()]).collect();
    Ok(Cow::Owned(b.finish(&outputs)?))
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
