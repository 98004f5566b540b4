//! A machine that takes the time of everything that it does, for people who want to know where time goes.

use super::driver::{Pointer, Queue, Tick};
use super::product::Gemm;
use super::source::Kernel;
use super::walk::Machine;
use crate::Result;
use crate::cpu::explain::{self, Measured};
use crate::profile::Limits;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Another machine, and the time at which each of its tasks was done.
pub(crate) struct Timed<'a, M> {
    machine: M,
    queue: &'a Queue,
    limits: Limits,
    start: Tick,
    done: RefCell<Vec<(Measured, Tick)>>,
}

impl<'a, M: Machine> Timed<'a, M> {
    /// The same machine, on a queue, beside what the device can do.
    pub(crate) fn new(machine: M, queue: &'a Queue, limits: Limits) -> Result<Timed<'a, M>> {
        Ok(Timed { machine, queue, limits, start: queue.tick()?, done: RefCell::default() })
    }

    fn did(&self, step: String, multiplications: usize, bytes: usize) -> Result<()> {
        let limits = Some(self.limits);
        let measured = Measured { step, count: 1, seconds: 0.0, shared: false, multiplications, bytes, holds_others: false, limits };
        self.done.borrow_mut().push((measured, self.queue.tick()?));
        Ok(())
    }

    /// Tells what was measured, once all work is done.
    pub(crate) fn tell(self, number: u64) -> Result<()> {
        let mut equal: BTreeMap<String, Measured> = BTreeMap::new();
        let done = self.done.into_inner();
        let mut before = &self.start;
        for (measured, tick) in &done {
            let sum = equal.entry(measured.step.clone()).or_insert_with(|| Measured { count: 0, ..measured.clone() });
            sum.count += 1;
            sum.seconds += tick.since(before)?;
            before = tick;
        }
        equal.into_values().enumerate().for_each(|(place, measured)| explain::add(number, place, measured));
        Ok(())
    }
}

impl<M: Machine> Machine for Timed<'_, M> {
    fn kernel(&self, kernel: &Kernel, pointers: &mut [Pointer]) -> Result<()> {
        self.machine.kernel(kernel, pointers)?;
        self.did(kernel.label.clone(), 0, kernel.bytes)
    }

    fn multiply(&self, gemm: &Gemm, pointers: [Pointer; 3]) -> Result<()> {
        self.machine.multiply(gemm, pointers)?;
        self.did(gemm.to_string(), gemm.multiplications(), gemm.bytes())
    }

    fn zero(&self, at: Pointer, bytes: usize) -> Result<()> {
        self.machine.zero(at, bytes)?;
        self.did("zeros".into(), 0, bytes)
    }

    fn copy(&self, to: Pointer, from: Pointer, bytes: usize) -> Result<()> {
        self.machine.copy(to, from, bytes)?;
        self.did("copy".into(), 0, 2 * bytes)
    }
}
