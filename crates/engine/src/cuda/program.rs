//! A compiled graph on a GPU. A run puts its work on the stream and returns; what it computes is waited for when it is read. The second
//! run over the same addresses is recorded as one CUDA graph, and those that follow replay it.

use super::buffer::{Buffer, Results, Verdict};
use super::driver::{Call, Function, Graph, Pointer, Queue, Recorder};
use super::gpu::Gpu;
use super::lanes::{LANES, Placed, place};
use super::lower::Lowered;
use super::product::Gemm;
use super::source::{Kernel, THREADS};
use super::timed::Timed;
use super::walk::{self, Machine, Places};
use crate::cpu::explain;
use crate::profile::Limits;
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
    /// See [`explain::number`].
    number: u64,
    functions: HashMap<String, Function>,
    /// Addresses of constants, of the program and of the bodies of its loops, in the order of their tasks.
    constants: Vec<Buffer>,
    bodies: Vec<Vec<Pointer>>,
    /// Holds the constants of bodies.
    _held: Vec<Buffer>,
    /// Where small inputs and results lie: offsets, and a block for both.
    small_inputs: Vec<Option<usize>>,
    small_outputs: Vec<Option<usize>>,
    inputs_bytes: usize,
    results_bytes: usize,
    small: Buffer,
    recorded: Mutex<Recorded>,
    /// Whether runs are recorded: not those of very many launches.
    records: bool,
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

/// A queue with the functions of a program.
struct OnQueue<'a> {
    program: &'a Program,
    queue: &'a Queue,
}

impl Machine for OnQueue<'_> {
    fn kernel(&self, kernel: &Kernel, pointers: &mut [Pointer]) -> Result<()> {
        let Some(function) = self.program.functions.get(&kernel.name()) else {
            return Err(EngineError::internal("a kernel that was not compiled"));
        };
        self.queue.launch(*function, kernel.blocks, THREADS, pointers)
    }

    fn multiply(&self, gemm: &Gemm, pointers: [Pointer; 3]) -> Result<()> {
        self.queue.multiply(&Call {
            dtype: gemm.dtype,
            precision: self.program.precision,
            sizes: [gemm.m, gemm.n, gemm.k],
            transposed: [gemm.left.transposed, gemm.right.transposed],
            pointers,
            distances: [gemm.left.distance, gemm.right.distance, gemm.distance],
            entries: [gemm.left.entry, gemm.right.entry, gemm.entry],
            count: gemm.entries,
            adds: gemm.adds,
        })
    }

    fn zero(&self, at: Pointer, bytes: usize) -> Result<()> {
        self.queue.zero(at, bytes)
    }

    fn copy(&self, to: Pointer, from: Pointer, bytes: usize) -> Result<()> {
        self.queue.copy(to, from, bytes)
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
        let mut held = Vec::new();
        let mut bodies = Vec::new();
        for own in lowered.of_bodies() {
            let own = on_gpu(gpu, own)?;
            bodies.push(own.iter().map(Buffer::at).collect());
            held.extend(own);
        }
        let lanes = if lowered.scratch > LARGE { 2 } else { LANES };
        let placed = place(&lowered.tasks, &lowered.bundles, lanes, lowered.alias());
        let (small_inputs, inputs_bytes) = laid_out(inputs.iter().copied(), 0);
        let first = inputs_bytes.next_multiple_of(256);
        let (small_outputs, end) = laid_out(lowered.outputs.iter().map(|o| o.ty.bytes()), VERDICT);
        let small = Buffer::new(gpu.block(first + end, "a program's scalars")?, first + end);
        Ok(Program {
            gpu: gpu.clone(),
            records: lowered.totals().0 <= LAUNCHES,
            lowered,
            precision,
            number: explain::number(),
            functions,
            constants,
            bodies,
            _held: held,
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

    /// The queue as a machine for this program.
    fn machine<'a>(&'a self, queue: &'a Queue) -> OnQueue<'a> {
        OnQueue { program: self, queue }
    }

    /// The queue as a machine that takes the time of everything that it does.
    fn timed<'a>(&'a self, queue: &'a Queue) -> Result<Timed<'a, OnQueue<'a>>> {
        // A GPU that is nearly full cannot be measured, but profiled.
        let nothing = Limits { product: f64::INFINITY, cache: f64::INFINITY, memory: f64::INFINITY };
        let limits = self.gpu.limits(self.precision).unwrap_or(nothing);
        Timed::new(self.machine(queue), queue, limits)
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
                walk::task(&self.machine(recorder.queue(own.lane)), task, &places, &self.bodies, &mut body)?;
            }
            signals.push(if own.signals { Some(recorder.signal(own.lane)?) } else { None });
        }
        Ok(())
    }

    /// Runs over these addresses: as a graph from the second time on.
    fn work(&self, places: &Places) -> Result<()> {
        let queue = self.gpu.session.main();
        if explain::measures() {
            self.begin(queue, places)?;
            let timed = self.timed(queue)?;
            walk::all(&timed, &self.lowered, places, &self.bodies, &mut 0)?;
            self.gpu.session.wait()?;
            return timed.tell(self.number);
        }
        let whole = || -> Result<()> {
            self.begin(queue, places)?;
            walk::all(&self.machine(queue), &self.lowered, places, &self.bodies, &mut 0)
        };
        if !self.records {
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
