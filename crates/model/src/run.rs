//! The handle of a long job: its events, its end, and the ways to stop it.
//! Shared between the worker, which writes, and the caller, who reads without ever waiting on a lock held for long.

use crate::{ModelError, Result};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use thalweg_engine::Waker;

/// The least time between two events that a reader sees, unless it is asked for at a certain step.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

/// What a job reports while it runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Steps done.
    pub step: u64,
    /// Steps to do.
    pub steps: u64,
    /// Passes over the data begun, from 0.
    pub epoch: u64,
    /// Loss of the last step.
    pub loss: Option<f64>,
    /// Norm of the last gradient, before clipping.
    pub grad_norm: Option<f64>,
    /// Learning rate of the last step.
    pub learning_rate: Option<f64>,
    /// Speed since the start of this run.
    pub steps_per_second: f64,
    /// Time left at that speed.
    pub seconds_left: f64,
    /// The last validation loss, if there was one since the last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Whether the job waits for `resume`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// How a job ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Steps done in all, earlier runs included.
    pub step: u64,
    /// Steps done by this run, counted where they are done.
    pub steps_run: u64,
    /// Last loss.
    pub loss: Option<f64>,
    /// Lowest validation loss.
    pub best_validation_loss: Option<f64>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Why it ended: `"finished"`, `"stopped"`, `"early stop"`.
    pub reason: String,
    /// Evaluations of the network's velocity, for sampling jobs.
    pub evaluations: u64,
    /// Steps of an adaptive solver that were taken back.
    pub rejected: u64,
}

type Reader = Box<dyn FnOnce(Option<Event>) + Send>;
type Waiter = Box<dyn FnOnce(Result<Report>) + Send>;

#[derive(Default)]
struct State {
    /// Events that every reader sees: pauses and validation losses.
    kept: VecDeque<Event>,
    /// The newest of the others.
    waiting: Option<Event>,
    last_sent: Option<Instant>,
    readers: Vec<Reader>,
    waiters: Vec<Waiter>,
    end: Option<Result<Report>>,
}

impl State {
    /// Takes the event that a reader may see now.
    fn due(&mut self) -> Option<Event> {
        let rested = self.end.is_some() || self.last_sent.is_none_or(|t| t.elapsed() >= EVENT_INTERVAL);
        let event = match self.kept.pop_front() {
            Some(event) => Some(event),
            None if rested => self.waiting.take(),
            None => None,
        };
        if event.is_some() {
            self.last_sent = Some(Instant::now());
        }
        event
    }
}

/// The shared handle of a long job.
#[derive(Clone, Default)]
pub struct Run {
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    paused: Arc<AtomicBool>,
    steps: Arc<AtomicU64>,
    waker: Arc<OnceLock<Waker>>,
}

impl Run {
    /// A run that has not started.
    pub fn new() -> Run {
        Run::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the job to end after the current step, with a consistent state.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.resume();
    }

    /// Lets a paused job go on.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
        self.wake();
    }

    /// Has the worker look whether the job can go on.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }

    /// Whom to wake when a paused job may go on. The first call counts.
    pub(crate) fn attach(&self, waker: Waker) {
        let _ = self.waker.set(waker);
    }

    /// Whether `stop` was called.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Whether the job waits for `resume`.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// Calls `reader` with the next event, or with `None` after the end.
    pub fn next(&self, reader: Reader) {
        let mut state = self.lock();
        if let Some(event) = state.due() {
            drop(state);
            reader(Some(event));
        } else if state.end.is_some() {
            drop(state);
            reader(None);
        } else {
            state.readers.push(reader);
        }
    }

    /// Calls `waiter` with the report or the error, once the job has ended.
    pub fn wait(&self, waiter: Waiter) {
        let mut state = self.lock();
        match state.end.clone() {
            Some(end) => {
                drop(state);
                waiter(end);
            }
            None => state.waiters.push(waiter),
        }
    }

    /// Publishes an event; a reader sees the newest one at most ten times a second. Pauses and validation losses are never left out.
    pub(crate) fn publish(&self, event: Event) {
        self.steps.store(event.step, Ordering::SeqCst);
        let mut state = self.lock();
        if event.paused {
            self.paused.store(true, Ordering::SeqCst);
        }
        if event.paused || event.validation_loss.is_some() {
            state.waiting = None;
            state.kept.push_back(event);
        } else {
            state.waiting = Some(event);
        }
        if state.readers.is_empty() {
            return;
        }
        if let Some(event) = state.due() {
            let reader = state.readers.remove(0);
            drop(state);
            reader(Some(event));
        }
    }

    /// Ends the run; only the first call counts.
    pub(crate) fn finish(&self, end: Result<Report>) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        state.end = Some(end.clone());
        let mut readers = std::mem::take(&mut state.readers).into_iter();
        let waiters = std::mem::take(&mut state.waiters);
        let last = if readers.len() > 0 { state.due() } else { None };
        drop(state);
        if let Some(event) = last
            && let Some(first) = readers.next()
        {
            first(Some(event));
        }
        readers.for_each(|reader| reader(None));
        waiters.into_iter().for_each(|waiter| waiter(end.clone()));
    }

    /// Ends the run because the job panicked.
    pub(crate) fn panicked(&self, message: String) {
        self.finish(Err(ModelError::new("InternalError", message)));
    }
}
