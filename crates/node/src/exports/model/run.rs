//! A long job as JavaScript follows it: events, its end, and the ways to stop it.
//! The job waits for its data first; where they never come, the run fails with their error.

use std::cell::RefCell;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Array, Either, Null, Object};
use napi_derive::napi;
use thalweg_model::engine::{EngineError, Future, Getter, Job, Setter, Step, Tensor, Waker};
use thalweg_model::{Cuts, Event, Fed, Feed, ModelError, Report, Run, config};

use super::{getters, text};
use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::promise::{Settle, promise};
use crate::value::Value;
use crate::worker::internal;

/// A job on the worker's thread.
#[napi]
pub struct NativeRun {
    run: Run,
    begun: Getter<()>,
    results: RefCell<Option<Vec<Getter<Tensor>>>>,
    feed: Option<Feed>,
}

impl NativeRun {
    /// The handle of a job that sets these results. `begun` is set once the job's data were there.
    pub fn new(run: Run, begun: Getter<()>, results: Vec<Getter<Tensor>>) -> NativeRun {
        NativeRun { run, begun, results: RefCell::new(Some(results)), feed: None }
    }

    /// The same of a fit, which may take more rows.
    pub fn fed(run: Run, begun: Getter<()>, feed: Option<Feed>) -> NativeRun {
        NativeRun { feed, ..NativeRun::new(run, begun, Vec::new()) }
    }

    fn feed_of(&self) -> Result<&Feed, ThalwegError> {
        let given = "a run whose data were given at once";
        self.feed.as_ref().ok_or_else(|| ThalwegError::expected(ErrorCode::DataError, "more rows", "a streamed run", given))
    }
}

/// Stops the job where the environment that started it (a worker thread of Node's) comes to its end.
///
/// # Errors
/// `InternalError` where Node takes no hook.
pub fn end_with(env: &Env, run: &Run) -> Result<(), ThalwegError> {
    env.add_env_cleanup_hook(run.clone(), |run| run.stop())?;
    Ok(())
}

/// The event as JSON, or null at the end.
fn event_text(event: Option<Event>) -> Result<Option<String>, ThalwegError> {
    Ok(event.map(|event| text(&event)).transpose()?)
}

/// Calls `tell` once the job has begun, or could not begin.
fn after(begun: &Getter<()>, tell: impl FnOnce(Result<(), EngineError>) + Send + 'static) {
    begun.on_ready(move |outcome| tell(outcome.clone()));
}

#[napi]
impl NativeRun {
    /// The next event as JSON, at most ten a second, the newest; null at the end, also where the job failed.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn next<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeRun.next";
        guard(NAME, || {
            let (settle, object) = promise::<Either<String, Null>>(NAME, env)?;
            let convert = |text: Option<String>| text.map_or(Either::B(Null), Either::A);
            let run = self.run.clone();
            after(&self.begun, move |outcome| match outcome {
                Ok(()) => run.next(Box::new(move |event| settle.settle(event_text(event), convert))),
                Err(_) => settle.settle(Ok(None), convert),
            });
            Ok(object)
        })
    }

    /// Ends the job after the step that is being done, in a consistent state.
    #[napi]
    pub fn stop(&self) -> napi::Result<()> {
        guard("NativeRun.stop", || {
            self.run.stop();
            Ok(())
        })
    }

    /// Goes on after an event with `paused`.
    #[napi]
    pub fn resume(&self) -> napi::Result<()> {
        guard("NativeRun.resume", || {
            self.run.resume();
            Ok(())
        })
    }

    /// Hands over the next rows of a streamed run, in groups as `fit` takes them, of the pass `epoch` over the data. Resolves to true once training on
    /// them begins, to false where the run ended before; until then no others may be given.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn feed<'env>(
        &self,
        env: &'env Env,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
        epoch: u32,
    ) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeRun.feed";
        guard(NAME, || {
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let cuts: Cuts = config::parse(&groups)?;
            let feed = self.feed_of()?;
            let (settle, object) = promise::<bool>(NAME, env)?;
            feed.give(Fed::new(getters(&values), cuts, u64::from(epoch), move |taken| settle.settle(Ok(taken), |taken| taken)))?;
            Ok(object)
        })
    }

    /// Says that a streamed run has all its rows: it ends with those.
    #[napi]
    pub fn complete(&self) -> napi::Result<()> {
        guard("NativeRun.complete", || {
            self.feed_of()?.complete();
            Ok(())
        })
    }

    /// The final report as JSON; rejects where the job failed.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn wait<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeRun.wait";
        guard(NAME, || {
            let (settle, object): (Settle<String>, _) = promise(NAME, env)?;
            let run = self.run.clone();
            let told = |outcome: Result<Report, ModelError>| outcome.and_then(|report| text(&report)).map_err(ThalwegError::from);
            after(&self.begun, move |outcome| match outcome {
                Ok(()) => run.wait(Box::new(move |end| settle.settle(told(end), |text| text))),
                Err(error) => settle.settle(Err(error.into()), |text| text),
            });
            Ok(object)
        })
    }

    /// The results of a job that has ended; they are handed over once. Training has none.
    #[napi]
    pub fn tensors(&self, env: &Env) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeRun.tensors", || {
            let mut slot = self.results.borrow_mut();
            let given = || ThalwegError::new(ErrorCode::DisposedError, "the results were handed over before");
            let getters = slot.as_ref().ok_or_else(given)?;
            let pending = || ThalwegError::expected(ErrorCode::TraceError, "results", "a call after wait()", "a job that runs");
            let value = |getter: &Getter<Tensor>| {
                let tensor = getter.try_get().ok_or_else(pending)??;
                Ok(Value::new(tensor.ty().clone(), Future::ready(Ok(tensor))))
            };
            let values = getters.iter().map(value).collect::<Result<Vec<Arc<Value>>, ThalwegError>>()?;
            *slot = None;
            NativeTensor::all(env, values)
        })
    }
}

type Make<J> = Box<dyn FnOnce(Vec<Tensor>) -> Result<J, ModelError> + Send>;

/// A job that is made once its data are there.
pub struct Begin<J: Job> {
    inputs: Vec<Getter<Tensor>>,
    make: Option<Make<J>>,
    begun: Option<Setter<()>>,
    waker: Option<Waker>,
    job: Option<J>,
}

impl<J: Job> Begin<J> {
    /// Waits for `inputs`, then makes the job; and what tells whether it could be made.
    pub fn new(
        inputs: Vec<Getter<Tensor>>,
        make: impl FnOnce(Vec<Tensor>) -> Result<J, ModelError> + Send + 'static,
    ) -> (Self, Getter<()>) {
        let (setter, getter) = Future::new();
        (Begin { inputs, make: Some(Box::new(make)), begun: Some(setter), waker: None, job: None }, getter)
    }

    fn begin(&mut self) -> Result<J, ModelError> {
        let missing = || internal("a job was begun before its data were there");
        let tensor = |getter: &Getter<Tensor>| getter.try_get().ok_or_else(missing)?.map_err(ModelError::from);
        let tensors = self.inputs.iter().map(tensor).collect::<Result<Vec<Tensor>, ModelError>>()?;
        self.inputs.clear();
        let make = self.make.take().ok_or_else(missing)?;
        make(tensors)
    }

    /// Tells the outcome. What was held for a job that could not be made is let go of before: who hears of it may begin another at once.
    fn tell(&mut self, outcome: Result<(), ModelError>) {
        self.make = None;
        if let Some(setter) = self.begun.take() {
            setter.set(outcome.map_err(EngineError::from));
        }
    }
}

impl<J: Job> Job for Begin<J> {
    fn watch(&mut self, waker: &Waker) {
        waker.after(&self.inputs);
        self.waker = Some(waker.clone());
    }

    fn ready(&self) -> bool {
        self.job.as_ref().map_or_else(|| self.inputs.iter().all(Getter::is_ready), Job::ready)
    }

    fn step(&mut self) -> Step {
        if let Some(job) = &mut self.job {
            return job.step();
        }
        match self.begin() {
            Ok(mut job) => {
                self.waker.iter().for_each(|waker| job.watch(waker));
                self.job = Some(job);
                self.tell(Ok(()));
                Step::Again
            }
            Err(error) => {
                self.tell(Err(error));
                Step::Done
            }
        }
    }

    fn panicked(&mut self, message: String) {
        match &mut self.job {
            Some(job) => job.panicked(message),
            None => self.tell(Err(internal(&message))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Weak;

    /// A job that is never made.
    struct Never;

    impl Job for Never {
        fn step(&mut self) -> Step {
            Step::Done
        }

        fn panicked(&mut self, _message: String) {}
    }

    /// A job whose maker holds what is given weakly, and which waits for one tensor.
    fn begin() -> (Begin<Never>, Getter<()>, Setter<Tensor>, Weak<()>) {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        let (data, getter) = Future::new();
        let (job, begun) = Begin::new(vec![getter], move |_| {
            drop(held);
            Ok(Never)
        });
        (job, begun, data, weak)
    }

    /// Whether what the maker held is gone at the moment in which the end is heard of.
    fn freed_when_told(begun: &Getter<()>, held: Weak<()>) -> Getter<bool> {
        let (freed, seen) = Future::new();
        begun.on_ready(move |_| freed.set(Ok(held.upgrade().is_none())));
        seen
    }

    #[test]
    fn a_job_without_its_data_lets_go_before_it_says_so() {
        let (mut job, begun, data, held) = begin();
        let seen = freed_when_told(&begun, held);
        data.set(Err(EngineError::data("gather: index 5 is outside 0..1")));
        assert!(job.ready());
        assert!(matches!(job.step(), Step::Done));
        assert!(begun.wait().is_err());
        assert!(seen.wait().unwrap());
    }

    #[test]
    fn a_job_that_panicked_before_it_began_lets_go_before_it_says_so() {
        let (mut job, begun, _data, held) = begin();
        let seen = freed_when_told(&begun, held);
        job.panicked("out of cheese".into());
        assert!(begun.wait().is_err());
        assert!(seen.wait().unwrap());
    }
}
