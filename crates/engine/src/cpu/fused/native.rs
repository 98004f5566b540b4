//! A pass as machine code: all its instructions in one loop over a chunk, its values in registers of the processor.
//!
//! Made where the pass is of f32 and the machine has code for each of its instructions (`thalweg-jit`); the bits are the same. What reductions
//! take in, and what is stored elsewhere than it was computed, the loop leaves in the pass's registers as instructions would.

use super::super::memory::Memory;
use super::run::Operands;
use super::{Argument, Code, Instruction, Lying, Pattern, Reduction, Store, Target, WRITTEN};
use std::collections::HashMap;
use thalweg_graph::DType;
use thalweg_jit::{Loop, Mask, SLOTS, Tape, Traced};
use thalweg_lane::Fused;

/// Fewer instructions are not worth code of their own.
const FEWEST: usize = 2;

/// What a slot of the loop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Source(usize),
    Store(usize),
    Register(usize),
}

/// The machine code of a pass.
#[derive(Debug)]
pub(crate) struct Native {
    code: Loop,
    slots: Vec<Slot>,
    /// Whether it puts all stores in their place, also those over what instructions read: it reads an element before it writes that element.
    pub(super) stores: bool,
}

/// A value of the loop.
#[derive(Clone, Copy)]
enum Value<'t> {
    Number(Traced<'t>),
    Truth(Mask<'t>),
}

struct Recorder<'t, 'a> {
    tape: &'t Tape,
    sources: &'a [Lying],
    stores: &'a [Store],
    slots: Vec<Slot>,
    registers: HashMap<usize, Value<'t>>,
    stored: HashMap<usize, Value<'t>>,
}

impl Native {
    /// The code of a pass; `None` if instructions have none.
    pub(super) fn new(sources: &[Lying], instructions: &[Instruction], stores: &[Store], reductions: &[Reduction]) -> Option<Native> {
        if instructions.len() < FEWEST {
            return None;
        }
        let tape = Tape::new();
        let mut recorder = Recorder { tape: &tape, sources, stores, slots: Vec::new(), registers: HashMap::new(), stored: HashMap::new() };
        for instruction in instructions {
            recorder.instruction(instruction)?;
        }
        let indirect = || stores.iter().enumerate().filter(|(_, s)| !s.direct);
        // Reductions look at a whole chunk after the loop.
        let kept = reductions.iter().any(|r| matches!(r.value, Argument::Source(k) if sources[k].register != WRITTEN));
        let stored =
            !kept && indirect().all(|(_, s)| matches!(s.lying.pattern, Pattern::Flat | Pattern::Rows(_)) && recorder.made(s.value));
        let indirect_values = indirect().filter(|_| !stored).map(|(_, s)| s.value);
        let mut left: Vec<usize> = reductions.iter().map(|r| r.value).chain(indirect_values).filter_map(register).collect();
        left.sort_unstable();
        left.dedup();
        for r in left {
            // What was gathered is there already.
            match recorder.registers.get(&r) {
                Some(&Value::Number(value)) => recorder.write(Slot::Register(r), value)?,
                Some(Value::Truth(_)) => return None,
                None => {}
            }
        }
        for (k, store) in indirect().filter(|_| stored) {
            let value = recorder.number(store.value)?;
            recorder.write(Slot::Store(k), value)?;
        }
        let slots = std::mem::take(&mut recorder.slots);
        Some(Native { code: tape.compile()?, slots, stores: stored })
    }

    /// Computes a chunk.
    pub(super) fn run(&self, operands: &Operands<'_>, count: usize) {
        let mut pointers = [std::ptr::null_mut(); SLOTS];
        for (pointer, slot) in pointers.iter_mut().zip(&self.slots) {
            *pointer = operands.pointer(*slot);
        }
        // SAFETY: each pointer was checked to have as many elements inside its buffer as its pattern says, and the plan keeps apart what the
        // pass reads and writes, but for values over sources that nothing of the chunk reads after them (`Maker::assign`).
        unsafe { self.code.run_at(&pointers, count) }
    }
}

fn register(argument: Argument) -> Option<usize> {
    if let Argument::Register(r) = argument { Some(r) } else { None }
}

impl<'t> Recorder<'t, '_> {
    fn slot(&mut self, slot: Slot) -> Option<usize> {
        if let Some(known) = self.slots.iter().position(|s| *s == slot) {
            return Some(known);
        }
        self.slots.push(slot);
        (self.slots.len() <= SLOTS).then(|| self.slots.len() - 1)
    }

    fn write(&mut self, slot: Slot, value: Traced<'t>) -> Option<()> {
        let slot = self.slot(slot)?;
        self.tape.write(slot, value);
        Some(())
    }

    fn argument(&mut self, argument: Argument) -> Option<Value<'t>> {
        match argument {
            Argument::Register(r) => self.registers.get(&r).copied(),
            Argument::Constant(number) => Some(Value::Number(Traced::Constant(number.as_f64() as f32))),
            Argument::Source(k) => {
                let source = &self.sources[k];
                if source.register == WRITTEN {
                    let store = self.stores.iter().position(|s| s.lying.at == source.at && s.lying.pattern == source.pattern)?;
                    return self.stored.get(&store).copied();
                }
                let one = matches!(source.pattern, Pattern::Single | Pattern::Repeated(_));
                let slot = self.slot(Slot::Source(k))?;
                match source.dtype {
                    DType::F32 if one => Some(Value::Number(self.tape.splat(slot))),
                    DType::F32 => Some(Value::Number(self.tape.read(slot))),
                    DType::Bool if one => Some(Value::Truth(self.tape.flag(slot))),
                    _ => None,
                }
            }
        }
    }

    /// Whether it is a number that an instruction left in a register.
    fn made(&self, argument: Argument) -> bool {
        register(argument).is_some_and(|r| matches!(self.registers.get(&r), Some(Value::Number(_))))
    }

    fn number(&mut self, argument: Argument) -> Option<Traced<'t>> {
        if let Value::Number(number) = self.argument(argument)? { Some(number) } else { None }
    }

    fn truth(&mut self, argument: Argument) -> Option<Mask<'t>> {
        if let Value::Truth(mask) = self.argument(argument)? { Some(mask) } else { None }
    }

    fn instruction(&mut self, instruction: &Instruction) -> Option<()> {
        let value = self.value(instruction)?;
        match (instruction.target, value) {
            (Target::Register(r), value) => {
                self.registers.insert(r, value);
            }
            (Target::Store(k), Value::Number(number)) => {
                self.stored.insert(k, value);
                self.write(Slot::Store(k), number)?;
            }
            (Target::Store(_), Value::Truth(_)) => return None,
        }
        Some(())
    }

    fn value(&mut self, instruction: &Instruction) -> Option<Value<'t>> {
        let arguments = &instruction.arguments;
        let tape = self.tape;
        if !matches!(instruction.dtype, DType::F32 | DType::Bool) {
            return None;
        }
        Some(Value::Number(match instruction.code {
            Code::Unary(op) => {
                let x = self.number(arguments[0])?;
                tape.unary(op, x)?
            }
            Code::Binary(op) => {
                let (a, b) = (self.number(arguments[0])?, self.number(arguments[1])?);
                tape.binary(op, a, b)?
            }
            Code::MulAdd => {
                let [a, b, c] = [0, 1, 2].map(|k| self.number(arguments[k]));
                a?.fused(b?, c?)
            }
            Code::TwoProducts => {
                let [a, b, c, d] = [0, 1, 2, 3].map(|k| self.number(arguments[k]));
                a?.fused(b?, c? * d?)
            }
            // Chosen from two constants, a truth value would pass for a number.
            Code::Select if instruction.dtype != DType::F32 => return None,
            Code::Select => {
                let condition = self.truth(arguments[0])?;
                let (then, otherwise) = (self.number(arguments[1])?, self.number(arguments[2])?);
                tape.choose(condition, then, otherwise)
            }
            Code::Compare(relation) => {
                let (a, b) = (self.number(arguments[0])?, self.number(arguments[1])?);
                return Some(Value::Truth(tape.compare(relation, a, b)));
            }
            Code::Logical(op) => {
                let (a, b) = (self.truth(arguments[0])?, self.truth(arguments[1])?);
                return Some(Value::Truth(tape.logical(op, a, b)));
            }
            Code::IsFinite => {
                let x = self.number(arguments[0])?;
                return Some(Value::Truth(tape.finite(x)));
            }
            Code::Cast(DType::F32) => {
                let mask = self.truth(arguments[0])?;
                tape.number(mask)
            }
            Code::Cast(_) => return None,
        }))
    }
}

impl Operands<'_> {
    /// Where the chunk of a slot begins; of a value that is the same for all, where that one lies.
    fn pointer(&self, slot: Slot) -> *mut u8 {
        let registers = |r: usize| self.registers().pointer::<f32>(self.register::<f32>(r), self.count).cast();
        let source = match slot {
            Slot::Register(r) => return registers(r),
            Slot::Store(k) => return self.memory.pointer::<f32>(self.place(&self.pass.stores[k].lying), self.count).cast(),
            Slot::Source(k) => &self.pass.sources[k],
        };
        let one = |memory: &Memory<'_>, at| match source.dtype {
            DType::Bool => memory.pointer::<u8>(at, 1),
            _ => memory.pointer::<f32>(at, 1).cast(),
        };
        match &source.pattern {
            Pattern::Single => one(self.memory, source.at),
            Pattern::Repeated(outer) => one(self.memory, self.repeated(source, outer)),
            Pattern::Scattered(_) => registers(source.register),
            _ => self.memory.pointer::<f32>(self.place(source), self.count).cast(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::plan::{self, Request};
    use super::super::super::program::{Code, Step};
    use crate::program::Executable;
    use crate::reference;
    use crate::tensor::Tensor;
    use thalweg_graph::ops::Comparison;
    use thalweg_graph::{Builder, DType, Graph, Var, grad};

    fn passes(code: &mut Code) -> Vec<&mut super::super::Pass> {
        code.steps.iter_mut().filter_map(|step| if let Step::Pass(pass) = step { Some(pass) } else { None }).collect()
    }

    fn bits(tensors: &[Tensor]) -> Vec<Vec<u32>> {
        tensors.iter().map(|t| t.to_f32_vec().unwrap().iter().map(|x| if x.is_nan() { u32::MAX } else { x.to_bits() }).collect()).collect()
    }

    /// Runs a graph as machine code and by instructions, and compares the bits. Gives the passes with code, and all.
    fn both(graph: &Graph, donated: &[usize]) -> (usize, usize) {
        let inputs = || -> Vec<Tensor> {
            let of = |(k, input): (usize, &thalweg_graph::Input)| {
                let ty = &input.ty;
                let values = (0..ty.count()).map(|i| ((i * 37 + k * 11) % 29) as f32 * 0.21 - 2.9).collect();
                Tensor::from_f32(values, &ty.shape).unwrap()
            };
            graph.inputs.iter().enumerate().map(of).collect()
        };
        let mut code = plan::compile(graph, &Request { donated: donated.to_vec(), ..Request::default() }).unwrap();
        let made = code.run(inputs(), false).unwrap();
        let all = passes(&mut code);
        let counts = (all.iter().filter(|pass| pass.native.is_some()).count(), all.len());
        all.into_iter().for_each(|pass| pass.native = None);
        let interpreted = code.run(inputs(), false).unwrap();
        assert_eq!(bits(&made), bits(&interpreted));
        counts
    }

    #[test]
    fn passes_of_many_shapes_give_the_same_bits_with_and_without_code() {
        for shape in [[1, 1], [3, 5], [2, 700], [700, 2], [33, 57], [40, 512]] {
            let b = Builder::new();
            let [x, y] = ["x", "y"].map(|name| b.input(name, DType::F32, &shape));
            let [row, column] = [b.input("row", DType::F32, &shape[1..]), b.input("column", DType::F32, &[shape[0], 1])];
            let z = (x * row + column).silu() - (y * 0.3).gelu();
            let chosen = x.compare(Comparison::Gt, y).select(z.tanh(), (z * z + 1.0).sqrt());
            let norm = chosen.softmax(1) * column.exp();
            let wide = x.t().reshape(&shape) / (y.abs() + 0.5);
            let outs = [z, norm, wide * wide - x, (norm * wide).sum(&[0]), (z + wide).sum(&[1]), (chosen * chosen).mean_all()];
            let (made, _) = both(&b.finish(&outs).unwrap(), &[]);
            assert!(made >= 1 || cfg!(not(target_arch = "x86_64")), "no code for passes of {shape:?}");
        }
    }

    #[test]
    fn truth_values_chosen_from_constants_stay_truth_values() {
        let b = Builder::new();
        let [x, y] = ["x", "y"].map(|name| b.input(name, DType::F32, &[100]));
        let truth = x.is_finite();
        let [yes, no] = [1.0, 0.0].map(|value| truth.constant(value));
        let larger = x.compare(Comparison::Gt, y).select(yes, no);
        let values = |k: usize| Tensor::from_f32((0..100).map(|i| ((i * k) % 7) as f32).collect(), &[100]).unwrap();
        for outs in [vec![larger], vec![larger, larger.select(x, y)], vec![larger.cast(DType::F32) + x]] {
            let code = plan::compile(&b.finish(&outs).unwrap(), &Request::default()).unwrap();
            let out = code.run(vec![values(3), values(5)], false).unwrap();
            let reference = reference::compile(&b.finish(&outs).unwrap(), &[]).unwrap().run(vec![values(3), values(5)], false).unwrap();
            for (out, reference) in out.iter().zip(&reference) {
                match out.ty().dtype {
                    DType::Bool => assert_eq!(out.to_bool_vec().unwrap(), reference.to_bool_vec().unwrap()),
                    _ => assert_eq!(out.to_f32_vec().unwrap(), reference.to_f32_vec().unwrap()),
                }
            }
        }
    }

    #[test]
    fn an_optimisers_step_over_its_own_state_is_one_loop() {
        for n in [1, 7, 1000, 50_001] {
            let b = Builder::new();
            let [p, m, v, e, g] = ["p", "m", "v", "e", "g"].map(|name| b.input(name, DType::F32, &[n]));
            let loss = (p * g).sum_all();
            let g = g * (loss * loss + 1.0).recip();
            let m2 = m * 0.9 + g * 0.1;
            let v2 = v * 0.999 + g * g * 0.001;
            let p2 = p - m2 / ((v2 * v2).sqrt() + 1e-8) * 1e-3;
            let e2 = e * 0.99 + p2 * 0.01;
            let ok = loss.is_finite();
            let keep = |new: Var<'_>, old: Var<'_>| ok.select(new, old).id();
            let outs = [keep(p2, p), keep(m2, m), keep(v2, v), keep(e2, e)].map(|id| b.var(id));
            let (made, all) = both(&b.finish(&outs).unwrap(), &[0, 1, 2, 3]);
            assert!(made > 0 && made <= all || cfg!(not(target_arch = "x86_64")), "{made} of {all} passes have code");
        }
    }

    #[test]
    fn values_that_take_over_the_places_of_others_are_read_first() {
        let b = Builder::new();
        let [x, y] = ["x", "y"].map(|name| b.input(name, DType::F32, &[1003]));
        // Each result may take over the place of an operand of the other.
        let graph = b.finish(&[(y * 2.0 + x).tanh(), (x - y).exp(), grad((x * y).sum_all(), &[x])[0] + x]).unwrap();
        both(&graph, &[0, 1]);
    }
}
