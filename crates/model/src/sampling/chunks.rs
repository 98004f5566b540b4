//! Sampling as a job of the worker, chunk by chunk, one turn of its sampler at a time.
//! What the samplers of continuous states and of tokens share: which rows a chunk has, progress, the shape of the results, and the end.

use super::noise;
use super::options::BatchSize;
use crate::bind::Bindings;
use crate::definition::Definition;
use crate::groups::Groups;
use crate::run::{Event, Report, Run};
use crate::{ModelError, Result};
use std::time::Instant;
use thalweg_engine::{Getter, Job, Setter, Step, Tensor, Waker};
use thalweg_graph::{Leaves, count};

/// Largest number of rows that are sampled at once.
pub const CHUNK: usize = 4096;

/// Up to this number of rows, a chunk is padded to a power of two: there, rows cost little beside the call.
const FEW: usize = 64;

/// The padded number of rows of a chunk of `length` rows, so that samples of all numbers share some programs. Of many rows there are
/// eight sizes between a power of two and the next: at most one row in nine is padding.
pub fn padded(length: usize) -> usize {
    let power = length.next_power_of_two();
    if length <= FEW { power } else { length.next_multiple_of(power / 16).min(CHUNK) }
}

/// The padded sizes of the chunks of `rows` rows: whose forwards must be known beforehand.
pub fn chunk_rows(rows: usize) -> Vec<usize> {
    let tail = rows % CHUNK;
    let full = (rows >= CHUNK).then_some(CHUNK);
    full.into_iter().chain((tail > 0).then(|| padded(tail))).collect()
}

/// Rows to sample: `batch_size` for each of those that are given (starts or conditions), if there are any.
pub fn rows_of(batch_size: Option<&BatchSize>, given: Option<usize>) -> usize {
    batch_size.map_or(1, |b| count(&b.shape())).saturating_mul(given.unwrap_or(1))
}

/// What a call was given for its rows.
pub struct Starts {
    /// Starts, or data.
    pub x0: Option<Leaves<Tensor>>,
    /// Conditions.
    pub condition: Option<Leaves<Tensor>>,
    /// Their number of rows.
    pub rows: Option<usize>,
}

impl Starts {
    /// Starts, called `what` in messages, and conditions, of equally many rows.
    ///
    /// # Errors
    /// `ShapeError` where they are not.
    pub fn new(what: &str, x0: Option<Leaves<Tensor>>, condition: Option<Leaves<Tensor>>) -> Result<Starts> {
        let rows = match (x0.as_ref().map(crate::data::rows), condition.as_ref().map(crate::data::rows)) {
            (Some(a), Some(b)) if a != b => {
                return Err(ModelError::expected("ShapeError", format!("{what} and condition differ in rows"), a, b));
            }
            (a, b) => a.or(b),
        };
        Ok(Starts { x0, condition, rows })
    }
}

/// The rows of the next chunk: row r of the flat order (b, n) uses start and condition n; padding repeats the last row.
pub struct Slice {
    /// Rows that are wanted.
    pub length: usize,
    /// Of each of the padded rows, the row of what was given.
    pub pick: Vec<i64>,
    /// Starts, if they were given.
    pub x0: Option<Vec<Tensor>>,
}

/// How far a call is.
pub struct Chunks {
    starts: Starts,
    rows: usize,
    /// The shape of the rows in a result.
    leading: Vec<usize>,
    start: usize,
    /// Per returned time, per leaf, the chunks so far.
    parts: Vec<Vec<Vec<Tensor>>>,
    started: Instant,
    /// What has been done.
    pub report: Report,
}

impl Chunks {
    /// The rows of a call whose results have `times` times.
    ///
    /// # Errors
    /// `MemoryError` where the results have no room.
    pub fn new(definition: &Definition, batch_size: Option<&BatchSize>, starts: Starts, times: usize) -> Result<Chunks> {
        let rows = rows_of(batch_size, starts.rows);
        let row: usize = definition.x().values().map(|shape| count(shape)).sum();
        // Twice: the parts of all chunks, and the tensor that they become.
        let bytes = [row, times, 2 * definition.state_dtype().size()].into_iter().fold(rows, usize::saturating_mul);
        thalweg_engine::memory::require(bytes, &format!("{rows} samples"))?;
        Ok(Chunks {
            rows,
            leading: batch_size.into_iter().flat_map(BatchSize::shape).chain(starts.rows).collect(),
            starts,
            start: 0,
            parts: vec![vec![Vec::new(); definition.x().len()]; times],
            started: Instant::now(),
            report: Report { reason: "finished".into(), ..Report::default() },
        })
    }

    /// The next chunk, with its conditions bound, or `None` if all rows are done.
    ///
    /// # Errors
    /// No memory.
    pub fn next(&self, bound: &mut Bindings) -> Result<Option<Slice>> {
        if self.start >= self.rows {
            return Ok(None);
        }
        let length = CHUNK.min(self.rows - self.start);
        let n = self.starts.rows.unwrap_or(1);
        let pick: Vec<i64> = (0..padded(length)).map(|i| ((self.start + i.min(length - 1)) % n) as i64).collect();
        if let Some(condition) = &self.starts.condition {
            bound.set_leaves("condition", &gather(condition, &pick)?);
        }
        let x0 = self.starts.x0.as_ref().map(|x0| gather(x0, &pick)).transpose()?;
        Ok(Some(Slice { length, pick, x0: x0.map(|x0| x0.values().cloned().collect()) }))
    }

    /// Random numbers of the chunk's rows, `rows` with padding.
    pub fn noise<'a>(&self, definition: &'a Definition, seed: i64, rows: usize) -> noise::Chunk<'a> {
        noise::Chunk { sizes: definition.x(), dtype: definition.dtype(), seed, start: self.start, rows }
    }

    /// Keeps the chunk's states at the `index`-th time of the result, without padding.
    ///
    /// # Errors
    /// No memory.
    pub fn keep(&mut self, index: usize, leaves: &[Tensor], length: usize) -> Result<()> {
        for (parts, tensor) in self.parts[index].iter_mut().zip(leaves) {
            parts.push(tensor.narrow(0, 0, length)?);
        }
        Ok(())
    }

    /// The chunk of `length` rows is done.
    pub fn end_chunk(&mut self, length: usize) {
        self.start += length;
    }

    /// Says how far the call is: `done` steps, of which the chunk's are the part `within` of its own; and of `steps` in all, if that is known.
    pub fn publish(&self, run: &Run, done: u64, steps: Option<u64>, within: f64, length: usize) {
        let part = ((self.start as f64 + within * length as f64) / self.rows as f64).max(1e-9);
        let seconds = self.started.elapsed().as_secs_f64();
        run.publish(Event {
            step: done,
            steps: steps.unwrap_or_else(|| (done as f64 / part).ceil() as u64),
            steps_per_second: done as f64 / seconds.max(1e-9),
            seconds_left: seconds * (1.0 / part - 1.0),
            ..Event::default()
        });
    }

    /// How many chunks there are in all.
    pub fn count(&self) -> usize {
        self.rows.div_ceil(CHUNK)
    }

    /// The parts of all chunks, in the shape of the rows.
    ///
    /// # Errors
    /// No memory.
    pub fn join(&self, parts: &[Tensor]) -> Result<Tensor> {
        Ok(Tensor::concat(parts, 0)?.reshape(&self.leading)?)
    }

    /// The states of all chunks, leaf by leaf: times first, if the result is a `trajectory`.
    ///
    /// # Errors
    /// No memory.
    pub fn states(&self, definition: &Definition, trajectory: bool) -> Result<Vec<Tensor>> {
        let times: Vec<usize> = trajectory.then_some(self.parts.len()).into_iter().collect();
        let leaf = |(leaf, shape): (usize, &Vec<usize>)| -> Result<Tensor> {
            let parts: Vec<Tensor> = self.parts.iter().flat_map(|leaves| leaves[leaf].iter().cloned()).collect();
            Ok(Tensor::concat(&parts, 0)?.reshape(&[&times[..], &self.leading, shape].concat())?)
        };
        definition.x().values().enumerate().map(leaf).collect()
    }

    fn ended(mut self) -> Report {
        self.report.seconds = self.started.elapsed().as_secs_f64();
        self.report
    }
}

/// What is done with the rows of a chunk.
pub trait Sampler: Send {
    /// What it holds between two turns.
    type Work: Send;

    /// The tensors that it waits for.
    fn given(&self) -> &Groups<Getter<Tensor>>;

    /// Checks what was given, once it is there.
    ///
    /// # Errors
    /// What is wrong with it.
    fn begin(&self) -> Result<Self::Work>;

    /// One turn; whether all is done.
    ///
    /// # Errors
    /// Those of the model's programs.
    fn advance(&self, run: &Run, work: &mut Self::Work) -> Result<bool>;

    /// The results, and how far it came.
    ///
    /// # Errors
    /// No memory.
    fn results(&self, work: Self::Work) -> Result<(Vec<Tensor>, Chunks)>;
}

/// The job of a sampler.
pub struct SamplerJob<S: Sampler> {
    sampler: S,
    run: Run,
    results: Vec<Setter<Tensor>>,
    work: Option<S::Work>,
}

impl<S: Sampler> SamplerJob<S> {
    pub(super) fn of(sampler: S, run: Run, results: Vec<Setter<Tensor>>) -> SamplerJob<S> {
        SamplerJob { sampler, run, results, work: None }
    }

    fn turn(&mut self) -> Result<Option<Report>> {
        if self.run.is_stopped() {
            return Err(ModelError::new("AbortError", "sampling was stopped before it was done"));
        }
        let Some(mut work) = self.work.take() else {
            self.work = Some(self.sampler.begin()?);
            return Ok(None);
        };
        if !self.sampler.advance(&self.run, &mut work)? {
            self.work = Some(work);
            return Ok(None);
        }
        let (tensors, chunks) = self.sampler.results(work)?;
        for (setter, tensor) in self.results.drain(..).zip(tensors) {
            setter.set(Ok(tensor));
        }
        Ok(Some(chunks.ended()))
    }

    fn fail(&mut self, error: ModelError) {
        for setter in self.results.drain(..) {
            setter.set(Err(error.clone().into()));
        }
        self.run.finish(Err(error));
    }
}

impl<S: Sampler> Job for SamplerJob<S> {
    fn watch(&mut self, waker: &Waker) {
        self.run.attach(waker.clone());
        waker.after(self.sampler.given().values());
    }

    fn ready(&self) -> bool {
        self.sampler.given().values().all(|g| g.try_get().is_some())
    }

    fn step(&mut self) -> Step {
        match self.turn() {
            Ok(None) => return Step::Again,
            Ok(Some(report)) => self.run.finish(Ok(report)),
            Err(error) => self.fail(error),
        }
        Step::Done
    }

    fn panicked(&mut self, message: String) {
        self.fail(ModelError::new("InternalError", message));
    }
}

fn gather(leaves: &Leaves<Tensor>, rows: &[i64]) -> Result<Leaves<Tensor>> {
    let entries: Result<Vec<_>> = leaves.iter().map(|(name, t)| Ok((name.to_string(), crate::data::gather_rows(t, rows)?))).collect();
    Ok(Leaves::new(entries?))
}
