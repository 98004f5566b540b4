//! The thread that owns a device. Jobs are run cooperatively: one step of the next ready job in turn.
//! A long training and a short sampling share the device fairly, and neither ever runs on the host language's threads.

use crate::{Device, EngineError, Getter, Result, threads};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a job that is alone may go on before the worker looks for others.
const TURN: Duration = Duration::from_millis(1);

/// What a step leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    Again,
    /// The job is finished; it is dropped.
    Done,
}

/// Work in steps. A step should take milliseconds, not seconds: other jobs wait for it.
pub trait Job: Send {
    /// Takes what wakes its worker, before anything else is asked of it. A job that waits for what other threads do, other workers
    /// among them, hands it to them ([`Waker::after`]) or keeps it.
    fn watch(&mut self, _waker: &Waker) {}

    /// Whether the next step can be taken, or waits for another job of its worker or for [`Waker::wake`].
    fn ready(&self) -> bool {
        true
    }

    /// Takes one step.
    fn step(&mut self) -> Step;

    /// A step panicked with this message; the job is dropped afterwards.
    fn panicked(&mut self, message: String);
}

#[derive(Default)]
struct Inbox {
    jobs: VecDeque<Box<dyn Job>>,
    stopped: bool,
    /// Counts reasons to look at waiting jobs again.
    wakes: u64,
}

#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a worker to ask its waiting jobs again whether they are ready: for readiness that comes from outside.
#[derive(Clone)]
pub struct Waker(Arc<Shared>);

impl Waker {
    /// Does so.
    pub fn wake(&self) {
        self.0.lock().wakes += 1;
        self.0.changed.notify_all();
    }

    /// Does so once each of these is there, whoever sets it.
    pub fn after<'a, T: Clone + 'a>(&self, inputs: impl IntoIterator<Item = &'a Getter<T>>) {
        for input in inputs.into_iter().filter(|input| !input.is_ready()) {
            let waker = self.clone();
            input.on_ready(move |_| waker.wake());
        }
    }
}

/// A thread that owns a device and runs jobs on it. Dropped, it stops after the step in progress and drops what is left;
/// their futures then hold an `AbortError`.
pub struct Worker {
    device: Device,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// `DeviceError` if the thread cannot be started, or the environment asks for a wrong number of threads.
    pub fn spawn(device: Device) -> Result<Worker> {
        threads::wanted()?;
        let shared = Arc::new(Shared::default());
        let (own, name) = (shared.clone(), format!("thalweg-{device}"));
        let thread = thread::Builder::new().name(name).stack_size(threads::STACK).spawn(move || device.host(|| work(&own, device)));
        let thread = thread.map_err(|e| EngineError::device(format!("the worker of {device} could not be started: {e}")))?;
        Ok(Worker { device, shared, thread: Some(thread) })
    }

    /// Its device.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Adds a job behind those that are there.
    pub fn submit(&self, mut job: Box<dyn Job>) {
        job.watch(&self.waker());
        self.shared.lock().jobs.push_back(job);
        self.shared.changed.notify_all();
    }

    /// A handle that wakes waiting jobs.
    pub fn waker(&self) -> Waker {
        Waker(self.shared.clone())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A job may hold the last handle to its own worker, and takes its steps on a thread of the pool.
            if thread.thread().id() != thread::current().id() && !threads::inside() {
                let _ = thread.join();
            }
        }
    }
}

/// The worker's loop: `jobs` is the ring of jobs in turn.
fn work(shared: &Shared, device: Device) {
    let mut jobs: VecDeque<Box<dyn Job>> = VecDeque::new();
    let mut seen = 0;
    loop {
        {
            let mut inbox = shared.lock();
            jobs.append(&mut inbox.jobs);
            seen = seen.max(inbox.wakes);
            if inbox.stopped {
                break;
            }
        }
        match jobs.iter().position(|job| is_ready(job.as_ref())) {
            Some(next) => {
                let Some(mut job) = jobs.remove(next) else { continue };
                if take_turn(job.as_mut(), jobs.is_empty(), device) == Step::Again {
                    jobs.push_back(job);
                } else {
                    discard(job);
                }
            }
            None => {
                let mut inbox = shared.lock();
                while !inbox.stopped && inbox.jobs.is_empty() && inbox.wakes == seen {
                    inbox = shared.changed.wait(inbox).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
    jobs.append(&mut shared.lock().jobs);
    jobs.into_iter().for_each(discard);
}

/// A job that cannot even say whether it is ready is stepped, so that its panic is told.
fn is_ready(job: &dyn Job) -> bool {
    catch_unwind(AssertUnwindSafe(|| job.ready())).unwrap_or(true)
}

/// One step, or, of a job that is alone, as many as fit into a turn: where its parallel work is shared, so that short steps do not
/// each wait for another thread to take them over.
fn take_turn(job: &mut dyn Job, alone: bool, device: Device) -> Step {
    let mut turn = || {
        let start = Instant::now();
        loop {
            let step = take_step(job);
            if step == Step::Done || !alone || start.elapsed() >= TURN || !is_ready(job) {
                return step;
            }
        }
    };
    match device {
        // Without a pool the job itself learns why.
        Device::Cpu => threads::shared(|| device.host(&mut turn)).unwrap_or_else(|_| turn()),
        Device::Cuda(_) => turn(),
    }
}

fn take_step(job: &mut dyn Job) -> Step {
    match catch_unwind(AssertUnwindSafe(|| job.step())) {
        Ok(step) => step,
        Err(panic) => {
            let message = message_of(panic.as_ref());
            // The worker outlives whatever a job does with the message.
            let _ = catch_unwind(AssertUnwindSafe(|| job.panicked(message)));
            Step::Done
        }
    }
}

/// Drops a job, whatever its destructors do.
fn discard(job: Box<dyn Job>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(job)));
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown panic".to_string())
}
