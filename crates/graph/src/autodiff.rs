//! Differentiation: appends, to the same builder, the nodes that compute derivatives of its nodes.
//! Because the results are ordinary nodes, `grad` and `jvp` nest to any order. Nodes are walked by id, never recursively.

use crate::ops::{Jvp, Op, Vjp};
use crate::{DType, GraphError, NodeId, Var};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Gradient of the scalar `output` with respect to each of `wrt` (zeros where it does not depend on it).
///
/// ```
/// # use thalweg_graph::{Builder, DType, grad};
/// let b = Builder::new();
/// let x = b.input("x", DType::F64, &[]);
/// let third = grad(grad(grad(x * x * x, &[x])[0], &[x])[0], &[x])[0];
/// assert_eq!(third.as_literal().unwrap().at(0).as_f64(), 6.0);
/// ```
pub fn grad<'g>(output: Var<'g>, wrt: &[Var<'g>]) -> Vec<Var<'g>> {
    let builder = output.builder();
    if !output.is_poison() && (output.rank() != 0 || !output.dtype().is_float()) {
        let poison = builder.fail(GraphError::shape(
            "grad",
            "only a number has a gradient",
            "a float scalar (sum or mean first)",
            output.ty().to_string(),
        ));
        return vec![poison; wrt.len()];
    }
    if let Some(x) = wrt.iter().find(|x| !x.is_poison() && !x.dtype().is_float()) {
        let poison = builder.fail(GraphError::dtype("grad", "not differentiable", "a float tensor", x.ty().to_string()));
        return vec![poison; wrt.len()];
    }
    let cotangents = vjp(&[output], &[Some(output.constant(1.0))], wrt);
    cotangents.into_iter().zip(wrt).map(|(c, x)| c.unwrap_or(x.constant(0.0))).collect()
}

/// Reverse mode: Σᵢ cotangentᵢ · ∂outputᵢ/∂x for each x of `wrt`; `None` is zero.
pub fn vjp<'g>(outputs: &[Var<'g>], cotangents: &[Option<Var<'g>>], wrt: &[Var<'g>]) -> Vec<Option<Var<'g>>> {
    reverse(outputs, cotangents, wrt, false)
}

/// As [`vjp`], with `wrt` as the boundary: what lies before them is not looked at.
pub(crate) fn vjp_within<'g>(outputs: &[Var<'g>], cotangents: &[Option<Var<'g>>], wrt: &[Var<'g>]) -> Vec<Option<Var<'g>>> {
    reverse(outputs, cotangents, wrt, true)
}

/// Forward mode: Σₓ ∂output/∂x · tangentₓ for each output; `None` is zero.
pub fn jvp<'g>(outputs: &[Var<'g>], wrt: &[Var<'g>], tangents: &[Var<'g>]) -> Vec<Option<Var<'g>>> {
    forward(outputs, wrt, tangents, false)
}

/// As [`jvp`], with `wrt` as the boundary.
pub(crate) fn jvp_within<'g>(outputs: &[Var<'g>], wrt: &[Var<'g>], tangents: &[Var<'g>]) -> Vec<Option<Var<'g>>> {
    forward(outputs, wrt, tangents, true)
}

/// The ids, ascending, of nodes that `outputs` depend on and that depend on `wrt`.
fn between<'g>(outputs: &[Var<'g>], wrt: &[Var<'g>], stop: bool) -> Vec<NodeId> {
    let targets: HashSet<NodeId> = wrt.iter().map(|v| v.id()).collect();
    let mut reached = BTreeSet::new();
    let mut pending: Vec<Var<'g>> = outputs.iter().copied().filter(|v| !v.is_poison()).collect();
    while let Some(v) = pending.pop() {
        if reached.insert(v.id()) && !(stop && targets.contains(&v.id())) {
            let inputs = v.builder().node(v.id()).inputs.clone();
            pending.extend(inputs.into_iter().map(|i| v.builder().var(i)));
        }
    }
    let Some(builder) = outputs.first().map(|v| v.builder()) else { return Vec::new() };
    let mut depends: HashSet<NodeId> = HashSet::new();
    let mut out = Vec::new();
    for id in reached {
        let boundary = targets.contains(&id);
        let moves = boundary || builder.node(id).inputs.iter().any(|i| depends.contains(i));
        if moves {
            depends.insert(id);
            out.push(id);
        }
    }
    out
}

fn accumulate<'g>(map: &mut HashMap<NodeId, Var<'g>>, id: NodeId, value: Var<'g>) {
    let sum = map.get(&id).map_or(value, |&old| old + value);
    map.insert(id, sum);
}

fn reverse<'g>(outputs: &[Var<'g>], seeds: &[Option<Var<'g>>], wrt: &[Var<'g>], stop: bool) -> Vec<Option<Var<'g>>> {
    let active = between(outputs, wrt, stop);
    let targets: HashSet<NodeId> = wrt.iter().map(|v| v.id()).collect();
    let in_path: HashSet<NodeId> = active.iter().copied().collect();
    let mut cotangents: HashMap<NodeId, Var<'g>> = HashMap::new();
    let mut of_results: HashMap<NodeId, Vec<Option<Var<'g>>>> = HashMap::new();
    for (output, seed) in outputs.iter().zip(seeds) {
        if let Some(seed) = seed.filter(|_| in_path.contains(&output.id())) {
            accumulate(&mut cotangents, output.id(), seed);
        }
    }
    for &id in active.iter().rev() {
        if stop && targets.contains(&id) {
            continue;
        }
        let builder = outputs[0].builder();
        let node = builder.node(id).clone();
        let inputs: Vec<Var<'g>> = node.inputs.iter().map(|&i| builder.var(i)).collect();
        let given = match &node.op {
            Op::Scan(scan) => match of_results.remove(&id) {
                Some(bars) => scan.vjp_results(&inputs, &bars),
                None => continue,
            },
            Op::Output(out) => {
                if let (Some(&c), Op::Scan(scan)) = (cotangents.get(&id), &builder.node(node.inputs[0]).op) {
                    let count = scan.result_types().len();
                    of_results.entry(node.inputs[0]).or_insert_with(|| vec![None; count])[out.index] = Some(c);
                }
                continue;
            }
            op => {
                let Some(&cotangent) = cotangents.get(&id) else { continue };
                let wanted: Vec<bool> = inputs.iter().map(|v| in_path.contains(&v.id()) && v.dtype().is_float()).collect();
                op.rule().vjp(&Vjp { inputs: &inputs, output: builder.var(id), cotangent, wanted: &wanted })
            }
        };
        for (input, c) in inputs.iter().zip(given) {
            if let Some(c) = c.filter(|_| in_path.contains(&input.id())) {
                accumulate(&mut cotangents, input.id(), c);
            }
        }
    }
    wrt.iter().map(|v| cotangents.get(&v.id()).copied()).collect()
}

fn forward<'g>(outputs: &[Var<'g>], wrt: &[Var<'g>], seeds: &[Var<'g>], stop: bool) -> Vec<Option<Var<'g>>> {
    let active = between(outputs, wrt, stop);
    let targets: HashSet<NodeId> = wrt.iter().map(|v| v.id()).collect();
    let mut tangents: HashMap<NodeId, Var<'g>> = HashMap::new();
    let mut of_results: HashMap<NodeId, Vec<Option<Var<'g>>>> = HashMap::new();
    for &id in &active {
        let builder = outputs[0].builder();
        let node = builder.node(id).clone();
        let seed = wrt.iter().position(|v| v.id() == id).map(|i| seeds[i]);
        let inputs: Vec<Var<'g>> = node.inputs.iter().map(|&i| builder.var(i)).collect();
        let incoming: Vec<Option<Var<'g>>> = inputs.iter().map(|v| tangents.get(&v.id()).copied()).collect();
        let flowing = match &node.op {
            _ if stop && targets.contains(&id) => None,
            Op::Scan(scan) => {
                of_results.insert(id, scan.jvp_results(&inputs, &incoming));
                None
            }
            Op::Output(out) => of_results.get(&node.inputs[0]).and_then(|r| r[out.index]),
            _ if node.inputs.is_empty() || incoming.iter().all(Option::is_none) => None,
            op => op.rule().jvp(&Jvp { inputs: &inputs, output: builder.var(id), tangents: &incoming }),
        };
        let total = match (seed, flowing) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        if let Some(total) = total.filter(|t| t.is_poison() || matches!(t.dtype(), DType::F32 | DType::F64 | DType::BF16)) {
            tangents.insert(id, total);
        }
    }
    outputs.iter().map(|v| tangents.get(&v.id()).copied()).collect()
}
