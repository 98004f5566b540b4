//! Composite ops replaced by what defines them: this executor implements none of them itself.

use crate::Result;
use std::borrow::Cow;
use thalweg_graph::ops::{Op, Rule};
use thalweg_graph::{Graph, rewrite};

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
    Ok(rewrite(graph, |node, inputs| match &node.op {
        Op::Composite(composite) => composite.decompose(inputs),
        _ => None,
    })?)
}
