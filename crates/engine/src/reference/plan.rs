//! The plan of a program: in which order, from where, when a value is freed and which buffer it may take over.
//! Everything here is static; a run only checks that nobody else holds a buffer before it overwrites it.

use super::kernels::{conv, parallel, product, source};
use super::layout::{is_contiguous, view};
use super::scan::Loop;
use crate::geometry::Map;
use crate::tensor::Tensor;
use crate::{EngineError, Result, memory};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use thalweg_graph::ops::{Op, Scan};
use thalweg_graph::{DType, Graph, Literal, Node, NodeId, Type, strides};

/// Where an operand comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand {
    /// A value computed before (or an input); `last`: nothing uses it afterwards.
    Slot { index: usize, last: bool },
    /// A constant of the program.
    Constant(usize),
}

/// What an instruction does.
pub(crate) enum Work {
    /// One op.
    Op(Op),
    /// A matrix product that is only ever looked at transposed: it is laid out so that this view has no gaps.
    TurnedMatMul,
    /// A loop with its compiled body.
    Loop(Box<Loop>),
}

/// One step of a program.
pub(crate) struct Instruction {
    pub(crate) work: Work,
    pub(crate) operands: Vec<Operand>,
    /// Which operand's buffer the result may take over.
    pub(crate) reuse: Option<usize>,
    /// Slots of the results; a loop may have results that nothing uses.
    pub(crate) results: Vec<Option<usize>>,
    pub(crate) ty: Arc<Type>,
}

/// A compiled graph.
pub(crate) struct Plan {
    pub(crate) slots: usize,
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) constants: Vec<Tensor>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) outputs: Vec<Operand>,
    pub(crate) peak: usize,
    pub(crate) large: bool,
}

/// A buffer that several values may be views of.
#[derive(Clone)]
struct Buffer {
    /// Bytes that this program allocated for it.
    bytes: usize,
    /// Instruction after which no value needs it; `None`: it is returned, or never ours to overwrite.
    last: Option<usize>,
}

const RETURNED: usize = usize::MAX;

/// What is known of a node while the plan is made.
struct Value {
    strides: Vec<usize>,
    /// The node whose buffer it is a view of.
    buffer: usize,
    last: usize,
}

struct Planner<'g> {
    graph: &'g Graph,
    values: Vec<Value>,
    buffers: Vec<Buffer>,
    constant_of: Vec<Option<usize>>,
    turned: Vec<bool>,
    /// For each scan, which of its results are asked for, by which nodes.
    results_of: HashMap<usize, Vec<(usize, usize)>>,
    live: usize,
    plan: Plan,
}

impl Plan {
    /// The plan of `graph` (without composites), whose inputs at positions `donated` may be overwritten.
    pub(crate) fn new(graph: &Graph, donated: &HashSet<usize>) -> Result<Plan> {
        let alive = graph.live();
        let order: Vec<usize> = (0..graph.nodes.len()).filter(|&i| alive[i] && is_computed(&graph.nodes[i].op)).collect();
        let turned = turned_products(graph, &alive);
        let values = analyse(graph, &alive, &order, &turned);
        let mut buffers: Vec<Buffer> = values.iter().map(|_| Buffer { bytes: 0, last: None }).collect();
        for value in &values {
            let buffer = &mut buffers[value.buffer];
            buffer.last = Some(buffer.last.map_or(value.last, |last| last.max(value.last)));
        }
        for buffer in &mut buffers {
            buffer.last = buffer.last.filter(|&last| last != RETURNED);
        }
        let kept = |node: &Node| match &node.op {
            Op::Input(input) => !donated.contains(&input.index),
            Op::Constant(_) | Op::Iota(_) => true,
            _ => false,
        };
        for (_, buffer) in graph.nodes.iter().zip(&mut buffers).filter(|(node, _)| kept(node)) {
            buffer.last = None;
        }
        let plan = Plan {
            slots: graph.nodes.len(),
            inputs: graph.inputs.iter().map(|i| alive[i.node.index()].then_some(i.node.index())).collect(),
            constants: Vec::new(),
            instructions: Vec::with_capacity(order.len()),
            outputs: Vec::new(),
            peak: 0,
            large: false,
        };
        let constant_of = vec![None; graph.nodes.len()];
        let mut results_of: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
        for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
            if let Op::Output(output) = &node.op {
                results_of.entry(node.inputs[0].index()).or_default().push((output.index, i));
            }
        }
        let mut planner = Planner { graph, values, buffers, constant_of, turned, results_of, live: 0, plan };
        planner.constants(&alive)?;
        for (step, &node) in order.iter().enumerate() {
            planner.instruction(step, node)?;
        }
        planner.finish();
        Ok(planner.plan)
    }
}

/// Whether a node is an instruction of its own.
fn is_computed(op: &Op) -> bool {
    !matches!(op, Op::Input(_) | Op::Constant(_) | Op::Iota(_) | Op::Output(_))
}

/// The products whose only use is their transpose: weight gradients of layers that store `[out, in]`.
pub(crate) fn turned_products(graph: &Graph, alive: &[bool]) -> Vec<bool> {
    let mut uses = vec![0usize; graph.nodes.len()];
    let mut turned = vec![false; graph.nodes.len()];
    for (_, node) in graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
        let turns = matches!(&node.op, Op::Transpose(op) if swaps_last_two(&op.permutation));
        for input in &node.inputs {
            uses[input.index()] += 1;
            turned[input.index()] |= turns && matches!(graph.node(*input).op, Op::MatMul(_));
        }
    }
    for output in &graph.outputs {
        uses[output.index()] += 1;
    }
    turned.iter().zip(uses).map(|(turned, uses)| *turned && uses == 1).collect()
}

fn swaps_last_two(permutation: &[usize]) -> bool {
    let rank = permutation.len();
    rank >= 2 && permutation[..rank - 2].iter().enumerate().all(|(i, &p)| i == p) && permutation[rank - 2] == rank - 1
}

/// Strides, shared buffers and last uses of all nodes.
fn analyse(graph: &Graph, alive: &[bool], order: &[usize], turned: &[bool]) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::with_capacity(graph.nodes.len());
    for (i, node) in graph.nodes.iter().enumerate() {
        let seen = node.inputs.first().map(|x| x.index()).filter(|_| alive[i] && !matches!(node.op, Op::Output(_)));
        let viewed = seen.and_then(|x| {
            let strides = view(&node.op, &graph.nodes[x].ty, &values[x].strides, &node.ty)?;
            Some(Value { strides, buffer: values[x].buffer, last: 0 })
        });
        values.push(viewed.unwrap_or_else(|| {
            let splat = matches!(&node.op, Op::Constant(literal) if literal.splat_value().is_some());
            let mut strides = if splat { vec![0; node.ty.rank()] } else { strides(&node.ty.shape) };
            if turned[i] {
                let (rows, columns) = (node.ty.rank() - 2, node.ty.rank() - 1);
                (strides[rows], strides[columns]) = (1, node.ty.shape[rows]);
            }
            Value { strides, buffer: i, last: 0 }
        }));
    }
    for (step, &i) in order.iter().enumerate() {
        for input in &graph.nodes[i].inputs {
            values[input.index()].last = step;
        }
    }
    for output in &graph.outputs {
        values[output.index()].last = RETURNED;
    }
    values
}

impl Planner<'_> {
    fn node(&self, id: NodeId) -> &Node {
        &self.graph.nodes[id.index()]
    }

    /// Constants are made now, once.
    fn constants(&mut self, alive: &[bool]) -> Result<()> {
        for (i, node) in self.graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
            let made = match &node.op {
                Op::Constant(literal) => constant(literal)?,
                Op::Iota(_) => {
                    memory::require(node.ty.bytes(), &format!("a constant of type {}", node.ty))?;
                    source::iota(Arc::new(node.ty.clone()))?
                }
                _ => continue,
            };
            self.constant_of[i] = Some(self.plan.constants.len());
            self.plan.constants.push(made);
        }
        Ok(())
    }

    /// Operands of the instruction at `step`; a slot named twice is given up by its last mention.
    fn operands(&self, step: usize, inputs: &[NodeId]) -> Vec<Operand> {
        let of = |(k, id): (usize, &NodeId)| match self.constant_of[id.index()] {
            Some(constant) => Operand::Constant(constant),
            None => {
                let last = self.values[id.index()].last == step && !inputs[k + 1..].contains(id);
                Operand::Slot { index: id.index(), last }
            }
        };
        inputs.iter().enumerate().map(of).collect()
    }

    fn instruction(&mut self, step: usize, index: usize) -> Result<()> {
        let node = &self.graph.nodes[index];
        let reuse = self.reusable(step, node);
        let mut scratch = self.scratch(node);
        let (work, results) = match &node.op {
            Op::Scan(scan) => {
                let compiled = Loop::new(scan)?;
                scratch = scratch.saturating_add(compiled.scratch_bytes());
                self.plan.large |= compiled.is_large();
                (Work::Loop(Box::new(compiled)), self.results_of_scan(index, scan))
            }
            _ if self.turned[index] => (Work::TurnedMatMul, vec![Some(index)]),
            op => (Work::Op(op.clone()), vec![Some(index)]),
        };
        for result in results.iter().flatten() {
            self.allocate(*result, node, reuse);
        }
        self.plan.large |= self.is_large(node);
        self.plan.peak = self.plan.peak.max(self.live.saturating_add(scratch));
        self.free_after(step, node, &results);
        let operands = self.operands(step, &node.inputs);
        self.plan.instructions.push(Instruction { work, operands, reuse, results, ty: Arc::new(node.ty.clone()) });
        Ok(())
    }

    /// Slots of the results of the scan at node `index`: those nodes that ask for one.
    fn results_of_scan(&self, index: usize, scan: &Scan) -> Vec<Option<usize>> {
        let mut results = vec![None; scan.result_types().len()];
        for &(which, node) in self.results_of.get(&index).into_iter().flatten() {
            results[which] = Some(node);
        }
        results
    }

    /// The operand whose buffer the result of an elementwise op may take over: it dies here with all its views, has the
    /// result's type and no gaps, and no other operand looks at it.
    fn reusable(&self, step: usize, node: &Node) -> Option<usize> {
        let flat = matches!(node.ty.dtype, DType::F32 | DType::F64);
        let candidates = match node.op {
            Op::Unary(_) if flat => 0..1,
            Op::Binary(_) if flat => 0..2,
            Op::Select(_) => 1..3,
            _ => return None,
        };
        candidates.into_iter().find(|&k| {
            let id = node.inputs[k];
            let value = &self.values[id.index()];
            let alone = node.inputs.iter().enumerate().all(|(j, other)| j == k || self.values[other.index()].buffer != value.buffer);
            let whole = is_contiguous(&self.node(id).ty.shape, &value.strides) && self.node(id).ty == node.ty;
            alone && whole && self.buffers[value.buffer].last == Some(step)
        })
    }

    /// Accounts for the buffer of a new value.
    fn allocate(&mut self, index: usize, node: &Node, reuse: Option<usize>) {
        if self.values[index].buffer != index {
            return;
        }
        let bytes = match reuse {
            Some(k) => std::mem::take(&mut self.buffers[self.values[node.inputs[k].index()].buffer].bytes),
            None => {
                let bytes = self.graph.nodes[index].ty.bytes();
                self.live = self.live.saturating_add(bytes);
                bytes
            }
        };
        self.buffers[index].bytes = bytes;
    }

    /// Accounts for the buffers that nothing needs after `step`.
    fn free_after(&mut self, step: usize, node: &Node, results: &[Option<usize>]) {
        let touched = node.inputs.iter().map(|id| id.index()).chain(results.iter().flatten().copied());
        for value in touched {
            let buffer = &mut self.buffers[self.values[value].buffer];
            if buffer.last.is_some_and(|last| last <= step) {
                self.live = self.live.saturating_sub(std::mem::take(&mut buffer.bytes));
            }
        }
    }

    /// Bytes that an op needs beside its operands and results.
    fn scratch(&self, node: &Node) -> usize {
        let ty = |k: usize| &self.node(node.inputs[k]).ty;
        let gaps = |k: usize| !is_contiguous(&ty(k).shape, &self.values[node.inputs[k].index()].strides);
        let copies = |n: usize| (0..n).filter(|&k| gaps(k)).map(|k| ty(k).bytes()).fold(0usize, usize::saturating_add);
        match &node.op {
            Op::Reshape(_) | Op::Gather(_) | Op::CumSum(_) | Op::ArgMax(_) | Op::ScatterAdd(_) => copies(1),
            // Behind the others for sorting, and the indices back.
            Op::ArgSort(op) if op.axis + 1 < ty(0).rank() => ty(0).bytes().saturating_add(node.ty.bytes()),
            Op::ArgSort(_) => copies(1),
            Op::TakeAlong(_) | Op::AddAlong(_) => copies(2),
            Op::Concat(_) => copies(node.inputs.len()),
            Op::ReduceSum(_) | Op::ReduceMax(_) if ty(0).rank() > 2 || gaps(0) => ty(0).bytes(),
            Op::Conv(_) => conv::scratch_bytes(Map::Forward, ty(0), ty(1), &node.ty).saturating_add(copies(2)),
            Op::ConvInputGrad(_) => conv::scratch_bytes(Map::InputGrad, ty(0), ty(1), &node.ty).saturating_add(copies(2)),
            Op::ConvWeightGrad(_) => conv::scratch_bytes(Map::WeightGrad, ty(0), ty(1), &node.ty).saturating_add(copies(2)),
            _ => 0,
        }
    }

    /// Whether an op is worth sharing among threads.
    fn is_large(&self, node: &Node) -> bool {
        let ty = |k: usize| &self.node(node.inputs[k]).ty;
        let most = node.inputs.iter().map(|&i| self.node(i).ty.count()).chain([node.ty.count()]).max().unwrap_or(0);
        let multiplications = match &node.op {
            Op::MatMul(_) => node.ty.count().saturating_mul(ty(0).shape[node.ty.rank() - 1]),
            Op::Conv(_) => node.ty.count().saturating_mul(ty(1).shape[1..].iter().product()),
            Op::ConvInputGrad(_) => ty(0).count().saturating_mul(ty(1).shape[1..].iter().product()),
            Op::ConvWeightGrad(_) => ty(1).count().saturating_mul(node.ty.shape[1..].iter().product()),
            _ => 0,
        };
        most >= parallel::SHARED_FROM || multiplications >= product::SHARED_FROM
    }

    /// Outputs are returned without gaps: a view that has some is copied.
    fn finish(&mut self) {
        let outputs = &self.graph.outputs;
        let mut copied = 0usize;
        for (k, id) in outputs.iter().enumerate() {
            let (node, value) = (self.node(*id), &self.values[id.index()]);
            if !is_contiguous(&node.ty.shape, &value.strides) {
                copied = copied.saturating_add(node.ty.bytes());
            }
            self.plan.outputs.push(match self.constant_of[id.index()] {
                Some(constant) => Operand::Constant(constant),
                None => Operand::Slot { index: id.index(), last: !outputs[k + 1..].contains(id) },
            });
        }
        self.plan.peak = self.plan.peak.max(self.live.saturating_add(copied));
    }
}

/// The value of a constant.
fn constant(literal: &Literal) -> Result<Tensor> {
    let made = Tensor::from_literal(literal)?;
    if made.ty() != &literal.ty {
        return Err(EngineError::internal("a constant of another type"));
    }
    Ok(made)
}
