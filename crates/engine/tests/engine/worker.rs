//! The worker: jobs in turn, short ones first come first served, waiting ones passed over, panics contained.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, LazyLock, Mutex};
use std::time::Duration;
use thalweg_engine::{Choice, CompileOptions, Device, Executor, Future, Getter, Job, ProgramCache, Setter, Step, Waker, Worker, Workers};
use thalweg_graph::{Builder, DType};

/// Says its name at each step.
struct Talker {
    name: &'static str,
    steps: usize,
    log: Sender<&'static str>,
}

impl Job for Talker {
    fn step(&mut self) -> Step {
        self.log.send(self.name).unwrap();
        self.steps -= 1;
        if self.steps == 0 { Step::Done } else { Step::Again }
    }
    fn panicked(&mut self, message: String) {
        panic!("{message}");
    }
}

/// Holds the worker until all jobs are there.
struct Gate(Arc<Barrier>);

impl Job for Gate {
    fn step(&mut self) -> Step {
        self.0.wait();
        Step::Done
    }
    fn panicked(&mut self, _: String) {}
}

/// A worker that has not begun, a log, and what lets it begin.
fn waiting() -> (Worker, Sender<&'static str>, Receiver<&'static str>, Arc<Barrier>) {
    let worker = Worker::spawn(Device::Cpu).unwrap();
    let gate = Arc::new(Barrier::new(2));
    worker.submit(Box::new(Gate(gate.clone())));
    let (log, said) = channel();
    (worker, log, said, gate)
}

#[test]
fn jobs_take_steps_in_turn() {
    let (worker, log, said, gate) = waiting();
    for (name, steps) in [("a", 4), ("b", 2), ("c", 1), ("d", 1)] {
        worker.submit(Box::new(Talker { name, steps, log: log.clone() }));
    }
    drop(log);
    gate.wait();
    let order: Vec<&str> = said.iter().collect();
    assert_eq!(order, ["a", "b", "c", "d", "a", "b", "a", "a"]);
}

#[test]
fn a_job_submitted_during_an_endless_one_is_not_starved() {
    let worker = Worker::spawn(Device::Cpu).unwrap();
    let running = Arc::new(AtomicBool::new(false));
    let (done, _) = Future::new();
    worker.submit(Box::new(Endless { running: running.clone(), _done: done }));
    while !running.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    let (log, said) = channel();
    worker.submit(Box::new(Talker { name: "short", steps: 3, log }));
    assert_eq!(said.iter().count(), 3);
}

/// Waits for a value of another job.
struct Follower {
    input: Getter<i64>,
    output: Option<Setter<i64>>,
}

impl Job for Follower {
    fn watch(&mut self, waker: &Waker) {
        waker.after([&self.input]);
    }
    fn ready(&self) -> bool {
        self.input.is_ready()
    }
    fn step(&mut self) -> Step {
        let value = self.input.try_get().expect("stepped before it was ready");
        if let Some(output) = self.output.take() {
            output.set(value.map(|v| v + 1));
        }
        Step::Done
    }
    fn panicked(&mut self, _: String) {}
}

#[test]
fn jobs_whose_inputs_are_not_ready_wait_for_them() {
    let worker = Worker::spawn(Device::Cpu).unwrap();
    let (first, mut input) = Future::new();
    let mut chain = Vec::new();
    for _ in 0..50 {
        let (output, next) = Future::new();
        chain.push(Follower { input, output: Some(output) });
        input = next;
    }
    // The last of the chain is submitted first.
    for follower in chain.into_iter().rev() {
        worker.submit(Box::new(follower));
    }
    std::thread::sleep(Duration::from_millis(5));
    assert!(input.try_get().is_none());
    first.set(Ok(0));
    assert_eq!(input.wait().unwrap(), 50);
}

/// Panics at its second step.
struct Bomb {
    steps: usize,
    told: Option<Setter<String>>,
}

impl Job for Bomb {
    fn step(&mut self) -> Step {
        self.steps += 1;
        assert!(self.steps < 2, "step {} failed", self.steps);
        Step::Again
    }
    fn panicked(&mut self, message: String) {
        if let Some(told) = self.told.take() {
            told.set(Ok(message));
        }
        panic!("again");
    }
}

#[test]
fn a_panic_is_told_to_its_job_and_harms_no_other() {
    let worker = Worker::spawn(Device::Cpu).unwrap();
    let (told, message) = Future::new();
    let (log, said) = channel();
    worker.submit(Box::new(Bomb { steps: 0, told: Some(told) }));
    worker.submit(Box::new(Talker { name: "survivor", steps: 3, log }));
    assert_eq!(message.wait().unwrap(), "step 2 failed");
    assert_eq!(said.iter().count(), 3);
    let (log, said) = channel();
    worker.submit(Box::new(Talker { name: "later", steps: 1, log }));
    assert_eq!(said.recv().unwrap(), "later");
}

/// Never finishes.
struct Endless {
    running: Arc<AtomicBool>,
    _done: Setter<()>,
}

impl Job for Endless {
    fn step(&mut self) -> Step {
        self.running.store(true, Ordering::SeqCst);
        Step::Again
    }
    fn panicked(&mut self, _: String) {}
}

#[test]
fn dropping_a_worker_stops_it_and_aborts_what_is_left() {
    let worker = Worker::spawn(Device::Cpu).unwrap();
    let running = Arc::new(AtomicBool::new(false));
    let (done, result) = Future::new();
    worker.submit(Box::new(Endless { running: running.clone(), _done: done }));
    let (never, waiting) = Future::<i64>::new();
    let (output, follower) = Future::new();
    worker.submit(Box::new(Follower { input: waiting, output: Some(output) }));
    while !running.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    drop(worker);
    assert_eq!(result.wait().unwrap_err().code, "AbortError");
    assert_eq!(follower.wait().unwrap_err().code, "AbortError");
    drop(never);
}

#[test]
fn a_future_calls_back_once_and_everybody_sees_the_same_value() {
    let (setter, getter) = Future::new();
    let (log, said) = channel();
    let early = log.clone();
    getter.on_ready(move |value| early.send((1, value.clone())).unwrap());
    let other = getter.clone();
    let waiter = std::thread::spawn(move || other.wait());
    setter.set(Ok(5));
    getter.on_ready(move |value| log.send((2, value.clone())).unwrap());
    assert_eq!(said.iter().collect::<Vec<_>>(), [(1, Ok(5)), (2, Ok(5))]);
    assert_eq!(waiter.join().unwrap(), Ok(5));
    assert_eq!(Future::ready(Ok(3)).try_get(), Some(Ok(3)));
}

/// Holds the last handle to its own worker, and lets go of it.
struct Last {
    worker: Option<Arc<Mutex<Option<Worker>>>>,
    done: Option<Setter<i64>>,
}

impl Job for Last {
    fn step(&mut self) -> Step {
        if let Some(worker) = self.worker.take() {
            drop(worker.lock().unwrap().take());
        }
        if let Some(done) = self.done.take() {
            done.set(Ok(1));
        }
        Step::Done
    }
    fn panicked(&mut self, _: String) {}
}

#[test]
fn a_job_may_let_go_of_its_own_worker() {
    let place = Arc::new(Mutex::new(None));
    let worker = Worker::spawn(Device::Cpu).unwrap();
    let (done, value) = Future::new();
    let mut held = place.lock().unwrap();
    worker.submit(Box::new(Last { worker: Some(place.clone()), done: Some(done) }));
    *held = Some(worker);
    drop(held);
    assert_eq!(value.wait().unwrap(), 1);
}

#[test]
fn a_job_is_woken_by_what_another_worker_made() {
    // A chain that goes to and fro between two workers, each step submitted before the one that it waits for.
    let workers = [Worker::spawn(Device::Cpu).unwrap(), Worker::spawn(Device::Cuda(0)).unwrap()];
    let (first, mut input) = Future::new();
    let mut chain = Vec::new();
    for _ in 0..200 {
        let (output, next) = Future::new();
        chain.push(Follower { input, output: Some(output) });
        input = next;
    }
    for (i, follower) in chain.into_iter().enumerate().rev() {
        workers[i % 2].submit(Box::new(follower));
    }
    std::thread::sleep(Duration::from_millis(5));
    assert!(input.try_get().is_none());
    first.set(Ok(0));
    assert_eq!(input.wait().unwrap(), 200);
}

/// Tells the device that programs of its step are compiled for.
struct Teller(Option<Setter<Device>>);

impl Job for Teller {
    fn step(&mut self) -> Step {
        if let Some(told) = self.0.take() {
            told.set(Device::current());
        }
        Step::Done
    }
    fn panicked(&mut self, _: String) {}
}

fn device_of(workers: &Workers, choice: Choice) -> Getter<Device> {
    let (told, device) = Future::new();
    workers.submit(choice, Box::new(Teller(Some(told)))).unwrap();
    device
}

#[test]
fn each_device_has_its_worker_and_jobs_for_the_best_wait_until_it_is_known() {
    static KNOWN: Barrier = Barrier::new(2);
    let workers = Workers::new(|| {
        KNOWN.wait();
        Device::Cuda(1)
    });
    let waiting = [device_of(&workers, Choice::Auto), device_of(&workers, Choice::Auto)];
    for device in [Device::Cpu, Device::Cuda(0), Device::Cpu] {
        assert_eq!(device_of(&workers, Choice::Named(device)).wait().unwrap(), device);
    }
    assert!(waiting.iter().all(|told| told.try_get().is_none()));
    KNOWN.wait();
    assert!(waiting.iter().all(|told| told.wait().unwrap() == Device::Cuda(1)));
    assert_eq!(device_of(&workers, Choice::Auto).wait().unwrap(), Device::Cuda(1));
}

#[test]
fn a_search_for_the_best_device_that_fails_leaves_no_job_waiting() {
    let workers = Workers::new(|| panic!("the driver is broken"));
    assert_eq!(device_of(&workers, Choice::Auto).wait().unwrap_err().code, "AbortError");
    let (told, _) = Future::new();
    assert_eq!(workers.submit(Choice::Auto, Box::new(Teller(Some(told)))).unwrap_err().code, "InternalError");
    assert_eq!(device_of(&workers, Choice::Named(Device::Cpu)).wait().unwrap(), Device::Cpu);
}

#[test]
fn a_cache_keeps_a_program_for_each_device() {
    static CACHE: LazyLock<ProgramCache<()>> = LazyLock::new(|| ProgramCache::new(8));
    struct Compiler(Option<Setter<()>>);
    impl Job for Compiler {
        fn step(&mut self) -> Step {
            let made = CACHE.get_or_compile((), || {
                let b = Builder::new();
                let x = b.input("x", DType::F32, &[2]);
                Ok((b.finish(&[x + x])?, CompileOptions { executor: Executor::Cpu, ..CompileOptions::default() }))
            });
            if let Some(done) = self.0.take() {
                done.set(made.map(|_| ()));
            }
            Step::Done
        }
        fn panicked(&mut self, _: String) {}
    }
    let workers = Workers::new(|| Device::Cpu);
    for device in [Device::Cpu, Device::Cuda(0), Device::Cpu, Device::Cuda(0)] {
        let (setter, done) = Future::new();
        workers.submit(Choice::Named(device), Box::new(Compiler(Some(setter)))).unwrap();
        done.wait().unwrap();
    }
    assert_eq!((CACHE.counts().compiles, CACHE.counts().hits), (2, 2));
}
