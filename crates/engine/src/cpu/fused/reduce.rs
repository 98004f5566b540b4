//! The reductions at the end of a chunk, and the joining of what pieces left.
//! Beyond a chunk, or a few rows of columns, sums of f32 are carried in double precision.

use super::super::memory::{Address, Memory, Plain};
use super::run::Operands;
use super::{Form, Join, Pass, Reduction};
use thalweg_graph::DType;
use thalweg_lane::{Operand, Real};

/// An element type that is summed up.
pub(super) trait Joined: Plain + PartialOrd {
    /// What long sums are carried in.
    type Wide: Joined;
    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
    /// The value of nothing.
    fn start(join: Join) -> Self;
    /// All values of a run.
    fn run(join: Join, x: &[Self]) -> Self;
    /// Two values.
    fn two(join: Join, a: Self, b: Self) -> Self;
    /// Runs, element by element, into the first.
    fn each(join: Join, into: &mut [Self], x: &[Self]);
}

macro_rules! joined {
    ($($type:ident)*) => {$(
        impl Joined for $type {
            type Wide = f64;
            fn widen(self) -> f64 {
                f64::from(self)
            }
            fn narrow(wide: f64) -> $type {
                wide as $type
            }
            fn start(join: Join) -> $type {
                if join == Join::Sum { 0.0 } else { $type::NEG_INFINITY }
            }
            fn run(join: Join, x: &[$type]) -> $type {
                if x.len() < 16 {
                    return x.iter().fold(Self::start(join), |a, b| Self::two(join, a, *b));
                }
                if join == Join::Sum { <$type as Real>::sum(x) } else { <$type as Real>::largest(x) }
            }
            fn two(join: Join, a: $type, b: $type) -> $type {
                match join {
                    Join::Sum => a + b,
                    Join::Max if a > b || a.is_nan() => a,
                    Join::Max => b,
                }
            }
            fn each(join: Join, into: &mut [$type], x: &[$type]) {
                if x.len() < 16 {
                    into.iter_mut().zip(x).for_each(|(a, b)| *a = Self::two(join, *a, *b));
                } else if join == Join::Sum {
                    <$type as Real>::add_to(into, x);
                } else {
                    <$type as Real>::max_to(into, x);
                }
            }
        }
    )*};
}

joined! { f32 f64 }

impl Joined for i64 {
    type Wide = i64;
    fn widen(self) -> i64 {
        self
    }
    fn narrow(wide: i64) -> i64 {
        wide
    }
    fn start(join: Join) -> i64 {
        if join == Join::Sum { 0 } else { i64::MIN }
    }
    fn run(join: Join, x: &[i64]) -> i64 {
        x.iter().fold(Self::start(join), |a, b| Self::two(join, a, *b))
    }
    fn two(join: Join, a: i64, b: i64) -> i64 {
        if join == Join::Sum { a.wrapping_add(b) } else { a.max(b) }
    }
    fn each(join: Join, into: &mut [i64], x: &[i64]) {
        into.iter_mut().zip(x).for_each(|(a, b)| *a = Self::two(join, *a, *b));
    }
}

macro_rules! with_joined {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::F64 => {
                type $T = f64;
                $body
            }
            DType::I64 => {
                type $T = i64;
                $body
            }
            _ => {
                type $T = f32;
                $body
            }
        }
    };
}

/// Rows that are summed up in the element type itself.
const ROWS: usize = 32;

/// Elements up to which rows are summed up right here, without a kernel's call for each.
const SHORT: usize = 8;

/// Bytes of the part of one piece: `size` wide numbers, and as many of the element type for the rows under way.
pub(super) const fn part_bytes(size: usize) -> usize {
    size * 16
}

/// What a piece has so far.
struct Part<'a, T: Joined> {
    wide: &'a mut [T::Wide],
    rows: &'a mut [T],
}

impl<T: Joined> Part<'_, T> {
    /// Adds the rows under way to the wide numbers.
    fn settle(&mut self, join: Join) {
        for (wide, row) in self.wide.iter_mut().zip(self.rows.iter_mut()) {
            *wide = T::Wide::two(join, *wide, row.widen());
            *row = T::start(join);
        }
    }
}

impl Reduction {
    /// Number of results of a part.
    fn size(&self) -> usize {
        if matches!(self.form, Form::Columns | Form::Blocks(_)) { self.width } else { 1 }
    }

    fn part<'a, T: Joined>(&self, memory: &Memory<'a>, piece: usize) -> Part<'a, T> {
        let size = self.size();
        let first = self.parts.offset + piece * part_bytes(size);
        let at = |bytes: usize, element: usize| Address { base: self.parts.base, offset: bytes / element };
        Part { wide: memory.write(at(first, 8), size), rows: memory.write(at(first + size * 8, size_of::<T>()), size) }
    }

    /// Before the first chunk of piece `piece`.
    pub(super) fn begin(&self, memory: &Memory<'_>, piece: usize) {
        if self.form != Form::Rows {
            with_joined!(self.dtype, T => {
                let part = self.part::<T>(memory, piece);
                part.wide.fill(<T as Joined>::Wide::start(self.join));
                part.rows.fill(T::start(self.join));
            });
        }
    }

    /// After the last chunk of piece `piece`.
    pub(super) fn end(&self, memory: &Memory<'_>, piece: usize) {
        if self.form == Form::Columns {
            with_joined!(self.dtype, T => self.part::<T>(memory, piece).settle(self.join));
        }
    }

    /// Takes in elements `start .. start + count` of the pass.
    pub(super) fn take(&self, memory: &Memory<'_>, operands: &Operands<'_>, piece: usize, start: usize, count: usize) {
        with_joined!(self.dtype, T => match operands.get::<T>(self.value) {
            Operand::Slice(x) => self.take_run::<T>(memory, piece, x, start),
            Operand::Splat(value) => {
                // One value for all: a handful of elements at a time.
                let many = [value; 64];
                for at in (0..count).step_by(64) {
                    self.take_run::<T>(memory, piece, &many[..64.min(count - at)], start + at);
                }
            }
        });
    }

    fn take_run<T: Joined>(&self, memory: &Memory<'_>, piece: usize, x: &[T], start: usize) {
        match self.form {
            Form::Rows => self.rows(memory, piece, x, start),
            Form::Whole => {
                let sum = &mut self.part::<T>(memory, piece).wide[0];
                *sum = T::Wide::two(self.join, *sum, T::run(self.join, x).widen());
            }
            Form::Columns => self.columns(memory, self.part(memory, piece), x, start, usize::MAX),
            Form::Blocks(block) => self.columns(memory, self.part(memory, piece), x, start, block),
        }
    }

    fn columns<T: Joined>(&self, memory: &Memory<'_>, mut part: Part<'_, T>, x: &[T], start: usize, block: usize) {
        let (mut at, mut rest) = (start, x);
        while !rest.is_empty() {
            let column = at % self.width;
            let length = (self.width - column).min(rest.len());
            let (now, later) = rest.split_at(length);
            T::each(self.join, &mut part.rows[column..column + length], now);
            at += length;
            rest = later;
            let ends = at % block == 0;
            if ends || at % (self.width * ROWS) == 0 {
                part.settle(self.join);
            }
            if ends {
                let result = Address { offset: self.result.offset + (at / block - 1) * self.width, ..self.result };
                for (out, wide) in memory.write::<T>(result, self.width).iter_mut().zip(part.wide.iter_mut()) {
                    *out = T::narrow(*wide);
                    *wide = <T as Joined>::Wide::start(self.join);
                }
            }
        }
    }

    fn rows<T: Joined>(&self, memory: &Memory<'_>, piece: usize, x: &[T], start: usize) {
        let (mut at, mut rest) = (start, x);
        while !rest.is_empty() {
            let (row, column) = (at / self.width, at % self.width);
            if column == 0 && self.width <= SHORT && rest.len() >= self.width {
                let whole = rest.len() / self.width;
                let (now, later) = rest.split_at(whole * self.width);
                let out = memory.write::<T>(Address { offset: self.result.offset + row, ..self.result }, whole);
                for (out, row) in out.iter_mut().zip(now.chunks_exact(self.width)) {
                    let start = <T as Joined>::Wide::start(self.join);
                    *out = T::narrow(row.iter().fold(start, |sum, v| T::Wide::two(self.join, sum, v.widen())));
                }
                at += now.len();
                rest = later;
                continue;
            }
            let length = (self.width - column).min(rest.len());
            let (now, later) = rest.split_at(length);
            let sum = T::run(self.join, now);
            let out = &mut memory.write::<T>(Address { offset: self.result.offset + row, ..self.result }, 1)[0];
            if length == self.width {
                *out = sum;
            } else {
                // A row of several chunks: its pieces are carried wide, and the result is what they come to so far.
                let carry = &mut self.part::<T>(memory, piece).wide[0];
                *carry = if column == 0 { sum.widen() } else { T::Wide::two(self.join, *carry, sum.widen()) };
                *out = T::narrow(*carry);
            }
            at += length;
            rest = later;
        }
    }

    /// Joins the parts of all pieces and leaves the result.
    pub(super) fn finish(&self, memory: &Memory<'_>, pass: &Pass) {
        if matches!(self.form, Form::Rows | Form::Blocks(_)) {
            return;
        }
        with_joined!(self.dtype, T => {
            let out = memory.write::<T>(self.result, self.size());
            let sum = self.part::<T>(memory, 0).wide;
            for piece in 1..pass.pieces() {
                let part = self.part::<T>(memory, piece);
                sum.iter_mut().zip(part.wide.iter()).for_each(|(a, b)| *a = <T as Joined>::Wide::two(self.join, *a, *b));
            }
            let adds = self.accumulates && memory.accumulate;
            for (out, sum) in out.iter_mut().zip(sum.iter()) {
                let value = T::narrow(*sum);
                *out = if adds { T::two(self.join, *out, value) } else { value };
            }
        });
    }
}
