//! From the plan that both executors share to what a GPU does: kernels, products of cuBLAS, loops.

use super::beside::beside;
use super::chains::chains;
use super::lanes::{Stretch, stretch};
use super::product::{Gemm, Matrix, Wanted, prepare};
use super::source::{self, Kernel, Parameter, SCRATCH, between};
use crate::cpu::conv::{Conv, Images};
use crate::cpu::copy::View;
use crate::cpu::fused::Pass;
use crate::cpu::looped::{Loop, Stretch as Piece};
use crate::cpu::memory::Address;
use crate::cpu::op::OpCall;
use crate::cpu::product::Product;
use crate::cpu::program::{Code, Output, Step};
use crate::geometry::Map;
use crate::tensor::Tensor;
use crate::{EngineError, Result};
use std::ops::Range;
use thalweg_graph::DType;

/// Bytes of the patches of images that are there at a time, at most, unless one sample has more.
const PATCHES: usize = 256 << 20;

/// Something that a GPU does.
pub(crate) enum Task {
    Kernel(Kernel),
    Gemm(Gemm),
    /// So many bytes are set to zero.
    Zero(Address, usize),
    Loop(Box<Looped>),
}

/// A loop: as the CPU's, with a body for the GPU.
pub(crate) struct Looped {
    pub(crate) body: Lowered,
    pub(crate) length: usize,
    pub(crate) consts: usize,
    pub(crate) carry: usize,
    pub(crate) operands: Vec<Piece>,
    pub(crate) turns: [Vec<Piece>; 2],
    pub(crate) stacks: Vec<(Piece, bool)>,
    pub(crate) last: Vec<Option<Piece>>,
    pub(crate) arena: Piece,
}

/// A program for a GPU.
pub(crate) struct Lowered {
    pub(crate) tasks: Vec<Task>,
    /// Tasks that belong together, since they hand each other values in scratch.
    pub(crate) bundles: Vec<Range<usize>>,
    pub(crate) inputs: usize,
    pub(crate) constants: Vec<Tensor>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) arena: usize,
    /// Bytes of scratch, and counters, of all tasks.
    pub(crate) scratch: usize,
    pub(crate) counters: usize,
    /// What ops whose indices may be out of range are called, by the number that they tell.
    pub(crate) names: Vec<&'static str>,
}

/// The program of a plan.
pub(crate) fn lower(code: Code) -> Result<Lowered> {
    let mut names = Vec::new();
    let mut made = lowered(code, &mut names, false)?;
    made.part();
    Ok(Lowered { names, ..made })
}

fn lowered(code: Code, names: &mut Vec<&'static str>, inside: bool) -> Result<Lowered> {
    let mut lowering = Lowering { tasks: Vec::new(), scratch: 0, counters: 0, names, inside };
    let mut bundles = Vec::new();
    let alias = aliases(code.inputs, code.constants.len(), &code.outputs);
    let mut chains = chains(&code.steps, &alias, inside).into_iter().peekable();
    let mut steps: Vec<Option<Step>> = code.steps.into_iter().map(Some).collect();
    for k in 0..steps.len() {
        let first = lowering.tasks.len();
        match chains.next_if(|chain| chain.steps[0] == k) {
            Some(chain) => lowering.chain(chain.steps.iter().filter_map(|&k| steps[k].take()).collect(), chain.rows),
            None => steps[k].take().map_or(Ok(()), |step| lowering.step(step))?,
        }
        let made = first..lowering.tasks.len();
        if lowering.tasks[made.clone()].iter().all(is_alone) {
            bundles.extend(made.map(|k| k..k + 1));
        } else {
            bundles.push(made);
        }
    }
    bundles.retain(|tasks| !tasks.is_empty());
    let Lowering { tasks, scratch, counters, .. } = lowering;
    let (tasks, bundles) = beside(tasks, bundles, &alias);
    let (inputs, constants, outputs, arena) = (code.inputs, code.constants, code.outputs, code.arena);
    Ok(Lowered { tasks, bundles, inputs, constants, outputs, arena, scratch, counters, names: Vec::new() })
}

/// Whether a task is a product that hands nothing to others in scratch.
fn is_alone(task: &Task) -> bool {
    matches!(task, Task::Gemm(g) if [g.left.at, g.right.at, g.out].iter().all(|at| at.base != SCRATCH))
}

struct Lowering<'a> {
    tasks: Vec<Task>,
    scratch: usize,
    counters: usize,
    names: &'a mut Vec<&'static str>,
    /// Whether it is of a loop's body.
    inside: bool,
}

impl Lowering<'_> {
    /// Passes over so many rows.
    fn chain(&mut self, steps: Vec<Step>, rows: usize) {
        let passes: Vec<&Pass> = steps.iter().filter_map(|step| if let Step::Pass(pass) = step { Some(pass) } else { None }).collect();
        self.kernel(source::chain(&passes, rows, self.inside));
    }

    fn step(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Pass(pass) => source::pass(&pass, self.inside).into_iter().for_each(|kernel| self.kernel(kernel)),
            Step::Product(product) => self.product(&product),
            Step::Conv(conv) => self.conv(&conv),
            Step::Copy(copy) => {
                if let Some((at, count)) = copy.zeros().filter(|(_, count)| *count > 0) {
                    let size = copy.parts().1;
                    self.tasks.push(Task::Zero(Address { offset: at.offset * size, ..at }, count * size));
                }
                self.kernel(source::copy(&copy));
            }
            Step::Loop(looped) => self.looped(*looped)?,
            Step::Split(_) => return Err(EngineError::internal("a batch in slices on a GPU")),
            Step::Op(op) => self.op(&op)?,
        }
        Ok(())
    }

    fn kernel(&mut self, kernel: Kernel) {
        if kernel.blocks > 0 {
            self.scratch = self.scratch.max(kernel.scratch);
            self.counters = self.counters.max(kernel.counters);
            self.tasks.push(Task::Kernel(kernel));
        }
    }

    fn op(&mut self, op: &OpCall) -> Result<()> {
        self.names.push(op.op.name());
        for kernel in source::op(op, self.names.len() - 1)? {
            self.kernel(kernel);
        }
        Ok(())
    }

    fn product(&mut self, product: &Product) {
        let (dims, sizes) = product.sizes();
        let matrices = product.matrices().map(|m| (m.at, [&m.batch[..dims.len().min(m.batch.len())], &[m.row, m.column]].concat()));
        self.products(product.dtype(), dims, sizes, matrices);
    }

    /// Products for all entries of `dims`: as few calls as their distances allow, each for a batch of neighbouring dimensions.
    fn products(&mut self, dtype: DType, dims: &[usize], sizes: [usize; 3], matrices: [(Address, Vec<usize>); 3]) {
        let merges = |d: usize| matrices.iter().all(|(_, s)| dims[d] == 1 || s[d] == s[d + 1] * dims[d + 1]);
        let mut batch = 0..0;
        for first in 0..dims.len() {
            let end = (first + 1..dims.len()).find(|&d| !merges(d - 1)).unwrap_or(dims.len());
            let entries = |range: &Range<usize>| dims[range.clone()].iter().product::<usize>();
            if batch.is_empty() || entries(&(first..end)) > entries(&batch) {
                batch = first..end;
            }
        }
        let entries: usize = dims[batch.clone()].iter().product();
        let walked: Vec<usize> = (0..dims.len()).filter(|d| !batch.contains(d)).collect();
        let rank = dims.len();
        for entry in 0..walked.iter().map(|&d| dims[d]).product::<usize>() {
            let matrix = |(at, strides): &(Address, Vec<usize>)| {
                let (mut rest, mut offset) = (entry, at.offset);
                for &d in walked.iter().rev() {
                    offset += rest % dims[d] * strides[d];
                    rest /= dims[d];
                }
                let step = if entries > 1 { strides[batch.end - 1] } else { 0 };
                Matrix { at: Address { offset, ..*at }, entry: step, row: strides[rank], column: strides[rank + 1] }
            };
            let [a, b, c] = [0, 1, 2].map(|k| matrix(&matrices[k]));
            self.wanted(&Wanted { dtype, entries, sizes, a, b, c, adds: false }, 0);
        }
    }

    /// A product whose scratch begins at byte `first`.
    fn wanted(&mut self, wanted: &Wanted, first: usize) {
        let [m, k, n] = wanted.sizes;
        if wanted.entries * m * n == 0 {
            return;
        }
        if k == 0 {
            let c = &wanted.c;
            let size = wanted.dtype.size();
            // Nothing is summed up: zeros, which are copied from one.
            self.tasks.push(Task::Zero(Address { base: SCRATCH, offset: first }, size));
            self.scratch = self.scratch.max(first + 256);
            let zero = View::new(Address { base: SCRATCH, offset: first / size }, &[0, 0, 0]);
            self.kernel(between(&[wanted.entries, m, n], size, &zero, &View::new(c.at, &[c.entry, c.row, c.column])));
            return;
        }
        // What lies in scratch, from its beginning on, is not to be overwritten by a kernel's own.
        if let Some(kernel) = source::skinny(wanted, self.inside).filter(|kernel| first == 0 || kernel.scratch == 0) {
            return self.kernel(kernel);
        }
        let prepared = prepare(wanted, first);
        self.scratch = self.scratch.max(first + prepared.scratch);
        prepared.before.into_iter().for_each(|kernel| self.kernel(kernel));
        self.tasks.push(Task::Gemm(prepared.gemm));
        prepared.after.into_iter().for_each(|kernel| self.kernel(kernel));
    }

    fn conv(&mut self, conv: &Conv) {
        let (map, dtype, g, _, w, _) = conv.parts();
        let (size, positions) = (dtype.size(), g.positions());
        let terms = g.inner * g.taps();
        let each = (terms * positions * size).max(1);
        let samples = (PATCHES / each).clamp(1, g.samples.max(1));
        for group in 0..g.groups {
            for first in (0..g.samples).step_by(samples) {
                let part = first..(first + samples).min(g.samples);
                self.conv_part(conv, group, &part, terms);
            }
        }
        let nothing = g.samples == 0 || positions == 0;
        if nothing && map == Map::WeightGrad && w.row == terms {
            self.tasks.push(Task::Zero(Address { offset: w.at.offset * size, ..w.at }, g.groups * g.outer * terms * size));
        }
    }

    /// One group of channels of some samples.
    fn conv_part(&mut self, conv: &Conv, group: usize, part: &Range<usize>, terms: usize) {
        let (map, dtype, g, x, w, y) = conv.parts();
        let (size, positions, count) = (dtype.size(), g.positions(), part.len());
        let columns = count * positions;
        let direct = g.is_pointwise();
        let of = |images: &Images, channels: usize| Matrix {
            at: Address { offset: images.at.offset + part.start * images.sample + group * channels * images.channel, ..images.at },
            entry: images.sample,
            row: images.channel,
            column: 1,
        };
        let patches = Matrix { at: Address { base: SCRATCH, offset: 0 }, entry: positions, row: columns, column: 1 };
        let patch_bytes = (terms * columns * size).next_multiple_of(256);
        let kernel = Matrix { at: Address { offset: w.at.offset + group * g.outer * w.row, ..w.at }, entry: 0, row: w.row, column: 1 };
        let turned = |m: Matrix| Matrix { row: m.column, column: m.row, ..m };
        let wanted = |sizes: [usize; 3], a: Matrix, b: Matrix, c: Matrix, entries: usize, adds: bool| Wanted {
            dtype,
            entries,
            sizes,
            a,
            b,
            c,
            adds,
        };
        if !direct {
            self.scratch = self.scratch.max(patch_bytes);
        }
        match map {
            Map::Forward => {
                let from = if direct {
                    of(x, g.inner)
                } else {
                    self.kernel(source::patches(g, dtype, x, group, part));
                    patches
                };
                self.wanted(&wanted([g.outer, terms, positions], kernel, from, of(y, g.outer), count, false), patch_bytes);
            }
            Map::InputGrad => {
                let to = if direct { of(x, g.inner) } else { patches };
                self.wanted(&wanted([terms, g.outer, positions], turned(kernel), of(y, g.outer), to, count, false), patch_bytes);
                if !direct {
                    self.kernel(source::images(g, dtype, x, group, part));
                }
            }
            Map::WeightGrad => {
                // Positions of all samples side by side, so that one product sums over them.
                self.kernel(source::patches(g, dtype, x, group, part));
                self.scratch = self.scratch.max(patch_bytes);
                let gradient = of(y, g.outer);
                let place = Address { base: SCRATCH, offset: patch_bytes / size };
                let from = View::new(gradient.at, &[gradient.row, gradient.entry, 1]);
                self.kernel(between(&[g.outer, count, positions], size, &from, &View::new(place, &[columns, positions, 1])));
                let moved = (g.outer * columns * size).next_multiple_of(256);
                self.scratch = self.scratch.max(patch_bytes + moved);
                let left = Matrix { at: place, entry: 0, row: columns, column: 1 };
                let right = turned(Matrix { entry: 0, ..patches });
                self.wanted(&wanted([g.outer, columns, terms], left, right, kernel, 1, part.start > 0), patch_bytes + moved);
            }
        }
    }

    fn looped(&mut self, looped: Loop) -> Result<()> {
        for copy in &looped.copies {
            self.kernel(source::copy(copy));
        }
        let Loop { body, length, consts, carry, operands, turns, stacks, last, arena, .. } = looped;
        let body = lowered(body, self.names, true)?;
        self.scratch = self.scratch.max(body.scratch);
        self.counters = self.counters.max(body.counters);
        self.tasks.push(Task::Loop(Box::new(Looped { body, length, consts, carry, operands, turns, stacks, last, arena })));
        Ok(())
    }
}

/// See [`Lowered::alias`].
fn aliases(inputs: usize, constants: usize, outputs: &[Output]) -> impl Fn(usize) -> usize + use<> {
    let first = 1 + inputs + constants;
    let aliases: Vec<Option<usize>> = outputs.iter().map(|o| o.alias).collect();
    move |base| {
        let input = base.checked_sub(first).and_then(|k| aliases.get(k).copied().flatten());
        input.map_or(base, |k| 1 + k)
    }
}

impl Lowered {
    /// The base whose memory a base may be: an output that is computed in the place of an input.
    pub(crate) fn alias(&self) -> impl Fn(usize) -> usize + use<> {
        aliases(self.inputs, self.constants.len(), &self.outputs)
    }

    /// Tells kernels which of the values that they read they do not write. Not in bodies of loops, whose bases move.
    fn part(&mut self) {
        let alias = self.alias();
        for task in &mut self.tasks {
            let Task::Kernel(kernel) = task else { continue };
            let touched: Vec<Option<Stretch>> = kernel.parameters.iter().map(|p| stretch(p, &alias)).collect();
            for (k, parameter) in kernel.parameters.iter_mut().enumerate() {
                let (Some(own), Parameter::Value(_, _, touch)) = (&touched[k], parameter) else { continue };
                touch.apart = !touch.writes && touched.iter().flatten().all(|other| !other.writes || !other.conflicts(own));
            }
        }
    }

    /// All kernels, those of loops' bodies included.
    pub(crate) fn kernels(&self) -> Vec<&Kernel> {
        fn of(task: &Task) -> Vec<&Kernel> {
            match task {
                Task::Kernel(kernel) => vec![kernel],
                Task::Loop(looped) => looped.body.kernels(),
                _ => Vec::new(),
            }
        }
        self.tasks.iter().flat_map(of).collect()
    }

    /// The constants of loops' bodies, each before those of the loops inside it.
    pub(crate) fn of_bodies(&self) -> Vec<&[Tensor]> {
        fn of(task: &Task) -> Vec<&[Tensor]> {
            match task {
                Task::Loop(looped) => [vec![&looped.body.constants[..]], looped.body.of_bodies()].concat(),
                _ => Vec::new(),
            }
        }
        self.tasks.iter().flat_map(of).collect()
    }

    /// Number of loops, those inside others included.
    pub(crate) fn loops(&self) -> usize {
        let of = |task: &Task| if let Task::Loop(looped) = task { 1 + looped.body.loops() } else { 0 };
        self.tasks.iter().map(of).sum()
    }

    /// What a run does, one line per task.
    pub(crate) fn explain(&self) -> String {
        let mut out = String::new();
        self.list(&mut out, "");
        let (launches, bytes) = self.totals();
        out.push_str(&format!(
            "{launches} launches, {bytes} bytes moved, {} operations in products; arena {} bytes, scratch {} bytes\n",
            self.operations(),
            self.arena,
            self.scratch
        ));
        out
    }

    fn list(&self, out: &mut String, indent: &str) {
        for task in &self.tasks {
            let line = title(task);
            out.push_str(&format!("{indent}{line}\n"));
            if let Task::Loop(looped) = task {
                looped.body.list(out, &format!("{indent}  "));
            }
        }
    }

    /// Floating-point operations of all products of a run.
    pub(crate) fn operations(&self) -> usize {
        let of = |task: &Task| match task {
            Task::Gemm(g) => 2 * g.multiplications(),
            Task::Loop(looped) => looped.length * looped.body.operations(),
            _ => 0,
        };
        self.tasks.iter().map(of).sum()
    }

    /// Launches of a run, and bytes that its kernels move.
    pub(crate) fn totals(&self) -> (usize, usize) {
        self.tasks.iter().fold((0, 0), |(launches, bytes), task| match task {
            Task::Kernel(k) => (launches + 1, bytes + k.bytes),
            Task::Gemm(g) => (launches + 1, bytes + g.bytes()),
            Task::Zero(_, zeros) => (launches + 1, bytes + zeros),
            Task::Loop(looped) => {
                let (inner, moved) = looped.body.totals();
                let moves = looped.last.iter().flatten().count();
                (launches + inner * looped.length + moves, bytes + moved * looped.length)
            }
        })
    }
}

/// One line about a task.
fn title(task: &Task) -> String {
    match task {
        Task::Kernel(k) => format!("{} · {} blocks, {} bytes", k.label, k.blocks, k.bytes),
        Task::Gemm(g) => g.to_string(),
        Task::Zero(_, bytes) => format!("zeros, {bytes} bytes"),
        Task::Loop(looped) => format!("loop of {} steps", looped.length),
    }
}
