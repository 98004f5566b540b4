//! The device's worker: started with the first job, never waited for by the main thread.
//! It keeps no process alive; a pending promise does.

use std::sync::OnceLock;

use thalweg_model::ModelError;
use thalweg_model::engine::{Device, EngineError, Job, Step, Waker, Worker};

use crate::error::ThalwegError;
use crate::guard::catch;

static WORKER: OnceLock<Result<Worker, EngineError>> = OnceLock::new();

fn worker() -> Result<&'static Worker, ThalwegError> {
    let started = WORKER.get_or_init(|| Device::current().and_then(Worker::spawn));
    started.as_ref().map_err(|error| error.clone().into())
}

/// A job whose panic is told with its place, and printed nowhere.
struct Caught<J: Job + ?Sized> {
    name: &'static str,
    job: Box<J>,
}

impl<J: Job + ?Sized> Job for Caught<J> {
    fn ready(&self) -> bool {
        self.job.ready()
    }

    fn step(&mut self) -> Step {
        match catch(self.name, || Ok(self.job.step())) {
            Ok(step) => step,
            Err(error) => {
                let place = error.place.map_or_else(String::new, |place| format!(" in {place}"));
                self.job.panicked(format!("{}{place}", error.message));
                Step::Done
            }
        }
    }

    fn panicked(&mut self, message: String) {
        self.job.panicked(message);
    }
}

/// Adds a job of the export `name` behind those that are there.
///
/// # Errors
/// `DeviceError` where the worker cannot be started; the job is dropped then.
pub fn submit<J: Job + ?Sized + 'static>(name: &'static str, job: Box<J>) -> Result<(), ThalwegError> {
    worker()?.submit(Box::new(Caught { name, job }));
    Ok(())
}

/// Makes the worker look at waiting jobs again.
///
/// # Errors
/// `DeviceError` where the worker cannot be started.
pub fn waker() -> Result<Waker, ThalwegError> {
    Ok(worker()?.waker())
}

/// Drops something large, behind the jobs that are there.
struct Discard<T: Send>(Option<T>);

impl<T: Send> Job for Discard<T> {
    fn step(&mut self) -> Step {
        self.0 = None;
        Step::Done
    }

    fn panicked(&mut self, _message: String) {}
}

/// Drops `value` on the worker's thread; here, where there is none yet.
pub fn discard<T: Send + 'static>(value: T) {
    match WORKER.get() {
        Some(Ok(worker)) => worker.submit(Box::new(Discard(Some(value)))),
        _ => drop(value),
    }
}

/// A defect, as a job says it.
pub fn internal(message: &str) -> ModelError {
    ModelError::new("InternalError", message)
}
