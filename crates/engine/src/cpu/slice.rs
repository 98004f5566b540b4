//! The graph of one slice of a region: the region's nodes with fewer rows. What comes from outside is an input, whole or cut.

use super::region::{Cut, Region, State, regrouped};
use crate::{EngineError, Result};
use std::collections::HashMap;
use thalweg_graph::ops::{self, Op};
use thalweg_graph::{Builder, Graph, Literal, Type, Values, Var};

/// An input of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    /// The node outside.
    pub(crate) node: usize,
    /// How it is cut; `None`: it is given as a whole.
    pub(crate) cut: Option<Cut>,
}

/// An output of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// The node.
    pub(crate) node: usize,
    /// How the whole value is cut; `None`: it is a sum over slices.
    pub(crate) cut: Option<Cut>,
}

/// What a slice takes and gives.
pub(crate) struct Interface {
    pub(crate) sources: Vec<Source>,
    pub(crate) results: Vec<Outcome>,
}

struct Maker<'a, 'g> {
    graph: &'a Graph,
    region: &'a Region,
    rows: usize,
    b: &'g Builder,
    brought: HashMap<Source, Var<'g>>,
    sources: Vec<Source>,
}

/// The nodes of a region whose values are needed outside it.
pub(crate) fn results(graph: &Graph, alive: &[bool], region: &Region) -> Vec<Outcome> {
    let mut wanted = vec![false; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i] && !region.has(*i)) {
        let _ = i;
        node.inputs.iter().for_each(|x| wanted[x.index()] = true);
    }
    graph.outputs.iter().for_each(|o| wanted[o.index()] = true);
    let result = |i: usize| match region.states[i] {
        State::Split(cut) => Some(Outcome { node: i, cut: Some(cut) }),
        State::Summed => Some(Outcome { node: i, cut: None }),
        _ => None,
    };
    (0..graph.nodes.len()).filter(|&i| alive[i] && wanted[i]).filter_map(result).collect()
}

/// The graph of a slice of `rows` rows, and what it takes and gives.
pub(crate) fn slice(graph: &Graph, alive: &[bool], region: &Region, results: &[Outcome], rows: usize) -> Result<(Graph, Interface)> {
    let b = Builder::new();
    let mut maker = Maker { graph, region, rows, b: &b, brought: HashMap::new(), sources: Vec::new() };
    let mut vars: HashMap<usize, Var<'_>> = HashMap::new();
    for i in (0..graph.nodes.len()).filter(|&i| alive[i] && region.has(i)) {
        let node = &graph.nodes[i];
        let inputs: Vec<Var<'_>> = node
            .inputs
            .iter()
            .enumerate()
            .map(|(k, x)| match vars.get(&x.index()) {
                Some(var) => *var,
                None => maker.bring(Source { node: x.index(), cut: maker.need(i, k) }),
            })
            .collect();
        let cut = if let State::Split(cut) = region.states[i] { Some(cut) } else { None };
        vars.insert(i, b.push(maker.op(i, cut), &inputs));
    }
    let outputs: Vec<Var<'_>> = results.iter().filter_map(|r| vars.get(&r.node).copied()).collect();
    let made = b.finish(&outputs)?;
    let wrong = results.iter().zip(&made.outputs).any(|(r, o)| made.node(*o).ty != maker.ty(r.node, r.cut));
    if wrong || outputs.len() != results.len() {
        return Err(EngineError::internal("a slice of another shape than planned"));
    }
    Ok((made, Interface { sources: maker.sources, results: results.to_vec() }))
}

impl<'g> Maker<'_, 'g> {
    fn shape(&self, i: usize, cut: Option<Cut>) -> Vec<usize> {
        let mut shape = self.graph.nodes[i].ty.shape.clone();
        if let Some(cut) = cut {
            shape[cut.axis] = self.rows * cut.factor;
        }
        shape
    }

    fn ty(&self, i: usize, cut: Option<Cut>) -> Type {
        self.graph.nodes[i].ty.with_shape(self.shape(i, cut))
    }

    /// Node `i` with fewer rows.
    fn op(&self, i: usize, cut: Option<Cut>) -> Op {
        match &self.graph.nodes[i].op {
            Op::Reshape(_) => Op::Reshape(ops::Reshape { shape: self.shape(i, cut) }),
            Op::Broadcast(_) => Op::Broadcast(ops::Broadcast { shape: self.shape(i, cut) }),
            Op::Slice(op) => {
                let mut stops = op.stops.clone();
                if let Some(cut) = cut {
                    stops[cut.axis] = self.rows * cut.factor;
                }
                Op::Slice(ops::Slice { stops, ..op.clone() })
            }
            op => op.clone(),
        }
    }

    /// How operand `k` of region node `i`, which comes from outside, is cut.
    fn need(&self, i: usize, k: usize) -> Option<Cut> {
        let node = &self.graph.nodes[i];
        let of = |x: usize| if let State::Split(cut) = self.region.states[x] { Some(cut) } else { None };
        let others = node.inputs.iter().find_map(|x| of(x.index()));
        match &node.op {
            Op::MatMul(_) => {
                let rank = node.ty.rank();
                let (rows, columns) = (rank - 2, rank - 1);
                match (k, others) {
                    // A seed: its rows, or its batch of matrices.
                    (0, None) => of(i),
                    (_, None) => of(i).filter(|_| rank > 2),
                    (1, Some(a)) if a.axis == columns => Some(Cut { axis: rows, ..a }),
                    (0, Some(b)) if b.axis == rows => Some(Cut { axis: columns, ..b }),
                    (_, Some(other)) if other.axis < rows => Some(other),
                    _ => None,
                }
            }
            Op::Conv(_) | Op::ConvInputGrad(_) if k == 1 => None,
            Op::Conv(_) => others.or(of(i)),
            _ => others,
        }
    }

    /// A value from outside.
    fn bring(&mut self, source: Source) -> Var<'g> {
        if let Some(known) = self.brought.get(&source) {
            return *known;
        }
        let var = self.through(source).unwrap_or_else(|| {
            let ty = self.ty(source.node, source.cut);
            self.sources.push(source);
            self.b.input(&format!("{}", self.sources.len()), ty.dtype, &ty.shape)
        });
        self.brought.insert(source, var);
        var
    }

    /// A constant, or a view of something else from outside.
    fn through(&mut self, source: Source) -> Option<Var<'g>> {
        let Source { node: i, cut } = source;
        let node = &self.graph.nodes[i];
        let x = node.inputs.first().map(|x| x.index());
        let shape_of = |x: usize| &self.graph.nodes[x].ty.shape;
        if let Op::Constant(literal) = &node.op
            && let Some(number) = literal.splat_value()
        {
            return Some(self.b.literal(Literal { ty: self.ty(i, cut), values: Values::Splat(number) }));
        }
        let x = x?;
        let needed = match (&node.op, cut) {
            (Op::StopGradient(_) | Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_) | Op::Broadcast(_), None) => None,
            (Op::StopGradient(_), cut) => cut,
            (Op::Transpose(op), Some(cut)) => Some(Cut { axis: op.permutation[cut.axis], ..cut }),
            (Op::Broadcast(_), Some(cut)) => {
                let added = node.ty.rank() - shape_of(x).len();
                let kept = cut.axis.checked_sub(added).filter(|&axis| shape_of(x)[axis] == node.ty.shape[cut.axis]);
                kept.map(|axis| Cut { axis, ..cut })
            }
            (Op::Reshape(_), Some(cut)) => Some(regrouped(&node.ty.shape, shape_of(x), cut.axis, self.region.rows)?),
            (Op::Slice(op), Some(cut)) => {
                let whole = op.starts[cut.axis] == 0 && op.stops[cut.axis] == shape_of(x)[cut.axis] && op.steps[cut.axis] == 1;
                whole.then_some(Some(cut))?
            }
            _ => return None,
        };
        let inner = self.bring(Source { node: x, cut: needed });
        Some(self.b.push(self.op(i, cut), &[inner]))
    }
}
