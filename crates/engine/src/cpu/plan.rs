//! The buffer plan: where every value lies, when its place is free again, what is overwritten in place.

use super::arena::{Arena, rounded};
use super::copy::{Copy, View};
use super::explain;
use super::fused;
use super::groups::{Reduced, reduced};
use super::looped::Loop;
use super::memory::Address;
use super::narrow::narrow;
use super::outer::outer;
use super::program::{Code, Hands, Output, Step};
use super::reductions::one_by_one;
use super::region::{self, Region};
use super::slice;
use super::split::Split;
use super::units::{Kind, Unit, units};
use super::values::{Apart, Values, analyse, is_given};
use crate::reference::{decompose, kernels};
use crate::tensor::Tensor;
use crate::{EngineError, Result, memory};
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use thalweg_graph::ops::Op;
use thalweg_graph::{Graph, strides};

/// What is asked of a compiled graph, beside its outputs.
#[derive(Default)]
pub(crate) struct Request {
    /// Positions of inputs that may be overwritten.
    pub(crate) donated: Vec<usize>,
    /// Positions of outputs that are sums over slices: a run may be told to add to what is there.
    pub(crate) summed: Vec<usize>,
    /// Whether a batch stays whole, for executors that have no use for slices that fit into a cache.
    pub(crate) whole: bool,
    /// Whether products are of bf16: see `narrow`.
    pub(crate) narrow: bool,
}

/// The storage of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    Arena(usize),
    Input(usize),
    Constant(usize),
    Output(usize),
}

pub(crate) struct Planner<'g> {
    pub(super) graph: &'g Graph,
    pub(super) values: Values,
    homes: HashMap<usize, Home>,
    constants: Vec<Tensor>,
    outputs: Vec<Output>,
    /// Values stored where a source of the same pass lies, and the root of that.
    pub(super) in_place: HashMap<usize, usize>,
    /// Roots that are sums over slices.
    pub(super) summed: HashSet<usize>,
    /// Copies to outputs that are not computed where they are returned, as (value, output, whether it is added to what is there).
    returned: Vec<(usize, usize, bool)>,
    pub(super) split: Option<Split>,
    /// See [`Request`].
    pub(super) whole: bool,
    narrow: bool,
}

/// For how many units a place stays taken after its value's last use, and from how many bytes on it does not, where units may run beside
/// each other.
const STAY: usize = 12;
const STAYING: usize = 64 << 20;

/// Base 0 is the arena; inputs, constants and outputs follow.
pub(crate) const ARENA: usize = 0;

/// Compiles `graph`.
pub(crate) fn compile(graph: &Graph, request: &Request) -> Result<Code> {
    let graph = decompose(graph)?;
    let graph = one_by_one(&graph)?;
    let graph = if request.whole { outer(&graph)? } else { graph };
    let graph = if request.narrow { Cow::Owned(narrow(&graph)?) } else { graph };
    let alive = graph.live();
    if let Some(region) = region::find(&graph, &alive).filter(|_| !request.whole) {
        let results = slice::results(&graph, &alive, &region);
        if let Some(split) = Split::new(&graph, &alive, &region, &results)?
            && let Some(code) = planned(&graph, &alive, request, Some((&region, split)))?
        {
            return Ok(code);
        }
    }
    planned(&graph, &alive, request, None)?.ok_or_else(|| EngineError::internal("a graph without a plan"))
}

/// Compiles the graph of a slice.
pub(crate) fn compile_slice(graph: &Graph, request: &Request) -> Result<Code> {
    let graph = decompose(graph)?;
    let graph = one_by_one(&graph)?;
    planned(&graph, &graph.live(), request, None)?.ok_or_else(|| EngineError::internal("a slice without a plan"))
}

/// The program of a graph without composites; `None` if slices of the region would have to read values with gaps.
fn planned(graph: &Graph, alive: &[bool], request: &Request, split: Option<(&Region, Split)>) -> Result<Option<Code>> {
    let whole: HashSet<usize> = split.iter().flat_map(|(_, split)| split.sources()).map(|s| s.node).collect();
    let values = analyse(graph, alive, &Apart { inside: &|i| split.as_ref().is_some_and(|(region, _)| region.has(i)), whole: &whole });
    if !whole.iter().all(|&i| values.is_contiguous(i)) {
        return Ok(None);
    }
    let units = units(graph, alive, &values, split.as_ref().map(|(region, split)| (*region, split)), request.whole);
    let mut planner = Planner {
        graph,
        values,
        homes: HashMap::new(),
        constants: Vec::new(),
        outputs: Vec::new(),
        in_place: HashMap::new(),
        summed: HashSet::new(),
        returned: Vec::new(),
        split: split.map(|(_, split)| split),
        whole: request.whole,
        narrow: request.narrow,
    };
    planner.given(alive)?;
    planner.outputs(request, &units);
    planner.steps(&units, request).map(Some)
}

impl Planner<'_> {
    /// Storage of inputs and constants.
    fn given(&mut self, alive: &[bool]) -> Result<()> {
        for (i, node) in self.graph.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
            let home = match &node.op {
                Op::Input(input) => Home::Input(input.index),
                Op::Constant(literal) => {
                    memory::require(
                        if literal.splat_value().is_some() { 0 } else { node.ty.bytes() },
                        &format!("a constant of type {}", node.ty),
                    )?;
                    self.constants.push(Tensor::from_literal(literal)?);
                    Home::Constant(self.constants.len() - 1)
                }
                Op::Iota(_) => {
                    memory::require(node.ty.bytes(), &format!("a constant of type {}", node.ty))?;
                    self.constants.push(kernels::source::iota(Arc::new(node.ty.clone()))?);
                    Home::Constant(self.constants.len() - 1)
                }
                _ => continue,
            };
            self.homes.insert(i, home);
        }
        Ok(())
    }

    /// Which outputs are computed where they are returned; the others are copied there at the end.
    fn outputs(&mut self, request: &Request, units: &[Unit]) {
        for (k, id) in self.graph.outputs.iter().enumerate() {
            let (i, ty) = (id.index(), &self.graph.node(*id).ty);
            let value = &self.values.all[i];
            let root = value.root;
            let whole =
                value.source == root && value.offset == 0 && self.values.types[root].count() == ty.count() && self.values.is_contiguous(i);
            let summed = request.summed.contains(&k);
            self.outputs.push(Output { ty: Arc::new(ty.clone()), alias: None });
            let own = whole && !is_given(&self.graph.nodes[root].op) && !self.homes.contains_key(&root);
            if own && (!summed || self.sums(root, units)) {
                self.homes.insert(root, Home::Output(k));
                if summed {
                    self.summed.insert(root);
                }
            } else {
                self.returned.push((i, k, summed));
            }
        }
    }

    /// Whether the unit that computes `root` can add to what is there, and nothing inside reads it.
    fn sums(&self, root: usize, units: &[Unit]) -> bool {
        let read = units.iter().any(|u| u.reads.iter().any(|&x| self.values.all[x].root == root));
        let node = &self.graph.nodes[root];
        let adds = units.iter().filter(|u| u.writes.contains(&root)).all(|u| match &u.kind {
            Kind::Product => true,
            Kind::Conv => matches!(node.op, Op::ConvWeightGrad(_)),
            Kind::Pass(group) => {
                matches!(&node.op, Op::ReduceSum(op) if !is_by_row(&self.graph.node(node.inputs[0]).ty.shape, &op.axes, &group.shape))
            }
            _ => false,
        });
        adds && !read
    }

    fn bytes(&self, root: usize) -> usize {
        self.values.types[root].bytes()
    }

    /// The roots that a unit reads or writes.
    fn roots<'a>(&'a self, nodes: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        nodes.iter().map(|&i| self.values.all[i].root)
    }

    /// Values that a unit leaves in memory.
    fn stored(&self, unit: &Unit, wanted: &HashSet<usize>) -> Vec<usize> {
        match unit.kind {
            Kind::Pass(_) => unit.writes.iter().copied().filter(|i| wanted.contains(i)).collect(),
            // A loop's own node has no value; its results have.
            Kind::Loop => unit.writes[1..].to_vec(),
            _ => unit.writes.clone(),
        }
    }

    fn steps(mut self, units: &[Unit], request: &Request) -> Result<Code> {
        let wanted = self.wanted(units);
        let mut last: HashMap<usize, usize> = HashMap::new();
        for (at, unit) in units.iter().enumerate() {
            let touched: Vec<usize> = self.roots(&unit.reads).chain(self.roots(&self.stored(unit, &wanted))).collect();
            last.extend(touched.into_iter().map(|root| (root, at)));
        }
        for &(i, ..) in &self.returned {
            last.insert(self.values.all[i].root, usize::MAX);
        }
        let mut arena = Arena::default();
        let mut steps = Vec::with_capacity(units.len());
        let mut leaving: VecDeque<(usize, usize)> = VecDeque::new();
        // The first step that overwrites an input.
        let mut overwrites: Option<usize> = None;
        for (at, unit) in units.iter().enumerate() {
            let stored = self.stored(unit, &wanted);
            let mut taken: HashSet<usize> = HashSet::new();
            if let Kind::Pass(_) = unit.kind {
                self.take_over(unit, &stored, at, &last, &mut taken, request);
                let input = taken.iter().any(|root| matches!(self.homes.get(root), Some(Home::Input(_))));
                overwrites = overwrites.or(input.then_some(steps.len()));
            }
            for &i in &stored {
                let root = self.values.all[i].root;
                if !self.homes.contains_key(&root) {
                    let place = arena.take(self.bytes(root));
                    self.homes.insert(root, Home::Arena(place));
                }
            }
            let (loops, scratch) = self.scratch(unit)?;
            let place = if scratch > 0 { arena.take(scratch) } else { 0 };
            self.step(unit, &wanted, place, loops, &mut steps)?;
            if scratch > 0 {
                arena.give(place, scratch);
            }
            let mut dying: Vec<usize> =
                self.roots(&unit.reads).chain(self.roots(&stored)).filter(|r| last.get(r) == Some(&at) && !taken.contains(r)).collect();
            dying.sort_unstable();
            dying.dedup();
            leaving.extend(dying.into_iter().map(|root| (at, root)));
            // Work that could run beside what comes next must not wait for its place.
            let stay = if self.whole { STAY } else { 0 };
            while let Some(&(since, root)) = leaving.front()
                && (at - since >= stay || self.bytes(root) > STAYING)
            {
                leaving.pop_front();
                if let Some(Home::Arena(place)) = self.homes.get(&root) {
                    arena.give(*place, self.bytes(root));
                }
            }
        }
        for (i, k, adds) in std::mem::take(&mut self.returned) {
            let ty = &self.graph.nodes[i].ty;
            let from = View::new(self.place(i), &self.values.all[i].strides);
            let to = View::new(Address { base: self.base(Home::Output(k)), offset: 0 }, &strides(&ty.shape));
            if ty.count() > 0 {
                let copy = Copy::new(&ty.shape, ty.dtype.size(), from, to, None);
                steps.push(Step::Copy(if adds { copy.adding(ty.dtype) } else { copy }));
            }
        }
        let settled = overwrites.is_none_or(|first| !steps[first..].iter().any(Step::may_fail));
        let pooled = steps.iter().map(|step| if let Step::Split(split) = step { split.pooled_bytes() } else { 0 }).max().unwrap_or(0);
        Ok(Code {
            number: explain::number(),
            hands: Hands::of(&mut steps),
            steps,
            inputs: self.graph.inputs.len(),
            constants: self.constants,
            outputs: self.outputs,
            arena: arena.bytes(),
            pooled,
            settled,
        })
    }

    /// Nodes of passes whose value is needed in memory: by another unit, or as an output.
    fn wanted(&self, units: &[Unit]) -> HashSet<usize> {
        let mut wanted: HashSet<usize> = self.graph.outputs.iter().map(|o| self.values.all[o.index()].source).collect();
        for unit in units {
            wanted.extend(unit.reads.iter().map(|&x| self.values.all[x].source));
            if let Kind::Pass(group) = &unit.kind {
                let reduces = |i: &usize| matches!(self.graph.nodes[*i].op, Op::ReduceSum(_) | Op::ReduceMax(_));
                wanted.extend(group.nodes.iter().copied().filter(reduces));
            }
        }
        wanted
    }

    /// Lets values that a pass stores take over the places of sources that die with it, element for element.
    fn take_over(
        &mut self,
        unit: &Unit,
        stored: &[usize],
        at: usize,
        last: &HashMap<usize, usize>,
        taken: &mut HashSet<usize>,
        request: &Request,
    ) {
        // Roots that die here and are only read as they lie, in the order in which they are read.
        let mut dying: Vec<usize> = Vec::new();
        let mut whole: HashMap<usize, bool> = HashMap::new();
        for &x in &unit.reads {
            let value = &self.values.all[x];
            let flat = value.offset == 0 && self.values.is_contiguous(x);
            match whole.entry(value.root) {
                Entry::Occupied(mut known) => *known.get_mut() &= flat,
                Entry::Vacant(new) => {
                    new.insert(flat);
                    if last.get(&value.root) == Some(&at) {
                        dying.push(value.root);
                    }
                }
            }
        }
        dying.retain(|root| whole[root]);
        for &i in stored {
            if dying.is_empty() {
                return;
            }
            let reduces = matches!(self.graph.nodes[i].op, Op::ReduceSum(_) | Op::ReduceMax(_));
            let (home, ty) = (self.homes.get(&i).copied(), &self.values.types[i]);
            if reduces || self.values.all[i].root != i || !self.values.is_contiguous(i) {
                continue;
            }
            let fits = |root: &usize| {
                let ours = match (self.homes.get(root), home) {
                    (Some(Home::Arena(_)), None) => true,
                    (Some(Home::Input(k)), Some(Home::Output(_))) => request.donated.contains(k),
                    _ => false,
                };
                let other = &self.values.types[*root];
                ours && other.dtype == ty.dtype && other.count() == ty.count()
            };
            let Some(found) = dying.iter().position(fits) else { continue };
            let root = dying.remove(found);
            taken.insert(root);
            self.in_place.insert(i, root);
            match (self.homes.get(&root).copied(), home) {
                (Some(place @ Home::Arena(_)), None) => {
                    self.homes.insert(i, place);
                }
                (Some(Home::Input(k)), Some(Home::Output(output))) => self.outputs[output].alias = Some(k),
                _ => {}
            }
        }
    }

    /// The loop of a unit, if it is one, and the bytes that it needs beside its operands and results.
    fn scratch(&self, unit: &Unit) -> Result<(Option<Loop>, usize)> {
        match &unit.kind {
            Kind::Pass(group) => Ok((None, fused::scratch_bytes(self.graph, group))),
            Kind::Loop => {
                let Op::Scan(scan) = &self.graph.nodes[unit.node].op else { return Err(EngineError::internal("a loop without a body")) };
                let copied: Vec<bool> = unit.reads.iter().map(|&x| !self.values.is_contiguous(x)).collect();
                let looped = Loop::new(scan, copied, self.whole, self.narrow)?;
                let bytes = looped.scratch_bytes();
                Ok((Some(looped), bytes))
            }
            Kind::Conv => Ok((None, self.loose(unit).map(|x| rounded(self.bytes(x))).sum())),
            Kind::Split => Ok((None, self.split.as_ref().map_or(0, |split| split.scratch_bytes(|i| self.values.types[i].bytes())))),
            _ => Ok((None, 0)),
        }
    }

    fn base(&self, home: Home) -> usize {
        let inputs = self.graph.inputs.len();
        match home {
            Home::Arena(_) => ARENA,
            Home::Input(k) => 1 + k,
            Home::Constant(k) => 1 + inputs + k,
            Home::Output(k) => 1 + inputs + self.constants.len() + k,
        }
    }

    /// Where value `i` begins.
    pub(super) fn place(&self, i: usize) -> Address {
        let value = &self.values.all[i];
        let home = self.homes.get(&value.root).copied().unwrap_or(Home::Arena(0));
        let start = if let Home::Arena(bytes) = home { bytes / self.values.types[value.root].dtype.size() } else { 0 };
        Address { base: self.base(home), offset: start + value.offset }
    }
}

/// Whether a reduction leaves one result per row of a pass over `space`, several in all.
fn is_by_row(shape: &[usize], axes: &[usize], space: &[usize]) -> bool {
    match reduced(shape, axes) {
        Some(Reduced::Columns(_)) => false,
        Some(Reduced::Rows(gone)) => gone < space.len(),
        Some(Reduced::Middle(..)) | None => true,
    }
}
