//! Graph → graph: simplification and differentiation of finished graphs.
//! Thin wrappers that inline the graph into a new builder, where every op simplifies itself as it is appended.

use crate::{Builder, Graph, Node, Result, Var, autodiff};

fn arguments<'g>(b: &'g Builder, graph: &Graph) -> Vec<Var<'g>> {
    graph.inputs.iter().map(|i| b.input(&i.name, i.ty.dtype, &i.ty.shape)).collect()
}

/// The same function with constants folded, equal nodes shared, identities applied and dead nodes dropped.
///
/// # Errors
/// None for a graph made by a [`Builder`].
pub fn simplify(graph: &Graph) -> Result<Graph> {
    let b = Builder::new();
    let args = arguments(&b, graph);
    let outs = b.inline(graph, &args);
    b.finish(&outs)
}

/// The same graph with other values in place of some nodes: those that `replace` gives for a node and its operands.
///
/// # Errors
/// What the ops of a replacement refuse.
pub fn rewrite(graph: &Graph, replace: impl for<'g> Fn(&Node, &[Var<'g>]) -> Option<Var<'g>>) -> Result<Graph> {
    let b = Builder::new();
    let args = arguments(&b, graph);
    let outs = b.repeat(graph, &args, replace);
    b.finish(&outs)
}

/// The gradient of the first output (a scalar) with respect to the inputs at positions `wrt`.
///
/// # Errors
/// The output is not a float scalar, or an input is not a float.
pub fn grad_graph(graph: &Graph, wrt: &[usize]) -> Result<Graph> {
    derive(graph, wrt, false)
}

/// The first output (a scalar), then all others, then its gradient with respect to the inputs at positions `wrt`.
///
/// # Errors
/// The output is not a float scalar, or an input is not a float.
pub fn value_and_grad_graph(graph: &Graph, wrt: &[usize]) -> Result<Graph> {
    derive(graph, wrt, true)
}

fn derive(graph: &Graph, wrt: &[usize], value: bool) -> Result<Graph> {
    let b = Builder::new();
    let args = arguments(&b, graph);
    let outs = b.inline(graph, &args);
    let vars: Vec<Var> = wrt.iter().map(|&i| args[i]).collect();
    let grads = autodiff::grad(outs[0], &vars);
    b.finish(&if value { [outs, grads].concat() } else { grads })
}

/// All outputs, then their directional derivatives; the directions are new inputs named `tangent.<input>`.
///
/// # Errors
/// An input at a position of `wrt` is not a float.
pub fn jvp_graph(graph: &Graph, wrt: &[usize]) -> Result<Graph> {
    let b = Builder::new();
    let args = arguments(&b, graph);
    let tangent = |&i: &usize| {
        let input = &graph.inputs[i];
        b.input(&format!("tangent.{}", input.name), input.ty.dtype, &input.ty.shape)
    };
    let seeds: Vec<Var> = wrt.iter().map(tangent).collect();
    let outs = b.inline(graph, &args);
    let vars: Vec<Var> = wrt.iter().map(|&i| args[i]).collect();
    let tangents = autodiff::jvp(&outs, &vars, &seeds);
    let filled: Vec<Var> = tangents.into_iter().zip(&outs).map(|(t, o)| t.unwrap_or(o.constant(0.0))).collect();
    b.finish(&[outs, filled].concat())
}
