//! The devices' workers: each is started with its first job, and none is ever waited for by the main thread.
//! They keep no process alive; a pending promise does.

use std::sync::OnceLock;

use thalweg_model::ModelError;
use thalweg_model::engine::{Choice, Job, Step, Waker, Workers};

use crate::device;
use crate::error::ThalwegError;
use crate::guard::catch;

static WORKERS: OnceLock<Workers> = OnceLock::new();

/// A job whose panic is told with its place, and printed nowhere.
struct Caught<J: Job + ?Sized> {
    name: &'static str,
    job: Box<J>,
}

impl<J: Job + ?Sized> Job for Caught<J> {
    fn watch(&mut self, waker: &Waker) {
        self.job.watch(waker);
    }

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

/// Adds a job of the export `name` behind those of a device: the one that is named, else that of the process.
///
/// # Errors
/// `DeviceError` where the worker cannot be started, or this addon never has the device; the job is dropped then.
pub fn submit<J: Job + ?Sized + 'static>(device: Choice, name: &'static str, job: Box<J>) -> Result<(), ThalwegError> {
    let device = device::of_process(device)?;
    Ok(WORKERS.get_or_init(|| Workers::new(device::best)).submit(device, Box::new(Caught { name, job }))?)
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

/// Drops `value` on a worker's thread; here, where there is none yet.
pub fn discard<T: Send + 'static>(value: T) {
    let job = Box::new(Discard(Some(value)));
    match WORKERS.get() {
        Some(workers) => drop(workers.submit_to_any(job)),
        None => drop(job),
    }
}

/// A defect, as a job says it.
pub fn internal(message: &str) -> ModelError {
    ModelError::new("InternalError", message)
}
