//! Runs a pass: pieces, chunks, instructions.

use super::super::memory::{Address, Base, Memory, Plain, with_registers};
use super::super::values::offset_of;
use super::build::{SHORT, chunk};
use super::{Argument, Code, Instruction, Lying, Pass, Pattern, Target};
use crate::threads;
use half::bf16;
use rayon::prelude::*;
use thalweg_graph::ops::binary::Wrapping;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::{DType, Number};
use thalweg_lane::{Operand, Real};

/// Elements from which pieces are shared among threads.
const SHARED_FROM: usize = 32 << 10;

impl Pass {
    /// Whether it is worth waking other threads for.
    pub(crate) fn shares(&self) -> bool {
        self.pieces() > 1 && self.count >= SHARED_FROM
    }

    /// Runs the pass; `share`: among the threads of the pool.
    pub(crate) fn run(&self, memory: &Memory<'_>, share: bool) {
        let pieces = self.pieces();
        if share && self.shares() && threads::inside() {
            (0..pieces).into_par_iter().for_each(|piece| self.piece(memory, piece));
        } else {
            (0..pieces).for_each(|piece| self.piece(memory, piece));
        }
        self.finish(memory);
    }

    /// Joins what all pieces left.
    pub(crate) fn finish(&self, memory: &Memory<'_>) {
        self.reductions.iter().for_each(|r| r.finish(memory, self));
    }

    /// Runs one piece.
    pub(crate) fn piece(&self, memory: &Memory<'_>, piece: usize) {
        let (first, end) = (piece * self.piece, ((piece + 1) * self.piece).min(self.count));
        let step = chunk(self.row);
        self.reductions.iter().for_each(|r| r.begin(memory, piece));
        with_registers(self.registers * self.register_bytes, |registers| {
            let mut at = first;
            while at < end {
                // Up to the end of the row, unless rows are so short that a chunk is several.
                let room = if self.row < SHORT { end - at } else { self.row - at % self.row };
                let count = step.min(room).min(end - at);
                self.chunk(memory, registers, piece, at, count);
                at += count;
            }
        });
        self.reductions.iter().for_each(|r| r.end(memory, piece));
    }

    fn chunk(&self, memory: &Memory<'_>, registers: Base, piece: usize, start: usize, count: usize) {
        let operands = Operands { pass: self, memory, registers: std::slice::from_ref(&registers), start, count };
        for source in &self.sources {
            if let Pattern::Scattered(strides) = &source.pattern {
                operands.gather(source, strides);
            }
        }
        match &self.native {
            Some(native) => native.run(&operands, count),
            None => self.instructions.iter().for_each(|instruction| operands.execute(instruction)),
        }
        // Before anything is overwritten in place.
        for reduction in &self.reductions {
            reduction.take(memory, &operands, piece, start, count);
        }
        let stored = self.native.as_ref().is_some_and(|native| native.stores);
        for store in self.stores.iter().filter(|s| !s.direct && !stored) {
            operands.store(store.value, &store.lying);
        }
    }
}

/// What a chunk's instructions read and write.
pub(super) struct Operands<'a> {
    pub(super) pass: &'a Pass,
    pub(super) memory: &'a Memory<'a>,
    registers: &'a [Base],
    start: usize,
    pub(super) count: usize,
}

/// An element type of instructions, with its constants.
pub(super) trait Constant: Plain {
    fn of(number: Number) -> Self;
}

impl Constant for f32 {
    fn of(number: Number) -> f32 {
        number.as_f64() as f32
    }
}
impl Constant for f64 {
    fn of(number: Number) -> f64 {
        number.as_f64()
    }
}
impl Constant for bf16 {
    fn of(number: Number) -> bf16 {
        bf16::from_f64(number.as_f64())
    }
}
impl Constant for i64 {
    fn of(number: Number) -> i64 {
        number.as_i64()
    }
}
impl Constant for u8 {
    fn of(number: Number) -> u8 {
        u8::from(number.as_i64() != 0)
    }
}

impl<'a> Operands<'a> {
    pub(super) fn registers(&self) -> Memory<'a> {
        Memory::new(self.registers, false)
    }

    pub(super) fn register<T: Plain>(&self, register: usize) -> Address {
        Address { base: 0, offset: register * self.pass.register_bytes / size_of::<T>() }
    }

    /// Offset of the row of the chunk for these strides of the outer dimensions.
    fn row(&self, outer: &[usize]) -> usize {
        offset_of(self.start / self.pass.row, &self.pass.dims[..outer.len()], outer)
    }

    /// Where the one element of the chunk's row lies.
    pub(super) fn repeated(&self, lying: &Lying, outer: &[usize]) -> Address {
        Address { offset: lying.at.offset + self.row(outer), ..lying.at }
    }

    /// Where the chunk of a value without gaps starts.
    pub(super) fn place(&self, lying: &Lying) -> Address {
        let offset = match &lying.pattern {
            Pattern::Rows(outer) => self.row(outer) + self.start % self.pass.row,
            _ => self.start,
        };
        Address { offset: lying.at.offset + offset, ..lying.at }
    }

    /// The values of an argument.
    pub(super) fn get<T: Constant>(&self, argument: Argument) -> Operand<'a, T> {
        match argument {
            Argument::Register(r) => Operand::Slice(self.registers().read::<T>(self.register::<T>(r), self.count)),
            Argument::Constant(number) => Operand::Splat(T::of(number)),
            Argument::Source(k) => {
                let source = &self.pass.sources[k];
                match &source.pattern {
                    Pattern::Single => Operand::Splat(self.memory.read::<T>(source.at, 1)[0]),
                    Pattern::Repeated(outer) => Operand::Splat(self.memory.read::<T>(self.repeated(source, outer), 1)[0]),
                    Pattern::Scattered(_) => Operand::Slice(self.registers().read::<T>(self.register::<T>(source.register), self.count)),
                    _ => Operand::Slice(self.memory.read::<T>(self.place(source), self.count)),
                }
            }
        }
    }

    fn target<T: Plain>(&self, target: Target) -> &'a mut [T] {
        match target {
            Target::Register(r) => self.registers().write::<T>(self.register::<T>(r), self.count),
            Target::Store(k) => self.memory.write::<T>(self.place(&self.pass.stores[k].lying), self.count),
        }
    }

    /// Calls `run(done, offset, length, stride)` for stretches of evenly spaced elements of the chunk.
    fn stretches(&self, strides: &[usize], mut run: impl FnMut(usize, usize, usize, usize)) {
        let dims = &self.pass.dims;
        let (Some(&row), Some((&inner, outer))) = (dims.last(), strides.split_last()) else { return run(0, 0, self.count, 0) };
        let (mut at, mut done) = (self.start, 0);
        while done < self.count {
            let column = at % row;
            let length = (row - column).min(self.count - done);
            let offset = offset_of(at / row, &dims[..dims.len() - 1], outer);
            run(done, offset + column * inner, length, inner);
            at += length;
            done += length;
        }
    }

    fn gather(&self, source: &Lying, strides: &[usize]) {
        match source.dtype.size() {
            1 => self.gather_as::<u8>(source, strides),
            2 => self.gather_as::<bf16>(source, strides),
            4 => self.gather_as::<f32>(source, strides),
            _ => self.gather_as::<i64>(source, strides),
        }
    }

    fn gather_as<T: Plain>(&self, source: &Lying, strides: &[usize]) {
        let out = self.registers().write::<T>(self.register::<T>(source.register), self.count);
        self.stretches(strides, |done, offset, length, stride| {
            let at = Address { offset: source.at.offset + offset, ..source.at };
            let piece = &mut out[done..done + length];
            let from = self.memory.read::<T>(at, (length - 1) * stride + 1);
            match stride {
                0 => piece.fill(from[0]),
                1 => piece.copy_from_slice(from),
                _ => piece.iter_mut().zip(from.iter().step_by(stride)).for_each(|(o, x)| *o = *x),
            }
        });
    }

    /// Copies a value to where it is stored.
    fn store(&self, value: Argument, lying: &Lying) {
        match lying.dtype {
            DType::F32 => self.store_as::<f32>(value, lying),
            DType::F64 => self.store_as::<f64>(value, lying),
            DType::BF16 => self.store_as::<bf16>(value, lying),
            DType::I64 => self.store_as::<i64>(value, lying),
            DType::Bool => self.store_as::<u8>(value, lying),
        }
    }

    fn store_as<T: Constant>(&self, value: Argument, lying: &Lying) {
        let Operand::Slice(values) = self.get::<T>(value) else { return };
        match &lying.pattern {
            Pattern::Scattered(strides) => self.stretches(strides, |done, offset, length, stride| {
                let at = Address { offset: lying.at.offset + offset, ..lying.at };
                let out = self.memory.write::<T>(at, (length - 1) * stride + 1);
                let from = &values[done..done + length];
                out.iter_mut().step_by(stride.max(1)).zip(from).for_each(|(o, x)| *o = *x);
            }),
            // A place of a single element is one of a chunk of a single element.
            Pattern::Single => self.memory.write::<T>(lying.at, 1).copy_from_slice(&values[..1]),
            Pattern::Repeated(outer) => {
                self.memory.write::<T>(self.repeated(lying, outer), 1).copy_from_slice(&values[..1]);
            }
            _ => self.memory.write::<T>(self.place(lying), self.count).copy_from_slice(values),
        }
    }

    fn execute(&self, instruction: &Instruction) {
        match instruction.dtype {
            DType::F32 => self.real::<f32>(instruction),
            DType::F64 => self.real::<f64>(instruction),
            DType::BF16 => self.narrow(instruction),
            DType::I64 => self.integers(instruction),
            DType::Bool => self.truths(instruction),
        }
    }

    fn real<T: Real + Constant + Castable>(&self, instruction: &Instruction) {
        let arguments = &instruction.arguments;
        let get = |k: usize| self.get::<T>(arguments[k]);
        match instruction.code {
            Code::Unary(op) => {
                let out = self.target::<T>(instruction.target);
                match get(0) {
                    Operand::Slice(x) => T::unary(op, x, out),
                    Operand::Splat(x) => {
                        out.fill(x);
                        T::unary_in_place(op, out);
                    }
                }
            }
            Code::Binary(op) => T::binary(op, get(0), get(1), self.target::<T>(instruction.target)),
            Code::MulAdd => T::multiply_add(get(0), get(1), get(2), self.target::<T>(instruction.target)),
            Code::TwoProducts => T::two_products(get(0), get(1), get(2), get(3), self.target::<T>(instruction.target)),
            Code::Compare(relation) => T::compare(relation, get(0), get(1), self.target::<u8>(instruction.target)),
            Code::Select => self.select::<T>(instruction, |condition, a, b, out| T::select(condition, a, b, out)),
            Code::IsFinite => {
                let out = self.target::<u8>(instruction.target);
                match get(0) {
                    Operand::Slice(x) => T::finite(x, out),
                    Operand::Splat(x) => {
                        let mut one = [0];
                        T::finite(&[x], &mut one);
                        out.fill(one[0]);
                    }
                }
            }
            Code::Cast(to) => self.cast(get(0), to, instruction.target),
            Code::Logical(_) => {}
        }
    }

    /// bf16: widened to f32, computed, rounded once.
    fn narrow(&self, instruction: &Instruction) {
        let get = |k: usize| self.get::<bf16>(instruction.arguments[k]);
        match instruction.code {
            Code::Unary(op) => map(get(0), self.target(instruction.target), |x: bf16| bf16::from_f32(op.eval(x.to_f32()))),
            Code::Binary(op) => {
                zip(get(0), get(1), self.target(instruction.target), |a: bf16, b: bf16| bf16::from_f32(op.eval(a.to_f32(), b.to_f32())))
            }
            Code::Compare(relation) => {
                zip(get(0), get(1), self.target(instruction.target), |a: bf16, b: bf16| u8::from(relation.holds(a, b)))
            }
            Code::IsFinite => map(get(0), self.target(instruction.target), |x: bf16| u8::from(x.is_finite())),
            Code::Select => self.select::<bf16>(instruction, choose),
            Code::Cast(to) => self.cast(get(0), to, instruction.target),
            Code::MulAdd | Code::TwoProducts | Code::Logical(_) => {}
        }
    }

    fn integers(&self, instruction: &Instruction) {
        let get = |k: usize| self.get::<i64>(instruction.arguments[k]);
        match instruction.code {
            Code::Unary(op) => map(get(0), self.target(instruction.target), |x: i64| match op {
                Unary::Neg => x.wrapping_neg(),
                Unary::Abs => x.wrapping_abs(),
                _ => x.signum(),
            }),
            Code::Binary(op) => zip(get(0), get(1), self.target(instruction.target), |a: i64, b: i64| op.eval(Wrapping(a), Wrapping(b)).0),
            Code::Compare(relation) => {
                zip(get(0), get(1), self.target(instruction.target), |a: i64, b: i64| u8::from(relation.holds(a, b)))
            }
            Code::Select => self.select::<i64>(instruction, choose),
            Code::Cast(to) => self.cast(get(0), to, instruction.target),
            Code::MulAdd | Code::TwoProducts | Code::Logical(_) | Code::IsFinite => {}
        }
    }

    fn truths(&self, instruction: &Instruction) {
        let get = |k: usize| self.get::<u8>(instruction.arguments[k]);
        match instruction.code {
            Code::Logical(op) => zip(get(0), get(1), self.target(instruction.target), |a: u8, b: u8| u8::from(op.eval(a != 0, b != 0))),
            Code::Compare(relation) => zip(get(0), get(1), self.target(instruction.target), |a: u8, b: u8| u8::from(relation.holds(a, b))),
            Code::Select => self.select::<u8>(instruction, choose),
            Code::Cast(to) => self.cast(get(0), to, instruction.target),
            _ => {}
        }
    }

    fn select<T: Constant>(&self, instruction: &Instruction, choose: impl Fn(&[u8], Operand<T>, Operand<T>, &mut [T])) {
        let [condition, then, otherwise] = instruction.arguments[..] else { return };
        let out = self.target::<T>(instruction.target);
        let (then, otherwise) = (self.get::<T>(then), self.get::<T>(otherwise));
        match self.get::<u8>(condition) {
            Operand::Slice(condition) => choose(condition, then, otherwise, out),
            Operand::Splat(condition) => match if condition != 0 { then } else { otherwise } {
                Operand::Slice(values) => out.copy_from_slice(values),
                Operand::Splat(value) => out.fill(value),
            },
        }
    }

    fn cast<T: Castable + Plain>(&self, x: Operand<'_, T>, to: DType, target: Target) {
        match to {
            DType::F32 => map(x, self.target(target), T::to_f32),
            DType::F64 => map(x, self.target(target), T::to_f64),
            DType::BF16 => map(x, self.target(target), T::to_bf16),
            DType::I64 => map(x, self.target(target), T::to_i64),
            DType::Bool => map(x, self.target(target), T::to_bool),
        }
    }
}

/// Conversions between element types, as the reference executor makes them.
pub(super) trait Castable: Copy {
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;
    fn to_bf16(self) -> bf16;
    fn to_i64(self) -> i64;
    fn to_bool(self) -> u8;
}

macro_rules! castable {
    ($($type:ty: $x:ident => $f32:expr, $f64:expr, $bf16:expr, $i64:expr, $bool:expr;)*) => {$(
        impl Castable for $type {
            fn to_f32(self) -> f32 { let $x = self; $f32 }
            fn to_f64(self) -> f64 { let $x = self; $f64 }
            fn to_bf16(self) -> bf16 { let $x = self; $bf16 }
            fn to_i64(self) -> i64 { let $x = self; $i64 }
            fn to_bool(self) -> u8 { let $x = self; $bool }
        }
    )*};
}

castable! {
    f32: x => x, f64::from(x), bf16::from_f32(x), x as i64, u8::from(x != 0.0);
    f64: x => x as f32, x, bf16::from_f64(x), x as i64, u8::from(x != 0.0);
    bf16: x => x.to_f32(), f64::from(x.to_f32()), x, x.to_f32() as i64, u8::from(x.to_f32() != 0.0);
    i64: x => x as f32, x as f64, bf16::from_f64(x as f64), x, u8::from(x != 0);
    u8: x => f32::from(x), f64::from(x), bf16::from_f32(f32::from(x)), i64::from(x), u8::from(x != 0);
}

fn map<T: Copy, O: Copy>(x: Operand<'_, T>, out: &mut [O], f: impl Fn(T) -> O) {
    match x {
        Operand::Slice(x) => out.iter_mut().zip(x).for_each(|(o, x)| *o = f(*x)),
        Operand::Splat(x) => out.fill(f(x)),
    }
}

fn zip<T: Copy, O: Copy>(a: Operand<'_, T>, b: Operand<'_, T>, out: &mut [O], f: impl Fn(T, T) -> O) {
    match (a, b) {
        (Operand::Slice(a), Operand::Slice(b)) => out.iter_mut().zip(a).zip(b).for_each(|((o, a), b)| *o = f(*a, *b)),
        (Operand::Slice(a), Operand::Splat(b)) => out.iter_mut().zip(a).for_each(|(o, a)| *o = f(*a, b)),
        (Operand::Splat(a), Operand::Slice(b)) => out.iter_mut().zip(b).for_each(|(o, b)| *o = f(a, *b)),
        (Operand::Splat(a), Operand::Splat(b)) => out.fill(f(a, b)),
    }
}

fn choose<T: Copy>(condition: &[u8], a: Operand<'_, T>, b: Operand<'_, T>, out: &mut [T]) {
    let at = |x: &Operand<'_, T>, i: usize| match x {
        Operand::Slice(x) => x[i],
        Operand::Splat(x) => *x,
    };
    for (i, (o, c)) in out.iter_mut().zip(condition).enumerate() {
        *o = if *c != 0 { at(&a, i) } else { at(&b, i) };
    }
}
