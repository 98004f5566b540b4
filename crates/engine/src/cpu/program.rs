//! A compiled graph: steps over planned memory. Runs alone, as the body of a loop, or on a slice of a batch.

use super::conv::Conv;
use super::copy::Copy;
use super::crew::Crew;
use super::explain::timed;
use super::fused::Pass;
use super::looped::Loop;
use super::memory::{Base, Memory, with_bases};
use super::op::OpCall;
use super::product::Product;
use super::split::Split;
use crate::Result;
use crate::program::Executable;
use crate::tensor::element::{Element, with_element};
use crate::tensor::{Tensor, pool};
use crate::threads;
use std::sync::Arc;
use thalweg_graph::Type;

/// Multiply-adds of a product that is left to the pool, which divides it among any number of threads.
const LONGEST: usize = 1 << 26;

/// One step of a program.
pub(crate) enum Step {
    Pass(Pass),
    Product(Product),
    Conv(Box<Conv>),
    Copy(Copy),
    Loop(Box<Loop>),
    Split(Box<Split>),
    Op(OpCall),
}

/// An output.
pub(crate) struct Output {
    pub(crate) ty: Arc<Type>,
    /// The donated input whose buffer it takes over, if nothing else holds that.
    pub(crate) alias: Option<usize>,
}

/// Who runs the steps of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hands {
    /// One thread.
    One,
    /// One thread, and those that stand by take pieces of its passes and products.
    Crew,
    /// One thread, which wakes others for steps that are worth it.
    Pool,
}

impl Hands {
    /// The hands for some steps. Where it is a crew, products are cut into pieces for it.
    pub(crate) fn of(steps: &mut [Step]) -> Hands {
        if steps.iter().any(|step| step.shares() && !step.divides()) {
            return Hands::Pool;
        }
        if !steps.iter().any(|step| step.shares() || matches!(step, Step::Product(product) if product.pieces() > 1)) {
            return Hands::One;
        }
        for step in steps {
            if let Step::Product(product) = step {
                product.divide();
            }
        }
        Hands::Crew
    }
}

/// A compiled graph.
pub(crate) struct Code {
    /// By which its times are told from those of others.
    pub(crate) number: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) inputs: usize,
    pub(crate) constants: Vec<Tensor>,
    pub(crate) outputs: Vec<Output>,
    /// Bytes of the arena.
    pub(crate) arena: usize,
    /// Bytes that a step takes for itself while it runs, at most.
    pub(crate) pooled: usize,
    /// Who runs the steps.
    pub(crate) hands: Hands,
    /// Whether no step can fail once an input was overwritten.
    pub(crate) settled: bool,
}

impl Step {
    fn run(&self, memory: &Memory<'_>, share: bool) -> Result<()> {
        match self {
            Step::Pass(pass) => pass.run(memory, share),
            Step::Product(product) => product.run(memory, share),
            Step::Conv(conv) => conv.run(memory, share),
            Step::Copy(copy) => copy.run(memory),
            Step::Loop(looped) => looped.run(memory, share)?,
            Step::Split(split) => split.run(memory, share)?,
            Step::Op(op) => op.run(memory)?,
        }
        Ok(())
    }

    /// Whether it is worth waking other threads for.
    fn shares(&self) -> bool {
        match self {
            Step::Pass(pass) => pass.shares(),
            Step::Product(product) => product.shares(),
            Step::Conv(conv) => conv.shares(),
            Step::Copy(_) => false,
            Step::Loop(looped) => looped.body().hands != Hands::One,
            Step::Split(_) => true,
            Step::Op(op) => op.shares(),
        }
    }

    /// Whether a crew can do it in pieces.
    fn divides(&self) -> bool {
        match self {
            Step::Pass(_) => true,
            Step::Product(product) => product.cost() <= LONGEST && product.divides(),
            _ => false,
        }
    }

    /// Number of pieces that a crew may take.
    pub(crate) fn pieces(&self) -> usize {
        match self {
            Step::Product(product) => product.pieces(),
            Step::Pass(pass) => pass.pieces(),
            _ => 1,
        }
    }

    /// Runs one piece.
    pub(crate) fn piece(&self, memory: &Memory<'_>, index: usize) {
        match self {
            Step::Product(product) => product.piece(memory, index),
            Step::Pass(pass) => pass.piece(memory, index),
            _ => {}
        }
    }

    /// What is left to do after all pieces.
    pub(crate) fn finish(&self, memory: &Memory<'_>) {
        if let Step::Pass(pass) = self {
            pass.finish(memory);
        }
    }

    /// Whether it may fail, depending on values.
    pub(crate) fn may_fail(&self) -> bool {
        match self {
            Step::Pass(_) | Step::Product(_) | Step::Conv(_) | Step::Copy(_) => false,
            Step::Op(_) => true,
            Step::Loop(looped) => looped.body().steps.iter().any(Step::may_fail),
            Step::Split(split) => split.code().steps.iter().any(Step::may_fail),
        }
    }
}

impl Code {
    fn steps(&self, memory: &Memory<'_>, share: bool, crew: Option<&Crew<'_>>) -> Result<()> {
        self.steps.iter().enumerate().try_for_each(|(k, step)| {
            let helped = crew.filter(|_| step.pieces() > 1);
            let shared = || share && step.shares() || helped.is_some();
            timed(self.number, k, step, shared, || match helped {
                Some(crew) => {
                    crew.share(k, step);
                    Ok(())
                }
                None => step.run(memory, share),
            })
        })
    }

    /// Runs all steps. `arena` holds at least [`Code::arena`] bytes; inputs and outputs lie without gaps. `accumulate`: outputs
    /// that are sums over slices are added to what is there. `share`: steps may use the pool's threads.
    pub(crate) fn execute(&self, arena: Base, inputs: &[Base], outputs: &[Base], accumulate: bool, share: bool) -> Result<()> {
        with_bases(|bases| {
            bases.push(arena);
            bases.extend_from_slice(inputs);
            for constant in &self.constants {
                bases.push(reading(constant)?);
            }
            bases.extend_from_slice(outputs);
            let memory = Memory::new(bases, accumulate);
            if share && self.hands == Hands::Crew && threads::inside() && threads::current() > 1 {
                return Crew::with(&self.steps, memory, |crew| self.steps(&memory, share, Some(crew)));
            }
            self.steps(&memory, share, None)
        })
    }
}

/// The bytes of a tensor without gaps (of a repeated single value: of that one).
fn reading(tensor: &Tensor) -> Result<Base> {
    fn of<T: Element + super::memory::Plain>(tensor: &Tensor) -> Result<Base> {
        let read = tensor.read();
        let values = read.slice::<T>()?;
        let start = read.layout.start_offset();
        let count = if tensor.is_contiguous() { tensor.ty().count() } else { values.len() - start };
        Ok(Base::reading(&values[start..start + count]))
    }
    with_element!(tensor.ty().dtype, T => of::<T>(tensor))
}

/// A tensor for an output, and its bytes.
fn fresh(ty: &Arc<Type>) -> Result<(Tensor, Base)> {
    with_element!(ty.dtype, T => {
        let mut values = pool::buffer::<T>(ty.count());
        let base = Base::writing(&mut values);
        Ok((Tensor::own(values, ty.clone())?, base))
    })
}

/// The bytes of a tensor that is overwritten.
fn overwritten(tensor: &Tensor) -> Result<Base> {
    with_element!(tensor.ty().dtype, T => tensor.edit::<T, Base>(Base::writing))
}

impl Executable for Code {
    fn run(&self, inputs: Vec<Tensor>, kept: bool) -> Result<Vec<Tensor>> {
        let mut inputs = inputs;
        let mut results: Vec<Option<(Tensor, Base)>> = Vec::with_capacity(self.outputs.len());
        let mut bases: Vec<Base> = Vec::with_capacity(inputs.len());
        let free = |input: &Tensor| if kept && self.settled { input.may_overwrite_kept() } else { input.may_overwrite() };
        let overwrites: Vec<bool> =
            (0..inputs.len()).map(|k| self.outputs.iter().any(|o| o.alias == Some(k)) && free(&inputs[k])).collect();
        for (k, input) in inputs.iter_mut().enumerate() {
            if overwrites[k] {
                bases.push(overwritten(input)?);
            } else {
                *input = input.contiguous()?;
                bases.push(reading(input)?);
            }
        }
        for output in &self.outputs {
            results.push(match output.alias.filter(|&k| overwrites[k]) {
                Some(_) => None,
                None => Some(fresh(&output.ty)?),
            });
        }
        let outputs: Vec<Base> = results
            .iter()
            .zip(&self.outputs)
            .map(|(own, output)| own.as_ref().map_or_else(|| bases[output.alias.unwrap_or(0)], |(_, base)| *base))
            .collect();
        let mut block = pool::arena(self.arena + 64);
        let whole = Base::writing(&mut block);
        let arena = whole.part(whole.unaligned().min(64), self.arena);
        let done = self.execute(arena, &bases, &outputs, false, true);
        pool::give_back(block);
        done?;
        let taken = |(own, output): (Option<(Tensor, Base)>, &Output)| match own {
            Some((tensor, _)) => Ok(tensor),
            None => inputs[output.alias.unwrap_or(0)].reshaped(output.ty.clone()),
        };
        results.into_iter().zip(&self.outputs).map(taken).collect()
    }

    fn peak_bytes(&self) -> usize {
        let fresh = self.outputs.iter().filter(|o| o.alias.is_none()).map(|o| o.ty.bytes());
        fresh.fold(self.arena.saturating_add(self.pooled), usize::saturating_add)
    }

    fn is_large(&self) -> bool {
        self.hands != Hands::One
    }

    fn explain(&self) -> String {
        Code::explain(self)
    }
}
