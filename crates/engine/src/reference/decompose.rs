//! Composite ops replaced by what defines them: this executor implements none of them itself.

use crate::Result;
use std::borrow::Cow;
use thalweg_graph::ops::{Op, Rule};
use thalweg_graph::{Builder, Graph, Var};

fn has_composites(graph: &Graph) -> bool {
    graph.nodes.iter().any(|n| matches!(n.op, Op::Composite(_)))
}

/// The same function without composites; bodies of scans are looked at when they are compiled.
pub(crate) fn decompose(graph: &Graph) -> Result<Cow<'_, Graph>> {
    if !has_composites(graph) {
        return Ok(Cow::Borrowed(graph));
    }
    let mut current = expand(graph)?;
    while has_composites(&current) {
        current = expand(&current)?;
    }
    Ok(Cow::Owned(current))
}

/// One level of composites replaced.
fn expand(graph: &Graph) -> Result<Graph> {
    let b = Builder::new();
    let live = graph.live();
    let mut map: Vec<Option<Var<'_>>> = graph.nodes.iter().map(|_| None).collect();
    for input in &graph.inputs {
        map[input.node.index()] = Some(b.input(&input.name, input.ty.dtype, &input.ty.shape));
    }
    for (i, node) in graph.nodes.iter().enumerate() {
        if matches!(node.op, Op::Input(_)) || !live[i] {
            continue;
        }
        let inputs: Vec<Var<'_>> = node.inputs.iter().filter_map(|n| map[n.index()]).collect();
        map[i] = Some(match &node.op {
            Op::Composite(composite) => match composite.decompose(&inputs) {
                Some(value) => value,
                None => b.push(node.op.clone(), &inputs),
            },
            op => b.push(op.clone(), &inputs),
        });
    }
    let outputs: Vec<Var<'_>> = graph.outputs.iter().filter_map(|o| map[o.index()]).collect();
    Ok(b.finish(&outputs)?)
}
