//! Walks the tasks of a program on a machine: a queue of a GPU, or in tests the host.

use super::driver::Pointer;
use super::lower::{Looped, Lowered, Task};
use super::product::Gemm;
use super::source::{Kernel, Parameter, SCRATCH};
use crate::Result;
use crate::cpu::looped::Stretch;
use crate::cpu::memory::Address;

/// Something that does tasks, in the order in which they come.
pub(crate) trait Machine {
    /// Starts a kernel whose parameters are these addresses.
    fn kernel(&self, kernel: &Kernel, pointers: &mut [Pointer]) -> Result<()>;
    /// A product; the addresses are those of its operands and its result.
    fn multiply(&self, gemm: &Gemm, pointers: [Pointer; 3]) -> Result<()>;
    /// Zeros.
    fn zero(&self, at: Pointer, bytes: usize) -> Result<()>;
    /// Copies bytes.
    fn copy(&self, to: Pointer, from: Pointer, bytes: usize) -> Result<()>;
}

/// The places of a run.
#[derive(Clone)]
pub(crate) struct Places {
    pub(crate) bases: Vec<Pointer>,
    pub(crate) scratch: Pointer,
    pub(crate) counters: Pointer,
    pub(crate) wrong: Pointer,
}

impl Places {
    fn of(&self, at: Address, size: usize) -> Pointer {
        let base = if at.base == SCRATCH { self.scratch } else { self.bases[at.base] };
        base + (at.offset * size) as u64
    }

    fn stretch(&self, stretch: &Stretch, entry: usize) -> Pointer {
        self.bases[stretch.base] + (stretch.first + entry * stretch.bytes) as u64
    }
}

/// Does all tasks. `bodies`: the constants of loops' bodies, in the order of [`Lowered::of_bodies`]; `body`: how many of them were used.
pub(crate) fn all(machine: &impl Machine, program: &Lowered, places: &Places, bodies: &[Vec<Pointer>], body: &mut usize) -> Result<()> {
    program.tasks.iter().try_for_each(|each| task(machine, each, places, bodies, body))
}

/// Does one task.
pub(crate) fn task(machine: &impl Machine, task: &Task, places: &Places, bodies: &[Vec<Pointer>], body: &mut usize) -> Result<()> {
    match task {
        Task::Kernel(kernel) => {
            let of = |parameter: &Parameter| match parameter {
                Parameter::Value(at, dtype, _) => places.of(*at, dtype.size()),
                Parameter::Counters => places.counters,
                Parameter::Wrong => places.wrong,
            };
            machine.kernel(kernel, &mut kernel.parameters.iter().map(of).collect::<Vec<_>>())
        }
        Task::Gemm(gemm) => {
            let size = gemm.dtype.size();
            machine.multiply(gemm, [gemm.left.at, gemm.right.at, gemm.out].map(|at| places.of(at, size)))
        }
        Task::Zero(at, bytes) => machine.zero(places.of(*at, 1), *bytes),
        Task::Loop(looped) => steps(machine, looped, places, bodies, body),
    }
}

/// All steps of a loop.
fn steps(machine: &impl Machine, looped: &Looped, places: &Places, bodies: &[Vec<Pointer>], body: &mut usize) -> Result<()> {
    let constants = &bodies[*body];
    let (fixed, carried) = (looped.consts, looped.consts + looped.carry);
    let inner = *body + 1;
    for step in 0..looped.length {
        let mut bases = vec![places.stretch(&looped.arena, 0)];
        bases.extend(looped.operands[..fixed].iter().map(|s| places.stretch(s, 0)));
        let before = if step == 0 { &looped.operands[fixed..carried] } else { &looped.turns[(step - 1) % 2][..] };
        bases.extend(before.iter().map(|s| places.stretch(s, 0)));
        bases.extend(looped.operands[carried..].iter().map(|s| places.stretch(s, step)));
        bases.extend(constants);
        bases.extend(looped.turns[step % 2].iter().map(|s| places.stretch(s, 0)));
        bases.extend(looped.stacks.iter().map(|(s, moves)| places.stretch(s, if *moves { step } else { 0 })));
        all(machine, &looped.body, &Places { bases, ..places.clone() }, bodies, &mut { inner })?;
    }
    *body = inner + looped.body.loops();
    let end = if looped.length == 0 { &looped.operands[fixed..carried] } else { &looped.turns[(looped.length - 1) % 2][..] };
    for (from, to) in end.iter().zip(&looped.last) {
        if let Some(to) = to {
            machine.copy(places.stretch(to, 0), places.stretch(from, 0), to.bytes)?;
        }
    }
    Ok(())
}
