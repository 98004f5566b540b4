//! Runs a small graph in f64, op by op: enough to see that a step written on graph values is the step on numbers.

use thalweg_graph::ops::Op;
use thalweg_graph::{Graph, count, strides};

/// The values of the graph's outputs, row-major, given those of its inputs in order.
pub fn run(graph: &Graph, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = Vec::new();
    for node in &graph.nodes {
        let shape = &node.ty.shape;
        let operand = |i: usize| &values[node.inputs[i].index()];
        let from = |i: usize| &graph.node(node.inputs[i]).ty.shape;
        let value = match &node.op {
            Op::Input(input) => inputs[input.index].clone(),
            Op::Constant(literal) => (0..count(shape)).map(|i| literal.at(i).as_f64()).collect(),
            Op::Unary(op) => operand(0).iter().map(|&x| op.eval(x)).collect(),
            Op::Binary(op) => operand(0).iter().zip(operand(1)).map(|(&a, &b)| op.eval(a, b)).collect(),
            Op::Select(_) => (0..count(shape)).map(|i| operand(if operand(0)[i] != 0.0 { 1 } else { 2 })[i]).collect(),
            Op::Cast(_) | Op::Reshape(_) => operand(0).clone(),
            Op::Broadcast(_) => (0..count(shape)).map(|i| operand(0)[source(i, shape, from(0))]).collect(),
            Op::ReduceSum(sum) => reduce(operand(0), from(0), &sum.axes, shape),
            op => panic!("the interpreter has no {}", op.name()),
        };
        values.push(value);
    }
    graph.outputs.iter().map(|o| values[o.index()].clone()).collect()
}

/// The element of a tensor of shape `from` that element `index` of its broadcast to `to` repeats.
fn source(index: usize, to: &[usize], from: &[usize]) -> usize {
    let added = to.len() - from.len();
    let places = strides(to).into_iter().zip(to).map(|(stride, size)| index / stride % size).skip(added);
    places.zip(strides(from)).zip(from).map(|((place, stride), &size)| if size == 1 { 0 } else { place * stride }).sum()
}

fn reduce(x: &[f64], from: &[usize], axes: &[usize], to: &[usize]) -> Vec<f64> {
    let kept: Vec<usize> = (0..from.len()).filter(|d| !axes.contains(d)).collect();
    let mut sums = vec![0.0; count(to)];
    for (i, value) in x.iter().enumerate() {
        let place = |d: usize| i / strides(from)[d] % from[d];
        let target: usize = kept.iter().zip(strides(to)).map(|(&d, stride)| place(d) * stride).sum();
        sums[target] += value;
    }
    sums
}
