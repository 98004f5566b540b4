//! Which ops are views, known when a program is compiled: strides of every value, without its data.

use thalweg_graph::ops::Op;
use thalweg_graph::{Type, strides};

/// Whether a tensor of this shape and these strides lies in memory in row-major order without gaps.
pub(crate) fn is_contiguous(shape: &[usize], stride: &[usize]) -> bool {
    let whole = strides(shape);
    (0..shape.len()).all(|d| shape[d] <= 1 || stride[d] == whole[d]) || shape.contains(&0)
}

/// The strides of `op(x)` if it is a view of `x`, whose type and strides are given.
pub(crate) fn view(op: &Op, x: &Type, stride: &[usize], out: &Type) -> Option<Vec<usize>> {
    match op {
        Op::StopGradient(_) => Some(stride.to_vec()),
        Op::Reshape(_) => is_contiguous(&x.shape, stride).then(|| strides(&out.shape)),
        Op::Transpose(op) => Some(op.permutation.iter().map(|&p| stride[p]).collect()),
        Op::Slice(op) => op.steps.iter().all(|&s| s == 1).then(|| stride.to_vec()),
        Op::Broadcast(_) => {
            let added = out.rank() - x.rank();
            let of = |d: usize| if d < added || x.shape[d - added] != out.shape[d] { 0 } else { stride[d - added] };
            Some((0..out.rank()).map(of).collect())
        }
        _ => None,
    }
}
