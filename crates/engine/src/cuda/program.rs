//! A compiled graph on a GPU. A run puts its work on the stream and returns; what it computes is waited for when it is read. The second
//! run over the same addresses is recorded as one CUDA graph, and those that follow replay it.

use super::buffer::{Buffer, Results, Verdict};
use super::driver::{Call, Function, Graph, Pointer, Queue, Recorder};
use super::gpu::Gpu;
use super::lanes::{LANES, Placed, place};
use super::lower::{Looped, Lowered, Task};
use super::product::{Factor, Gemm};
use super::source::{Kernel, Parameter, SCRATCH, THREADS};
use crate::cpu::looped::Stretch;
use crate::cpu::memory::Address;
use crate::program::Executable;
use crate::tensor::Tensor;
use crate::{EngineError, Precision, Result};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Inputs and outputs up to this size travel together.
const SMALL: usize = 256;
/// Bytes of the words of a verdict.
const VERDICT: usize = 256;
/// Recorded graphs of a program, at most.
const GRAPHS: usize = 8;
/// Bytes of scratch from which there are fewer lanes.
const LARGE: usize = 64 << 20;
/// Launches of a run from which it is not recorded.
const LAUNCHES: usize = 50_000;

/// A compiled graph.
pub(crate) struct Program {
    gpu: Arc<Gpu>,
    lowered: Lowered,
    precision: Precision,
    functions: HashMap<String, Function>,
    /// Addresses of constants, of the program and of the bodies of its loops, in the order of their tasks.
    constants: Vec<Buffer>,
    bodies: Vec<Vec<Buffer>>,
    /// Where small inputs and results lie: offsets, and a block for both.
    small_inputs: Vec<Option<usize>>,
    small_outputs: Vec<Option<usize>>,
    inputs_bytes: usize,
    results_bytes: usize,
    small: Buffer,
    recorded: Mutex<Recorded>,
    /// Which work runs beside which, and the bytes of scratch and of counters of a lane.
    placed: Vec<Placed>,
    scratch: usize,
    counters: usize,
    lanes: usize,
}

/// Graphs by the addresses that they work on, the latest at the back.
#[derive(Default)]
struct Recorded {
    graphs: VecDeque<(Vec<Pointer>, Option<Graph>)>,
}

/// The places of a run.
#[derive(Clone)]
struct Places {
    bases: Vec<Pointer>,
    scratch: Pointer,
    counters: Pointer,
    wrong: Pointer,
}

impl Places {
    fn of(&self, at: Address, size: usize) -> Pointer {
        let base = if at.base == SCRATCH { self.scratch } else { self.bases[at.base] };
        base + (at.offset * size) as u64
    }

    fn stretch(&self, stretch: &Stretch, entry: usize) -> Pointer {
        self.bases[stretch.base] + (stretch.first + entry * stretch.bytes) as u64
    }
}

fn laid_out(sizes: impl Iterator<Item = usize>, first: usize) -> (Vec<Option<usize>>, usize) {
    let mut next = first;
    let places = sizes.map(|bytes| {
        (bytes <= SMALL).then(|| {
            let at = next;
            next += bytes.next_multiple_of(16);
            at
        })
    });
    (places.collect(), next)
}

impl Program {
    /// The program for a GPU; `inputs` are the sizes of its inputs in bytes.
    pub(crate) fn new(gpu: &Arc<Gpu>, lowered: Lowered, inputs: &[usize], precision: Precision) -> Result<Program> {
        let (scratch, counters) = (lowered.scratch.next_multiple_of(256), (lowered.counters * 4).next_multiple_of(256));
        let functions = gpu.functions(lowered.kernels().into_iter())?;
        let constants = on_gpu(gpu, &lowered.constants)?;
        let mut bodies = Vec::new();
        of_bodies(gpu, &lowered, &mut bodies)?;
        let lanes = if lowered.scratch > LARGE { 2 } else { LANES };
        let first_output = 1 + lowered.inputs + lowered.constants.len();
        let aliases: HashMap<usize, usize> =
            lowered.outputs.iter().enumerate().filter_map(|(k, o)| Some((first_output + k, 1 + o.alias?))).collect();
        let placed = place(&lowered.tasks, &lowered.bundles, lanes, |base| aliases.get(&base).copied().unwrap_or(base));
        let (small_inputs, inputs_bytes) = laid_out(inputs.iter().copied(), 0);
        let first = inputs_bytes.next_multiple_of(256);
        let (small_outputs, end) = laid_out(lowered.outputs.iter().map(|o| o.ty.bytes()), VERDICT);
        let small = Buffer::new(gpu.block(first + end, "a program's scalars")?, first + end);
        Ok(Program {
            gpu: gpu.clone(),
            lowered,
            precision,
            functions,
            constants,
            bodies,
            small_inputs,
            small_outputs,
            inputs_bytes,
            results_bytes: end,
            small,
            recorded: Mutex::default(),
            placed,
            scratch,
            counters,
            lanes,
        })
    }

    /// Where small results begin.
    fn results(&self) -> Pointer {
        self.small.at() + self.inputs_bytes.next_multiple_of(256) as u64
    }

    /// Puts a program's work on the stream.
    fn enqueue(&self, queue: &Queue, program: &Lowered, places: &Places, body: &mut usize) -> Result<()> {
        program.tasks.iter().try_for_each(|task| self.task(queue, task, places, body))
    }

    fn task(&self, queue: &Queue, task: &Task, places: &Places, body: &mut usize) -> Result<()> {
        match task {
            Task::Kernel(kernel) => self.kernel(queue, kernel, places),
            Task::Gemm(gemm) => self.gemm(queue, gemm, places),
            Task::Zero(at, bytes) => queue.zero(places.of(*at, 1), *bytes),
            Task::Loop(looped) => self.looped(queue, looped, places, body),
        }
    }

    fn kernel(&self, queue: &Queue, kernel: &Kernel, places: &Places) -> Result<()> {
        let Some(function) = self.functions.get(&kernel.name()) else {
            return Err(EngineError::internal("a kernel that was not compiled"));
        };
        let of = |parameter: &Parameter| match parameter {
            Parameter::Value(at, dtype, _) => places.of(*at, dtype.size()),
            Parameter::Counters => places.counters,
            Parameter::Wrong => places.wrong,
        };
        let mut pointers: Vec<Pointer> = kernel.parameters.iter().map(of).collect();
        queue.launch(*function, kernel.blocks, THREADS, &mut pointers)
    }

    fn gemm(&self, queue: &Queue, gemm: &Gemm, places: &Places) -> Result<()> {
        let factor = |f: &Factor| (f.transposed, places.of(f.at, gemm.dtype.size()), f.distance, f.entry);
        let (left, right) = (factor(&gemm.left), factor(&gemm.right));
        queue.multiply(&Call {
            dtype: gemm.dtype,
            precision: self.precision,
            sizes: [gemm.m, gemm.n, gemm.k],
            transposed: [left.0, right.0],
            pointers: [left.1, right.1, places.of(gemm.out, gemm.dtype.size())],
            distances: [left.2, right.2, gemm.distance],
            entries: [left.3, right.3, gemm.entry],
            count: gemm.entries,
            adds: gemm.adds,
        })
    }

    fn looped(&self, queue: &Queue, looped: &Looped, places: &Places, body: &mut usize) -> Result<()> {
        let constants = &self.bodies[*body];
        *body += 1;
        let (fixed, carried) = (looped.consts, looped.consts + looped.carry);
        let (inner, mut after) = (*body, *body);
        for step in 0..looped.length {
            let mut bases = vec![places.stretch(&looped.arena, 0)];
            bases.extend(looped.operands[..fixed].iter().map(|s| places.stretch(s, 0)));
            let before = if step == 0 { &looped.operands[fixed..carried] } else { &looped.turns[(step - 1) % 2][..] };
            bases.extend(before.iter().map(|s| places.stretch(s, 0)));
            bases.extend(looped.operands[carried..].iter().map(|s| places.stretch(s, step)));
            bases.extend(constants.iter().map(Buffer::at));
            bases.extend(looped.turns[step % 2].iter().map(|s| places.stretch(s, 0)));
            bases.extend(looped.stacks.iter().map(|(s, moves)| places.stretch(s, if *moves { step } else { 0 })));
            let mut own = inner;
            self.enqueue(queue, &looped.body, &Places { bases, ..places.clone() }, &mut own)?;
            after = own;
        }
        *body = if looped.length == 0 { inner + looped.body.loops() } else { after };
        let end = if looped.length == 0 { &looped.operands[fixed..carried] } else { &looped.turns[(looped.length - 1) % 2][..] };
        for (from, to) in end.iter().zip(&looped.last) {
            if let Some(to) = to {
                queue.copy(places.stretch(to, 0), places.stretch(from, 0), to.bytes)?;
            }
        }
        Ok(())
    }

    fn begin(&self, queue: &Queue, places: &Places) -> Result<()> {
        if self.lowered.names.is_empty() { Ok(()) } else { queue.zero(places.wrong, VERDICT) }
    }

    /// Records a run on several lanes.
    fn record(&self, recorder: &mut Recorder<'_>, places: &Places) -> Result<()> {
        self.begin(recorder.queue(0), places)?;
        let mut signals: Vec<Option<usize>> = Vec::with_capacity(self.placed.len());
        let mut body = 0;
        for own in &self.placed {
            for &other in &own.waits {
                if let Some(signal) = signals[other] {
                    recorder.wait(own.lane, signal)?;
                }
            }
            recorder.join(own.lane)?;
            let lane = own.lane as u64;
            let (scratch, counters) = (places.scratch + lane * self.scratch as u64, places.counters + lane * self.counters as u64);
            let places = Places { scratch, counters, ..places.clone() };
            for task in &self.lowered.tasks[own.tasks.clone()] {
                self.task(recorder.queue(own.lane), task, &places, &mut body)?;
            }
            signals.push(if own.signals { Some(recorder.signal(own.lane)?) } else { None });
        }
        Ok(())
    }

    /// Runs over these addresses: as a graph from the second time on.
    fn work(&self, places: &Places) -> Result<()> {
        let queue = self.gpu.session.main();
        let whole = || -> Result<()> {
            self.begin(queue, places)?;
            self.enqueue(queue, &self.lowered, places, &mut 0)
        };
        if self.lowered.totals().0 > LAUNCHES {
            return whole();
        }
        let key: Vec<Pointer> = places.bases.iter().copied().chain([places.scratch, places.counters]).collect();
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = recorded.graphs.iter().position(|(known, _)| *known == key)
            && let Some((_, graph)) = recorded.graphs.remove(at)
        {
            let graph = match graph {
                Some(graph) => graph,
                None => self.gpu.session.capture(|recorder| self.record(recorder, places))?,
            };
            let done = self.gpu.session.replay(&graph);
            recorded.graphs.push_back((key, Some(graph)));
            return done;
        }
        if recorded.graphs.len() == GRAPHS {
            recorded.graphs.pop_front();
        }
        recorded.graphs.push_back((key, None));
        whole()
    }
}

/// Constants on a GPU, without gaps.
fn on_gpu(gpu: &Arc<Gpu>, constants: &[Tensor]) -> Result<Vec<Buffer>> {
    // A single repeated value is one element, whose strides are zero in the plan.
    let of = |tensor: &Tensor| tensor.on(gpu).map(|(buffer, _)| buffer);
    constants.iter().map(of).collect()
}

fn of_bodies(gpu: &Arc<Gpu>, lowered: &Lowered, bodies: &mut Vec<Vec<Buffer>>) -> Result<()> {
    for task in &lowered.tasks {
        if let Task::Loop(looped) = task {
            bodies.push(on_gpu(gpu, &looped.body.constants)?);
            of_bodies(gpu, &looped.body, bodies)?;
        }
    }
    Ok(())
}

impl Executable for Program {
    fn run(&self, inputs: Vec<Tensor>, kept: bool) -> Result<Vec<Tensor>> {
        let gpu = &self.gpu;
        gpu.session.enter()?;
        let free = |input: &Tensor| if kept { input.may_overwrite_kept() } else { input.may_overwrite() };
        let mut travelling = vec![0u8; self.inputs_bytes];
        let mut pointers = Vec::with_capacity(inputs.len());
        let mut held: Vec<Option<Buffer>> = Vec::with_capacity(inputs.len());
        let mut overwrites = vec![false; inputs.len()];
        // What is small and on the GPU already, as the result of a run before.
        let mut moved: Vec<(Pointer, Pointer, usize)> = Vec::new();
        for (k, input) in inputs.iter().enumerate() {
            let aliased = self.lowered.outputs.iter().any(|o| o.alias == Some(k));
            match self.small_inputs[k].filter(|_| !aliased) {
                Some(at) if input.is_on_host_alone() => {
                    let bytes = input.contiguous()?.small_bytes()?;
                    travelling[at..at + bytes.len()].copy_from_slice(&bytes);
                    pointers.push(self.small.at() + at as u64);
                    held.push(None);
                }
                Some(at) if input.is_contiguous() => {
                    let (buffer, first) = input.on(gpu)?;
                    moved.push((self.small.at() + at as u64, buffer.at() + first as u64, input.bytes()));
                    pointers.push(self.small.at() + at as u64);
                    held.push(Some(buffer));
                }
                _ => {
                    let whole = input.contiguous()?;
                    let (buffer, first) = whole.on(gpu)?;
                    overwrites[k] = aliased && free(input) && first == 0 && buffer.is_whole() && input.is_contiguous();
                    if first.is_multiple_of(16) {
                        pointers.push(buffer.at() + first as u64);
                        held.push(Some(buffer));
                    } else {
                        // Kernels read sixteen bytes at a time.
                        let bytes = whole.bytes();
                        let moved = Buffer::new(gpu.block(bytes, "an input")?, bytes);
                        gpu.session.main().copy(moved.at(), buffer.at() + first as u64, bytes)?;
                        pointers.push(moved.at());
                        held.push(Some(moved));
                    }
                }
            }
        }
        let mut outputs: Vec<Option<Buffer>> = Vec::with_capacity(self.lowered.outputs.len());
        for (k, output) in self.lowered.outputs.iter().enumerate() {
            let bytes = output.ty.bytes();
            outputs.push(match output.alias.filter(|&i| overwrites[i]) {
                Some(input) => held[input].clone(),
                None if self.small_outputs[k].is_some() => None,
                None => Some(Buffer::new(gpu.block(bytes, &format!("a result of type {}", output.ty))?, bytes)),
            });
        }
        let results = Results::new(gpu.block(self.results_bytes, "small results")?, self.results_bytes);
        {
            let mut shared = gpu.turn();
            let [arena, scratch, counters] =
                shared.reserve(gpu, self.lowered.arena, self.scratch * self.lanes, self.counters * self.lanes)?;
            gpu.session.upload(self.small.at(), &travelling)?;
            moved.iter().try_for_each(|(to, from, bytes)| gpu.session.main().copy(*to, *from, *bytes))?;
            let mut bases = vec![arena];
            bases.extend(pointers);
            bases.extend(self.constants.iter().map(Buffer::at));
            let small = |k: usize| self.results() + self.small_outputs[k].unwrap_or(0) as u64;
            bases.extend(outputs.iter().enumerate().map(|(k, own)| own.as_ref().map_or_else(|| small(k), Buffer::at)));
            self.work(&Places { bases, scratch, counters, wrong: self.results() })?;
            gpu.session.main().copy(results.block.at, self.results(), self.results_bytes)?;
        }
        let results = Arc::new(results);
        let verdict = (!self.lowered.names.is_empty()).then(|| Arc::new(Verdict::new(results.clone(), self.lowered.names.clone())));
        // A run that overwrites nothing may be waited for, and fails itself; what a training step has to say is read with its results.
        if let Some(verdict) = verdict.as_ref().filter(|_| !overwrites.contains(&true)) {
            verdict.check()?;
        }
        let tensor = |(k, own): (usize, Option<Buffer>)| {
            let ty = self.lowered.outputs[k].ty.clone();
            let buffer = own.unwrap_or_else(|| Buffer::small(&results, self.small_outputs[k].unwrap_or(0), ty.bytes()));
            Tensor::of_buffer(buffer.judged(verdict.clone()), ty)
        };
        Ok(outputs.into_iter().enumerate().map(tensor).collect())
    }

    fn peak_bytes(&self) -> usize {
        let fresh = self.lowered.outputs.iter().filter(|o| o.alias.is_none()).map(|o| o.ty.bytes());
        fresh.fold(self.lowered.arena.saturating_add(self.lowered.scratch), usize::saturating_add)
    }

    fn is_large(&self) -> bool {
        false
    }

    fn is_on_host(&self) -> bool {
        false
    }

    fn explain(&self) -> String {
        self.lowered.explain()
    }
}
