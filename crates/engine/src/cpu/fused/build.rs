//! From a group of nodes to a pass: dimensions merged, registers assigned, constants taken in.

use super::super::groups::{Group, Reduced, reduced, seen};
use super::super::memory::{Address, CHUNK};
use super::super::values::Values;
use super::native::Native;
use super::reduce::part_bytes;
use super::{Argument, Code, Form, Instruction, Join, Lying, Pass, Pattern, Reduction, Store, Target, WRITTEN};
use crate::reference::is_contiguous;
use std::collections::{HashMap, HashSet};
use thalweg_graph::ops::Op;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::{DType, Graph, Number};

/// Elements of a piece, roughly: of a large pass, and of one that would be fewer than so many pieces.
const PIECE: usize = 16 << 10;
const SMALL: usize = 4 << 10;
const FEW: usize = 4;
/// Rows that are summed into one part, at least.
const ROWS: usize = 32;
/// Parts of one reduction, at most.
const PARTS: usize = 64;
/// Rows shorter than this are taken several at a time.
pub(super) const SHORT: usize = 48;

/// What a pass needs to know about the program that it is part of.
pub(crate) struct Context<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) values: &'a Values,
    /// Nodes whose value is needed outside the pass.
    pub(crate) wanted: &'a HashSet<usize>,
    /// Where a value lies.
    pub(crate) place: &'a dyn Fn(usize) -> Address,
    /// Whether a value is a sum over slices.
    pub(crate) accumulates: &'a dyn Fn(usize) -> bool,
    /// The base and first byte of the pass's scratch.
    pub(crate) scratch: Address,
    /// Whether the pass may become machine code of this machine.
    pub(crate) native: bool,
    /// The root of the source whose place a stored value takes over, if it does.
    pub(crate) in_place: &'a dyn Fn(usize) -> Option<usize>,
}

/// Strides of value `i` along the dimensions of the pass.
fn strides_of(values: &Values, i: usize) -> Vec<usize> {
    let (shape, strides) = (&values.types[i].shape, &values.all[i].strides);
    shape.iter().zip(strides).filter(|(size, _)| **size != 1).map(|(_, stride)| *stride).collect()
}

/// Bytes of scratch that the pass of a group needs.
pub(crate) fn scratch_bytes(graph: &Graph, group: &Group) -> usize {
    let shape = Shape::of(graph, group);
    shape.parts.iter().map(|(_, _, bytes)| bytes.next_multiple_of(64)).sum()
}

/// How the work of a group is cut, before anything is known about memory.
struct Shape {
    count: usize,
    piece: usize,
    /// For each reduction: its node, form with width, and the bytes of its parts.
    parts: Vec<(usize, (Form, usize), usize)>,
}

impl Shape {
    fn of(graph: &Graph, group: &Group) -> Shape {
        let count: usize = group.shape.iter().product();
        let mut forms = Vec::new();
        // Pieces consist of whole rows, unless rows are longer than a piece.
        let row = group.shape.last().copied().unwrap_or(1).max(1);
        let most = (count / FEW).clamp(SMALL, PIECE);
        let (mut align, mut target) = (if row <= most { row } else { CHUNK }, most);
        for &i in &group.nodes {
            let axes = match &graph.nodes[i].op {
                Op::ReduceSum(op) => &op.axes,
                Op::ReduceMax(op) => &op.axes,
                _ => continue,
            };
            let form = match reduced(&graph.node(graph.nodes[i].inputs[0]).ty.shape, axes) {
                Some(Reduced::Columns(gone)) => {
                    let width: usize = group.shape[gone..].iter().product();
                    align = align.max(width);
                    target = target.max(ROWS * width).max(count.div_ceil(PARTS));
                    (Form::Columns, width)
                }
                Some(Reduced::Middle(before, gone)) => {
                    let block: usize = group.shape[before..].iter().product();
                    align = align.max(block);
                    (Form::Blocks(block), group.shape[before + gone..].iter().product())
                }
                rows => {
                    let gone = if let Some(Reduced::Rows(gone)) = rows { gone } else { 0 };
                    let width: usize = group.shape[group.shape.len() - gone..].iter().product();
                    if width == count {
                        (Form::Whole, width)
                    } else {
                        align = align.max(width);
                        (Form::Rows, width)
                    }
                }
            };
            forms.push((i, form));
        }
        let piece = target.div_ceil(align).max(1) * align;
        let pieces = count.div_ceil(piece);
        let bytes = |(form, width)| pieces * part_bytes(if matches!(form, Form::Columns | Form::Blocks(_)) { width } else { 1 });
        Shape { count, piece, parts: forms.into_iter().map(|(i, form)| (i, form, bytes(form))).collect() }
    }
}

/// An operand before registers are assigned.
#[derive(Clone, Copy)]
enum Operand {
    Value(usize),
    Source(usize),
    Constant(Number),
}

/// An instruction before registers are assigned.
struct Draft {
    node: usize,
    code: Code,
    dtype: DType,
    operands: Vec<Operand>,
}

struct Maker<'a> {
    context: &'a Context<'a>,
    group: &'a Group,
    /// The nodes that are computed, in order.
    nodes: Vec<usize>,
    member: HashSet<usize>,
    sources: Vec<Lying>,
    /// The root of each source.
    roots: Vec<usize>,
    /// Values of sources that lie in another type than they have, by node.
    widened: Vec<Draft>,
    /// Registers into which scattered sources are gathered; the first ones.
    gathered: usize,
    dims: Vec<usize>,
    /// One past the last dimension of the group that each merged one stands for.
    ends: Vec<usize>,
    row: usize,
}

/// The pass of a group.
pub(crate) fn build(context: &Context<'_>, group: &Group) -> Pass {
    let graph = context.graph;
    let shape = Shape::of(graph, group);
    let nodes = group.all();
    let member = nodes.iter().copied().collect();
    let mut maker = Maker {
        context,
        group,
        nodes,
        member,
        sources: Vec::new(),
        roots: Vec::new(),
        widened: Vec::new(),
        gathered: 0,
        dims: Vec::new(),
        ends: Vec::new(),
        row: 1,
    };
    maker.merge();
    let own = maker.drafts();
    let reduced: Vec<Operand> = shape.parts.iter().map(|(i, ..)| maker.operand(graph.nodes[*i].inputs[0].index())).collect();
    let drafts: Vec<Draft> = std::mem::take(&mut maker.widened).into_iter().chain(own).collect();
    let (instructions, stores, arguments, registers) = maker.assign(&drafts, &reduced);
    let argument = |operand: &Operand| match operand {
        Operand::Value(node) => arguments[node],
        Operand::Source(k) => Argument::Source(*k),
        Operand::Constant(number) => Argument::Constant(*number),
    };
    let mut scratch = context.scratch.offset;
    let mut reductions = Vec::new();
    for ((i, (form, width), bytes), operand) in shape.parts.into_iter().zip(&reduced) {
        let node = &graph.nodes[i];
        reductions.push(Reduction {
            value: argument(operand),
            dtype: node.ty.dtype,
            join: if matches!(node.op, Op::ReduceSum(_)) { Join::Sum } else { Join::Max },
            width,
            form,
            result: (context.place)(i),
            accumulates: (context.accumulates)(i),
            parts: Address { base: context.scratch.base, offset: scratch },
        });
        scratch += bytes.next_multiple_of(64);
    }
    let Maker { dims, row, sources, nodes, .. } = maker;
    let made = nodes.iter().copied().chain(drafts.iter().map(|draft| draft.node));
    let widths = made.map(|i| graph.nodes[i].ty.dtype.size()).chain(sources.iter().map(|s| s.dtype.size()));
    let register_bytes = CHUNK * widths.max().unwrap_or(8) + 64;
    let native = context.native.then(|| Native::new(&sources, &instructions, &stores, &reductions)).flatten();
    Pass { dims, count: shape.count, row, piece: shape.piece, sources, instructions, stores, reductions, registers, register_bytes, native }
}

impl Maker<'_> {
    /// Whether the pass leaves value `i` in memory.
    fn leaves(&self, i: usize) -> bool {
        self.context.wanted.contains(&i) && self.group.again.binary_search(&i).is_err()
    }

    /// Merges neighbouring dimensions that all values in memory walk through evenly.
    fn merge(&mut self) {
        let (graph, values) = (self.context.graph, self.context.values);
        let mut all: Vec<Vec<usize>> = Vec::new();
        let reduces = |i: usize| matches!(graph.nodes[i].op, Op::ReduceSum(_) | Op::ReduceMax(_));
        for &i in &self.nodes {
            for x in &graph.nodes[i].inputs {
                let x = x.index();
                if !self.member.contains(&seen(graph, x)) {
                    all.push(strides_of(values, x));
                }
            }
            if !reduces(i) && self.leaves(i) {
                all.push(strides_of(values, i));
            }
        }
        let shape = &self.group.shape;
        for d in 0..shape.len() {
            let even = d > 0 && all.iter().all(|s| s[d - 1] == s[d] * shape[d]);
            match (self.dims.last_mut(), self.ends.last_mut()) {
                (Some(size), Some(end)) if even => {
                    *size *= shape[d];
                    *end = d + 1;
                }
                _ => {
                    self.dims.push(shape[d]);
                    self.ends.push(d + 1);
                }
            }
        }
        self.row = self.dims.last().copied().unwrap_or(1);
    }

    /// How value `i` lies along the merged dimensions.
    fn pattern(&self, i: usize) -> Pattern {
        let all = strides_of(self.context.values, i);
        let strides: Vec<usize> = self.ends.iter().map(|&end| all[end - 1]).collect();
        if strides.iter().all(|&s| s == 0) {
            return Pattern::Single;
        }
        if is_contiguous(&self.dims, &strides) {
            return Pattern::Flat;
        }
        let (inner, outer) = strides.split_last().unwrap_or((&1, &[]));
        match inner {
            _ if self.row < SHORT => Pattern::Scattered(strides),
            1 => Pattern::Rows(outer.to_vec()),
            0 => Pattern::Repeated(outer.to_vec()),
            _ => Pattern::Scattered(strides),
        }
    }

    /// Operand `x` (a node, perhaps seen through reshapes): the value of a member, a constant, or something in memory.
    fn operand(&mut self, x: usize) -> Operand {
        if self.widened.iter().any(|draft| draft.node == x) {
            return Operand::Value(x);
        }
        let source = self.source(x);
        let stored = self.context.values.types[self.context.values.all[x].root].dtype;
        match source {
            Operand::Source(_) if stored != self.context.graph.nodes[x].ty.dtype => {
                let code = Code::Cast(self.context.graph.nodes[x].ty.dtype);
                self.widened.push(Draft { node: x, code, dtype: stored, operands: vec![source] });
                Operand::Value(x)
            }
            _ => source,
        }
    }

    /// Operand `x` in the type in which it lies.
    fn source(&mut self, x: usize) -> Operand {
        let graph = self.context.graph;
        let through = seen(graph, x);
        if self.member.contains(&through) {
            return Operand::Value(through);
        }
        if let Op::Constant(literal) = &graph.nodes[self.context.values.all[x].source].op
            && let Some(number) = literal.splat_value()
        {
            return Operand::Constant(number);
        }
        let root = self.context.values.all[x].root;
        let (dtype, at, pattern) = (self.context.values.types[root].dtype, (self.context.place)(x), self.pattern(x));
        if let Some(known) = self.sources.iter().position(|s| s.at == at && s.pattern == pattern && s.dtype == dtype) {
            return Operand::Source(known);
        }
        let register = self.gathered;
        self.gathered += usize::from(matches!(pattern, Pattern::Scattered(_)));
        self.sources.push(Lying { dtype, at, pattern, register });
        self.roots.push(root);
        Operand::Source(self.sources.len() - 1)
    }

    /// The members' instructions in order. A product that only one sum reads becomes part of that sum's instruction.
    fn drafts(&mut self) -> Vec<Draft> {
        let graph = self.context.graph;
        let mut reads: HashMap<usize, usize> = HashMap::new();
        for x in self.nodes.iter().flat_map(|&i| &graph.nodes[i].inputs) {
            *reads.entry(seen(graph, x.index())).or_default() += 1;
        }
        let is_term = |x: usize| {
            let alone = reads.get(&x) == Some(&1) && !self.leaves(x);
            alone && self.member.contains(&x) && graph.nodes[x].op == Op::Binary(Binary::Mul)
        };
        // For each sum, which of its operands are such products.
        let mut terms_of: HashMap<usize, Vec<usize>> = HashMap::new();
        for &i in &self.nodes {
            let node = &graph.nodes[i];
            if node.op == Op::Binary(Binary::Add) && matches!(node.ty.dtype, DType::F32 | DType::F64) {
                let terms: Vec<usize> = [1, 0].into_iter().filter(|&k| is_term(seen(graph, node.inputs[k].index()))).collect();
                terms_of.insert(i, terms);
            }
        }
        let term = |i: usize, k: usize| seen(graph, graph.nodes[i].inputs[k].index());
        let absorbed: HashSet<usize> = terms_of.iter().flat_map(|(&i, terms)| terms.iter().map(move |&k| term(i, k))).collect();
        let mut drafts = Vec::new();
        for i in self.nodes.clone() {
            let node = &graph.nodes[i];
            if absorbed.contains(&i) || matches!(node.op, Op::ReduceSum(_) | Op::ReduceMax(_)) {
                continue;
            }
            let terms = terms_of.get(&i).map_or(&[][..], |terms| terms);
            if let Some(&first) = terms.first() {
                let factors = |k: usize| graph.nodes[term(i, k)].inputs.clone();
                let (code, rest) = match terms {
                    [_, second] => (Code::TwoProducts, factors(*second)),
                    _ => (Code::MulAdd, vec![node.inputs[1 - first]]),
                };
                let operands = factors(first).iter().chain(&rest).map(|x| self.operand(x.index())).collect();
                drafts.push(Draft { node: i, code, dtype: node.ty.dtype, operands });
                continue;
            }
            let operands = node.inputs.iter().map(|x| self.operand(x.index())).collect();
            let of_operands = graph.node(node.inputs[0]).ty.dtype;
            let (code, dtype) = match &node.op {
                Op::Unary(op) => (Code::Unary(*op), node.ty.dtype),
                Op::Binary(op) => (Code::Binary(*op), node.ty.dtype),
                Op::Compare(op) => (Code::Compare(op.comparison), of_operands),
                Op::Logical(op) => (Code::Logical(op.connective), DType::Bool),
                Op::IsFinite(_) => (Code::IsFinite, of_operands),
                Op::Cast(op) => (Code::Cast(op.dtype), of_operands),
                _ => (Code::Select, node.ty.dtype),
            };
            drafts.push(Draft { node: i, code, dtype, operands });
        }
        drafts
    }

    /// Registers for all values: each lives from its instruction to its last reader; what is stored or reduced, to the end of the
    /// chunk. A value whose place may be written at once needs none.
    fn assign(&mut self, drafts: &[Draft], reduced: &[Operand]) -> (Vec<Instruction>, Vec<Store>, HashMap<usize, Argument>, usize) {
        let values = |operands: &[Operand]| -> Vec<usize> {
            operands.iter().filter_map(|o| if let Operand::Value(node) = o { Some(*node) } else { None }).collect()
        };
        let mut last: HashMap<usize, usize> = HashMap::new();
        for (k, draft) in drafts.iter().enumerate() {
            last.extend(values(&draft.operands).into_iter().map(|node| (node, k)));
        }
        last.extend(values(reduced).into_iter().map(|node| (node, usize::MAX)));
        let (mut free, mut registers): (Vec<usize>, usize) = (Vec::new(), self.gathered);
        let mut arguments: HashMap<usize, Argument> = HashMap::new();
        let (mut instructions, mut stores) = (Vec::new(), Vec::new());
        for (k, draft) in drafts.iter().enumerate() {
            let of = |operand: &Operand| match operand {
                Operand::Value(node) => arguments[node],
                Operand::Source(k) => Argument::Source(*k),
                Operand::Constant(number) => Argument::Constant(*number),
            };
            let read: Vec<Argument> = draft.operands.iter().map(of).collect();
            let node = draft.node;
            let dtype = self.context.graph.nodes[node].ty.dtype;
            let wanted = self.leaves(node);
            let lying = wanted.then(|| Lying { dtype, at: (self.context.place)(node), pattern: self.pattern(node), register: 0 });
            // What takes over the place of a source may be written there once nothing of the chunk reads that any more.
            let settled = (self.context.in_place)(node).is_none_or(|root| {
                let of = |o: &Operand| matches!(o, Operand::Source(s) if self.roots.get(*s) == Some(&root));
                !drafts[k..].iter().any(|d| d.operands.iter().any(of)) && !reduced.iter().any(of)
            });
            let at_once = |l: &Lying| matches!(l.pattern, Pattern::Flat | Pattern::Rows(_)) && settled;
            let (target, value) = match &lying {
                Some(lying) if at_once(lying) => {
                    self.sources.push(Lying { register: WRITTEN, ..lying.clone() });
                    self.roots.push(usize::MAX);
                    (Target::Store(stores.len()), Argument::Source(self.sources.len() - 1))
                }
                _ => {
                    let register = free.pop().unwrap_or_else(|| {
                        registers += 1;
                        registers - 1
                    });
                    (Target::Register(register), Argument::Register(register))
                }
            };
            arguments.insert(node, value);
            stores.extend(lying.map(|lying| Store { value, lying, direct: matches!(target, Target::Store(_)) }));
            instructions.push(Instruction { code: draft.code, dtype: draft.dtype, arguments: read, target });
            let mut done = values(&draft.operands);
            done.dedup();
            for node in done.into_iter().filter(|node| last.get(node) == Some(&k) && !self.leaves(*node)) {
                if let Some(Argument::Register(r)) = arguments.get(&node)
                    && !free.contains(r)
                {
                    free.push(*r);
                }
            }
        }
        (instructions, stores, arguments, registers)
    }
}

/// Elements of a chunk of a pass whose rows have `row` elements: part of a row, or several whole short ones.
pub(super) fn chunk(row: usize) -> usize {
    if row < SHORT { (CHUNK / row.max(1)).max(1) * row.max(1) } else { CHUNK }
}
