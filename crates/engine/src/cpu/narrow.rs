//! Mixed precision: products of f32 take and give bf16, and so lies in memory what passes between them hand on. Sums inside a product
//! and everything inside a pass are in f32, as are parameters, optimisers' state, inputs and outputs.
//!
//! Source: Micikevicius et al., "Mixed precision training", ICLR 2018; bf16 needs no scaling of losses (Kalamkar et al., 2019).

use super::groups::{is_elementwise, seen};
use super::units::{Kind, units};
use super::values::{Apart, analyse};
use crate::Result;
use std::collections::{HashMap, HashSet};
use thalweg_graph::ops::{Comparison, Op};
use thalweg_graph::{Builder, DType, Graph, Node, Var};

/// Values of fewer elements stay as they are.
const LEAST: usize = 4096;

fn multiplies(op: &Op) -> bool {
    matches!(op, Op::MatMul(_) | Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_))
}

fn is_product(graph: &Graph, node: &Node) -> bool {
    multiplies(&node.op) && node.inputs.iter().all(|x| graph.node(*x).ty.dtype == DType::F32)
}

/// Ops that show their operand's elements in another order, or some of them.
fn is_view(op: &Op) -> bool {
    matches!(op, Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_) | Op::Broadcast(_) | Op::StopGradient(_))
}

/// The same function in mixed precision. Composites are replaced before.
pub(crate) fn narrow(graph: &Graph) -> Result<Graph> {
    // What is narrow moves the boundaries of passes, and more is handed on.
    once(&once(graph)?)
}

fn once(graph: &Graph) -> Result<Graph> {
    let handed = handed(graph);
    let b = Builder::new();
    let (wide, narrow) = (Vec::with_capacity(graph.nodes.len()), vec![None; graph.nodes.len()]);
    let mut made = Made { graph, handed: &handed, wide, narrow, again: HashMap::new() };
    let arguments: Vec<Var<'_>> = graph.inputs.iter().map(|i| b.input(&i.name, i.ty.dtype, &i.ty.shape)).collect();
    for (i, node) in graph.nodes.iter().enumerate() {
        let value = match &node.op {
            Op::Input(input) => arguments[input.index],
            op if is_product(graph, node) => {
                let factors = [0, 1].map(|k| made.narrow(node.inputs[k].index()));
                b.push(op.clone(), &factors).cast(DType::F32)
            }
            op => {
                let operands: Vec<Var<'_>> = node.inputs.iter().map(|x| made.read(x.index(), handed.unit[i])).collect();
                shown(op, &operands).unwrap_or_else(|| b.push(op.clone(), &operands))
            }
        };
        made.wide.push(value);
        if handed.values.contains(&i) {
            made.narrow(i);
        }
    }
    let outputs: Vec<Var<'_>> = graph.outputs.iter().map(|o| made.wide[o.index()]).collect();
    Ok(b.finish(&outputs)?)
}

/// What `x` is widened from, if it is.
fn widened(x: Var<'_>) -> Option<Var<'_>> {
    match x.definition()? {
        (Op::Cast(cast), from) if cast.dtype == DType::F32 => Some(x.builder().var(from[0])).filter(|from| from.dtype() == DType::BF16),
        _ => None,
    }
}

/// A view, or a concatenation, of what was widened: widened itself.
fn shown<'g>(op: &Op, operands: &[Var<'g>]) -> Option<Var<'g>> {
    if !is_view(op) && !matches!(op, Op::Concat(_)) {
        return None;
    }
    let narrow = operands.iter().map(|x| widened(*x)).collect::<Option<Vec<_>>>()?;
    Some(narrow.first()?.builder().push(op.clone(), &narrow).cast(DType::F32))
}

/// What one pass hands to others.
struct Handed {
    values: HashSet<usize>,
    /// The pass, or another unit, of each node: views have none.
    unit: Vec<Option<usize>>,
    /// The node whose value each node shows.
    source: Vec<usize>,
    /// What each unit computes again.
    again: Vec<Vec<usize>>,
}

/// Large values of f32 that one pass hands to others, on the way from a product to a product.
fn handed(graph: &Graph) -> Handed {
    let alive = graph.live();
    let n = graph.nodes.len();
    let values = analyse(graph, &alive, &Apart { inside: &|_| false, whole: &HashSet::new() });
    let mut unit = vec![None; n];
    let mut crosses = vec![false; n];
    let mut fits = vec![true; n];
    let all = units(graph, &alive, &values, None, true);
    for (u, own) in all.iter().enumerate() {
        own.writes.iter().for_each(|&i| unit[i] = Some(u));
    }
    for own in &all {
        let passes = matches!(own.kind, Kind::Pass(_));
        for &x in &own.reads {
            let source = values.all[x].source;
            crosses[source] |= passes;
            fits[source] &= passes || is_product(graph, &graph.nodes[own.node]);
        }
    }
    graph.outputs.iter().for_each(|o| fits[values.all[o.index()].source] = false);
    // What is compared for equality, as with a maximum of itself, must have the bits of that.
    for node in graph.nodes.iter().filter(|node| matches!(&node.op, Op::Compare(op) if op.comparison == Comparison::Eq)) {
        node.inputs.iter().for_each(|x| fits[values.all[x.index()].source] = false);
    }
    let (mut behind, mut before) = (vec![false; n], vec![false; n]);
    for (i, node) in graph.nodes.iter().enumerate() {
        behind[i] = multiplies(&node.op) || node.inputs.iter().any(|x| behind[x.index()]);
    }
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        let leads = before[i] || multiplies(&node.op);
        node.inputs.iter().for_each(|x| before[x.index()] |= leads);
    }
    let narrows = |&i: &usize| {
        let node = &graph.nodes[i];
        let large = node.ty.dtype == DType::F32 && node.ty.count() >= LEAST;
        large && is_elementwise(&node.op) && crosses[i] && fits[i] && behind[i] && before[i]
    };
    let handed = (0..n).filter(|&i| alive[i]).filter(narrows).collect();
    let again = all.iter().map(|own| if let Kind::Pass(group) = &own.kind { group.again.clone() } else { Vec::new() }).collect();
    Handed { values: handed, unit, source: values.all.iter().map(|v| v.source).collect(), again }
}

/// The nodes of the new graph that stand for each node: as it is, rounded, and as a unit computes it again.
struct Made<'a, 'g> {
    graph: &'a Graph,
    handed: &'a Handed,
    wide: Vec<Var<'g>>,
    narrow: Vec<Option<Var<'g>>>,
    again: HashMap<(usize, usize), Var<'g>>,
}

impl<'g> Made<'_, 'g> {
    /// Node `i` rounded: a view, or a concatenation, shows what its operands are rounded to.
    fn narrow(&mut self, i: usize) -> Var<'g> {
        if let Some(known) = self.narrow[i] {
            return known;
        }
        let (node, wide) = (&self.graph.nodes[i], self.wide[i]);
        let value = match widened(wide) {
            Some(narrow) => narrow,
            None if is_view(&node.op) || matches!(node.op, Op::Concat(_)) => {
                let parts: Vec<Var<'g>> = node.inputs.iter().map(|x| self.narrow(x.index())).collect();
                wide.builder().push(node.op.clone(), &parts)
            }
            None => wide.cast(DType::BF16),
        };
        self.narrow[i] = Some(value);
        value
    }

    /// Node `x` as the nodes of a unit read it: what another pass hands on is rounded, and what is computed again follows from that.
    fn read(&mut self, x: usize, unit: Option<usize>) -> Var<'g> {
        let Some(u) = unit else { return self.wide[x] };
        if self.handed.again[u].binary_search(&seen(self.graph, x)).is_ok() {
            return self.again(x, u);
        }
        let source = self.handed.source[x];
        let rounds = self.handed.values.contains(&source) && self.handed.unit[source] != unit;
        if rounds { self.narrow(x).cast(DType::F32) } else { self.wide[x] }
    }

    /// Node `x`, or the view that it is, computed again.
    fn again(&mut self, x: usize, u: usize) -> Var<'g> {
        if let Some(known) = self.again.get(&(x, u)) {
            return *known;
        }
        let node = &self.graph.nodes[x];
        let operands: Vec<Var<'g>> = node.inputs.iter().map(|y| self.read(y.index(), Some(u))).collect();
        let value = self.wide[x].builder().push(node.op.clone(), &operands);
        self.again.insert((x, u), value);
        value
    }
}
