//! A short job: waits for its tensors, runs one function, hands over its result.
//! Losses, function calls, saving and loading are tasks; training and sampling are jobs of their own.

use crate::{ModelError, Result};
use thalweg_engine::{EngineError, Getter, Job, Step, Tensor, Waker};

type Work<T> = Box<dyn FnOnce(Vec<Tensor>) -> Result<T> + Send>;
type Deliver<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// A job of one step.
pub struct Task<T: Send> {
    inputs: Vec<Getter<Tensor>>,
    work: Option<Work<T>>,
    deliver: Option<Deliver<T>>,
}

impl<T: Send> Task<T> {
    /// Calls `work` with the tensors once all are there, and `deliver` with its result.
    pub fn new(inputs: Vec<Getter<Tensor>>, work: Work<T>, deliver: Deliver<T>) -> Task<T> {
        Task { inputs, work: Some(work), deliver: Some(deliver) }
    }
}

/// The tensors behind handles that are all ready.
///
/// # Errors
/// The error of the job that should have made one.
pub fn resolve(inputs: &[Getter<Tensor>]) -> Result<Vec<Tensor>> {
    let missing = || EngineError::internal("a job was started before its tensors were ready");
    inputs.iter().map(|g| g.try_get().unwrap_or_else(|| Err(missing())).map_err(ModelError::from)).collect()
}

impl<T: Send> Job for Task<T> {
    fn watch(&mut self, waker: &Waker) {
        waker.after(&self.inputs);
    }

    fn ready(&self) -> bool {
        self.inputs.iter().all(|g| g.try_get().is_some())
    }

    fn step(&mut self) -> Step {
        if let (Some(work), Some(deliver)) = (self.work.take(), self.deliver.take()) {
            self.deliver = Some(deliver);
            let result = resolve(&self.inputs).and_then(work);
            if let Some(deliver) = self.deliver.take() {
                deliver(result);
            }
        }
        Step::Done
    }

    fn panicked(&mut self, message: String) {
        if let Some(deliver) = self.deliver.take() {
            deliver(Err(ModelError::new("InternalError", message)));
        }
    }
}
