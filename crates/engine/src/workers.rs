//! The workers of a process: one for each device, started when it is first asked for.
//! Which device is the best one is found out on a thread of its own; jobs for it wait in line until that is known.

use crate::{Choice, Device, EngineError, Job, Result, Worker, threads};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What is known of the best device.
#[derive(Default)]
enum Best {
    #[default]
    Unasked,
    /// It is being looked for; these jobs wait.
    Sought(Vec<Box<dyn Job>>),
    Found(Device),
    /// It could not be found, or its worker could not be started.
    Failed(EngineError),
}

#[derive(Default)]
struct State {
    workers: HashMap<Device, Worker>,
    best: Best,
}

impl State {
    fn worker(&mut self, device: Device) -> Result<&Worker> {
        match self.workers.entry(device) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(Worker::spawn(device)?)),
        }
    }
}

/// One worker per device.
pub struct Workers {
    state: Arc<Mutex<State>>,
    find: fn() -> Device,
}

impl Workers {
    /// No workers yet. `find` says, once and however long it takes, which device is the best; it is called on a thread of its own.
    ///
    /// ```
    /// # use thalweg_engine::{Choice, Device, Job, Step, Workers};
    /// # struct Nothing;
    /// # impl Job for Nothing {
    /// #     fn step(&mut self) -> Step { Step::Done }
    /// #     fn panicked(&mut self, _: String) {}
    /// # }
    /// let workers = Workers::new(|| Device::Cpu);
    /// workers.submit(Choice::Auto, Box::new(Nothing)).unwrap();
    /// workers.submit(Choice::Named(Device::Cpu), Box::new(Nothing)).unwrap(); // the same worker
    /// ```
    pub fn new(find: fn() -> Device) -> Workers {
        Workers { state: Arc::default(), find }
    }

    /// Adds a job behind those of its device. Nothing is waited for. On a device that is not there a job runs, and gets an error where
    /// it compiles a program or wants memory.
    ///
    /// # Errors
    /// `DeviceError` where a worker cannot be started; the job is dropped then.
    pub fn submit(&self, choice: Choice, job: Box<dyn Job>) -> Result<()> {
        // A job that is dropped may come back here, so that it must outlive the lock.
        let mut state = lock(&self.state);
        let device = match (choice, &mut state.best) {
            (Choice::Named(device), _) => device,
            (Choice::Auto, Best::Found(device)) => *device,
            (Choice::Auto, Best::Failed(error)) => return Err(error.clone()),
            (Choice::Auto, Best::Sought(waiting)) => {
                waiting.push(job);
                return Ok(());
            }
            (Choice::Auto, Best::Unasked) => {
                threads::wanted()?;
                self.seek()?;
                state.best = Best::Sought(vec![job]);
                return Ok(());
            }
        };
        state.worker(device)?.submit(job);
        Ok(())
    }

    /// Adds a job that any worker may do; gives it back where there is none.
    pub fn submit_to_any(&self, job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        let mut state = lock(&self.state);
        if let Best::Sought(waiting) = &mut state.best {
            waiting.push(job);
            return None;
        }
        match state.workers.values().next() {
            Some(worker) => {
                worker.submit(job);
                None
            }
            None => Some(job),
        }
    }

    /// Has the best device looked for. The caller holds the state, so that the answer comes after its job.
    fn seek(&self) -> Result<()> {
        let (shared, find) = (self.state.clone(), self.find);
        let seek = move || {
            let found = catch_unwind(find).map_err(|_| EngineError::internal("the search for a device panicked"));
            let mut state = lock(&shared);
            let Best::Sought(waiting) = std::mem::take(&mut state.best) else { return };
            let (best, dropped) = match found.and_then(|device| state.worker(device).map(|worker| (device, worker))) {
                Ok((device, worker)) => {
                    waiting.into_iter().for_each(|job| worker.submit(job));
                    (Best::Found(device), Vec::new())
                }
                Err(error) => (Best::Failed(error), waiting),
            };
            state.best = best;
            drop(state);
            drop(dropped);
        };
        let started = thread::Builder::new().name("thalweg-device".into()).spawn(seek);
        started.map(|_| ()).map_err(|e| EngineError::device(format!("the search for a device could not be started: {e}")))
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
