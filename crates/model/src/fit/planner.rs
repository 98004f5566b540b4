//! Couples the batches of the steps to come, on a thread of its own, while the present step runs.
//! A plan is a function of seed and step alone, so that a run that is stopped and resumed sees the same pairs.

use super::batch::PARTS;
use crate::objective::SOURCE;
use crate::{ModelError, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use thalweg_coupling::{Batch, Conditions, Couple, Coupling, Pairing};
use thalweg_engine::random;
use thalweg_graph::{DType, Leaves, count};

/// Steps that are planned ahead.
const AHEAD: usize = 2;

/// Rows of a set, on the host, in the model's units; the leaves of a row one after the other.
pub(crate) struct HostRows {
    pub width: usize,
    pub values: Vec<f32>,
}

impl HostRows {
    fn count(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    fn gather(&self, rows: &[i64]) -> Vec<f64> {
        let row = |&r: &i64| self.values[r as usize * self.width..][..self.width].iter().map(|&v| f64::from(v));
        rows.iter().flat_map(row).collect()
    }
}

/// What plans are made of.
pub(crate) struct PlanRequest {
    pub coupling: Coupling,
    pub x: HostRows,
    /// Source samples; without them, the normal numbers that the program draws.
    pub x0: Option<HostRows>,
    pub condition: Option<HostRows>,
    /// Shapes of a sample's leaves.
    pub sizes: Leaves<Vec<usize>>,
    pub dtype: DType,
    pub seed: i64,
    /// Rows of one batch, batches of a full step, rows of the last step of an epoch (0: as the others), steps of an epoch.
    pub batch: usize,
    pub parts: usize,
    pub rest: usize,
    pub per_epoch: u64,
    /// The first step on these rows, and how many orders of rows there were before.
    pub begin: u64,
    pub passes: u64,
}

/// The rows that meet in one batch.
pub(crate) struct BatchPairs {
    /// Rows of the data set.
    pub data: Vec<i64>,
    /// Rows of the source set, or of the batch's normal numbers.
    pub source: Vec<i64>,
}

/// The plans of a run, in the order of its steps.
pub(crate) struct Planner {
    plans: Receiver<Plan>,
    /// The next one, once it has come.
    next: RefCell<Option<Plan>>,
}

/// The pairs of a step, batch by batch.
type Plan = Result<Vec<BatchPairs>>;

impl Planner {
    /// Begins to plan the steps `first` … `last` − 1. `tell` is called whenever a plan is there, and at the end.
    ///
    /// # Errors
    /// `InternalError` where no thread can be started.
    pub fn start(request: PlanRequest, first: u64, last: u64, tell: impl Fn() + Send + 'static) -> Result<Planner> {
        let (sender, plans) = sync_channel(AHEAD);
        let work = move || {
            let mut orders = Orders { data: Order::of("fit.permutation"), source: Order::of("fit.source") };
            for step in first..last {
                let plan = request.step(step, &mut orders);
                let failed = plan.is_err();
                // Nobody waits for more plans once the run has ended.
                let gone = sender.send(plan).is_err();
                tell();
                if gone || failed {
                    break;
                }
            }
            // That no more will come is told, too: a job that looked before the channel was closed waits to hear of it.
            drop(sender);
            tell();
        };
        let started = std::thread::Builder::new().name("thalweg-plan".into()).spawn(work);
        started
            .map(|_| Planner { plans, next: RefCell::new(None) })
            .map_err(|e| ModelError::new("InternalError", format!("no thread for couplings: {e}")))
    }

    /// Whether the next plan is there, so that a step need not wait for it.
    pub fn is_ready(&self) -> bool {
        let mut next = self.next.borrow_mut();
        if next.is_none() {
            *next = match self.plans.try_recv() {
                Ok(plan) => Some(plan),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(lost())),
            };
        }
        next.is_some()
    }

    /// The pairs of the next step; waits for them where they are not there.
    ///
    /// # Errors
    /// Those of the coupling.
    pub fn next(&self) -> Plan {
        let ready = self.next.borrow_mut().take();
        ready.unwrap_or_else(|| self.plans.recv().map_err(|_| lost())?)
    }
}

fn lost() -> ModelError {
    ModelError::new("InternalError", "the thread that couples batches ended early")
}

/// The present orders of both sets.
struct Orders {
    data: Order,
    source: Order,
}

/// A shuffled order of a set's rows, anew for each pass over it.
struct Order {
    stream: &'static str,
    pass: Option<u64>,
    rows: Vec<i64>,
}

impl Order {
    fn of(stream: &'static str) -> Order {
        Order { stream, pass: None, rows: Vec::new() }
    }

    fn rows(&mut self, pass: u64, count: usize, seed: i64) -> &[i64] {
        if self.pass != Some(pass) {
            self.rows = random::permutation(count, seed, random::stream_of(self.stream), pass as i64);
            self.pass = Some(pass);
        }
        &self.rows
    }
}

impl PlanRequest {
    fn step(&self, step: u64, orders: &mut Orders) -> Result<Vec<BatchPairs>> {
        let since = step - self.begin;
        let (pass, within) = (self.passes + since / self.per_epoch, (since % self.per_epoch) as usize);
        let is_rest = self.rest > 0 && within as u64 + 1 == self.per_epoch;
        let (batch, parts) = if is_rest { (self.rest, 1) } else { (self.batch, self.parts) };
        let start = within * self.batch * self.parts;
        let Orders { data, source } = orders;
        let rows = data.rows(pass, self.x.count(), self.seed);
        (0..parts).map(|part| self.pairs(step, part, &rows[start + part * batch..][..batch], source)).collect()
    }

    fn pairs(&self, step: u64, part: usize, data: &[i64], order: &mut Order) -> Result<BatchPairs> {
        let (source_rows, sources) = self.sources(step, part, data, order);
        let condition = self.condition.as_ref().map(|c| (c.gather(data), c.width));
        let pairs = pair(&self.coupling, &sources, &self.x.gather(data), self.x.width, condition, |rows| self.uniforms(step, part, rows));
        let pairs = pairs.map_err(|e| ModelError { message: format!("step {}: {}", step + 1, e.message), ..e })?;
        let pick = |rows: &[i64], indices: &[usize]| indices.iter().map(|&i| rows[i]).collect();
        Ok(BatchPairs { data: pick(data, &pairs.data), source: pick(&source_rows, &pairs.source) })
    }

    /// Indices and values of the source samples of a batch.
    fn sources(&self, step: u64, part: usize, data: &[i64], order: &mut Order) -> (Vec<i64>, Vec<f64>) {
        let Some(x0) = &self.x0 else {
            let rows = (0..data.len() as i64).collect();
            return (rows, self.normals(step, part, data.len()));
        };
        let rows = match self.coupling {
            Coupling::Paired(_) => data.to_vec(),
            _ => self.drawn(x0.count(), step, part, data.len(), order),
        };
        let values = x0.gather(&rows);
        (rows, values)
    }

    /// Rows of the source set: one shuffled pass after the other.
    fn drawn(&self, count: usize, step: u64, part: usize, batch: usize, order: &mut Order) -> Vec<i64> {
        let first = step as usize * self.batch * self.parts + part * self.batch;
        (first..first + batch).map(|position| order.rows((position / count) as u64, count, self.seed)[position % count]).collect()
    }

    /// The normal numbers that the program draws as sources, row by row.
    fn normals(&self, step: u64, part: usize, batch: usize) -> Vec<f64> {
        let counter = step as i64 * PARTS + part as i64;
        let mut out = vec![0.0; batch * self.x.width];
        let mut offset = 0;
        for (name, shape) in self.sizes.iter() {
            let width = count(shape);
            let stream = random::stream_of(&format!("{SOURCE}.{name}"));
            for (row, values) in normal(self.dtype, self.seed, stream, counter, batch * width).chunks_exact(width).enumerate() {
                out[row * self.x.width + offset..][..width].copy_from_slice(values);
            }
            offset += width;
        }
        out
    }

    fn uniforms(&self, step: u64, part: usize, count: usize) -> Vec<f64> {
        let mut out = vec![0.0; count];
        random::uniform_f64(self.seed, random::stream_of("fit.pairs"), step as i64 * PARTS + part as i64, 0, &mut out);
        out
    }
}

/// Pairs of source rows and data rows of `width` numbers. Conditions come with their width; a conditional coupling without a weight takes equal ones as one class.
///
/// # Errors
/// Those of the coupling.
pub(crate) fn pair(
    coupling: &Coupling,
    source: &[f64],
    data: &[f64],
    width: usize,
    condition: Option<(Vec<f64>, usize)>,
    uniforms: impl FnOnce(usize) -> Vec<f64>,
) -> Result<Pairing> {
    let (rows, columns) = (source.len() / width.max(1), data.len() / width.max(1));
    if !matches!(coupling, Coupling::Independent(_) | Coupling::Paired(_)) {
        crate::data::require_matrix(rows, columns, "the distances of all pairs (take smaller batches)")?;
    }
    let labels = condition.as_ref().map(|(values, width)| classes(values, *width));
    let conditions = match (coupling, &condition, &labels) {
        (Coupling::Conditional(c), Some(_), Some(labels)) if c.weight.is_none() && c.target_ratio.is_none() => Conditions::Discrete(labels),
        (_, Some((values, dim)), _) => Conditions::Continuous { values, dim: *dim },
        _ => Conditions::None,
    };
    let draws = coupling.draws(data.len() / width.max(1));
    Ok(coupling.pair(&Batch { source, data, dim: width, conditions }, &uniforms(draws))?)
}

/// A number for each distinct row.
fn classes(values: &[f64], width: usize) -> Vec<i64> {
    let mut known: HashMap<Vec<u64>, i64> = HashMap::new();
    let mut class = |row: &[f64]| {
        let next = known.len() as i64;
        *known.entry(row.iter().map(|v| v.to_bits()).collect()).or_insert(next)
    };
    values.chunks_exact(width.max(1)).map(&mut class).collect()
}

fn normal(dtype: DType, seed: i64, stream: u64, counter: i64, length: usize) -> Vec<f64> {
    if dtype == DType::F64 {
        let mut out = vec![0.0; length];
        random::normal_f64(seed, stream, counter, 0, &mut out);
        return out;
    }
    let mut out = vec![0.0; length];
    random::normal_f32(seed, stream, counter, 0, &mut out);
    out.into_iter().map(f64::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::random_inputs;
    use crate::objective::Draw;
    use thalweg_engine::{CompileOptions, Executor, Program, Tensor};
    use thalweg_graph::Builder;

    fn request(dtype: DType) -> PlanRequest {
        let sizes = Leaves::new(vec![("a".to_string(), vec![2]), ("b".to_string(), vec![3, 1])]);
        let x = HostRows { width: 5, values: vec![0.0; 5 * 64] };
        let coupling = Coupling::exact();
        PlanRequest {
            coupling,
            x,
            x0: None,
            condition: None,
            sizes,
            dtype,
            seed: 9,
            batch: 8,
            parts: 2,
            rest: 0,
            per_epoch: 4,
            begin: 0,
            passes: 0,
        }
    }

    #[test]
    fn the_sources_that_are_coupled_are_the_bits_that_the_program_draws() {
        for dtype in [DType::F32, DType::F64] {
            let (request, step, part) = (request(dtype), 3, 1);
            let b = Builder::new();
            let (seed, counter) = random_inputs(&b);
            let like = request.sizes.map(|shape| b.full(0.0, dtype, &[&[8], &shape[..]].concat()));
            let drawn = Draw { seed, counter: counter * PARTS as f64 + part as f64 }.normal(SOURCE, &like);
            let graph = b.finish(&drawn.values().copied().collect::<Vec<_>>()).unwrap();
            let scalar = |v: i64| Tensor::from_i64(vec![v], &[]).unwrap();
            // On a GPU they are within two units in the last place.
            let options = CompileOptions { executor: Executor::Cpu, ..CompileOptions::default() };
            let out = Program::compile(&graph, &options).unwrap().run(vec![scalar(9), scalar(step)]).unwrap();
            let (a, b) = (out[0].to_f64_vec().unwrap(), out[1].to_f64_vec().unwrap());
            let rows: Vec<f64> = (0..8).flat_map(|r| [&a[2 * r..2 * r + 2], &b[3 * r..3 * r + 3]].concat()).collect();
            assert_eq!(request.normals(step as u64, part, 8), rows);
        }
    }

    #[test]
    fn every_source_of_a_set_is_used_once_before_one_is_used_again() {
        let request = PlanRequest { x0: Some(HostRows { width: 5, values: vec![0.0; 5 * 48] }), ..request(DType::F32) };
        let mut order = Order::of("fit.source");
        let batches = (0..3).flat_map(|step| [(step, 0), (step, 1)]);
        let mut seen: Vec<i64> = batches.flat_map(|(step, part)| request.drawn(48, step, part, 8, &mut order)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..48).collect::<Vec<_>>());
    }
}
