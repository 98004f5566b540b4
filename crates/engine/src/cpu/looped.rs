//! scan: a loop over a body that was compiled once. Sequences and stacks are walked by moving their bases; the carry alternates
//! between two places.

use super::arena::rounded;
use super::copy::{Copy, View};
use super::memory::{Address, Base, Memory, with_bases};
use super::plan::{ARENA, Request, compile};
use super::program::Code;
use crate::{EngineError, Result};
use thalweg_graph::ops::Scan;
use thalweg_graph::{Type, strides};

/// A stretch of memory: base, first byte, bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) base: usize,
    pub(crate) first: usize,
    pub(crate) bytes: usize,
}

impl Stretch {
    fn at(&self, memory: &Memory<'_>, entry: usize) -> Base {
        memory.base(self.base).part(self.first + entry * self.bytes, self.bytes)
    }
}

/// A scan with its compiled body.
pub(crate) struct Loop {
    pub(crate) body: Code,
    pub(crate) length: usize,
    pub(crate) consts: usize,
    pub(crate) carry: usize,
    /// Types of results, without the leading dimension of stacks.
    results: Vec<Type>,
    /// Which operands are copied first, because they have gaps; and how many bytes each has.
    copied: Vec<bool>,
    operand_bytes: Vec<usize>,
    pub(crate) copies: Vec<Copy>,
    pub(crate) operands: Vec<Stretch>,
    /// Where results go: two places for each carry, one for each stack's entry, and where the last carry belongs.
    pub(crate) turns: [Vec<Stretch>; 2],
    /// Whether a stack's entry moves along with the step: one that nobody asked for is overwritten again and again.
    pub(crate) stacks: Vec<(Stretch, bool)>,
    pub(crate) last: Vec<Option<Stretch>>,
    pub(crate) arena: Stretch,
}

impl Loop {
    /// Compiles the body; `copied` says which operands have gaps.
    pub(crate) fn new(scan: &Scan, copied: Vec<bool>, whole: bool, narrow: bool) -> Result<Loop> {
        let body = compile(&scan.body.0, &Request { whole, narrow, ..Request::default() })?;
        let none = Stretch { base: ARENA, first: 0, bytes: 0 };
        Ok(Loop {
            body,
            length: scan.length,
            consts: scan.consts,
            carry: scan.carry,
            results: scan.body.0.output_types(),
            copied,
            operand_bytes: scan.operand_types().iter().map(Type::bytes).collect(),
            copies: Vec::new(),
            operands: Vec::new(),
            turns: [Vec::new(), Vec::new()],
            stacks: Vec::new(),
            last: vec![None; scan.carry],
            arena: none,
        })
    }

    /// Bytes that it needs beside operands and results.
    pub(crate) fn scratch_bytes(&self) -> usize {
        let copies = self.copied.iter().zip(&self.operand_bytes).filter(|(copied, _)| **copied).map(|(_, bytes)| rounded(*bytes));
        let carries = self.results[..self.carry].iter().map(|ty| rounded(ty.bytes()).saturating_mul(2));
        let entries = self.results[self.carry..].iter().map(|ty| rounded(ty.bytes()));
        copies.chain(carries).chain(entries).fold(rounded(self.body.arena), usize::saturating_add)
    }

    /// The body.
    pub(crate) fn body(&self) -> &Code {
        &self.body
    }

    /// Says where the scratch begins, and where operands lie.
    pub(crate) fn bind(&mut self, scratch: usize, operands: Vec<(Address, View, Type)>) {
        let mut next = scratch;
        let mut take = |bytes: usize| {
            let stretch = Stretch { base: ARENA, first: next, bytes };
            next += rounded(bytes);
            stretch
        };
        for (k, (at, view, ty)) in operands.into_iter().enumerate() {
            let size = ty.dtype.size();
            let mut stretch = Stretch { base: at.base, first: at.offset * size, bytes: ty.bytes() };
            if self.copied[k] {
                stretch = take(ty.bytes());
                let to = View::new(Address { base: ARENA, offset: stretch.first / size }, &strides(&ty.shape));
                self.copies.push(Copy::new(&ty.shape, size, view, to, None));
            }
            if k >= self.consts + self.carry {
                stretch.bytes /= self.length.max(1);
            }
            self.operands.push(stretch);
        }
        for turn in &mut self.turns {
            *turn = self.results[..self.carry].iter().map(|ty| take(ty.bytes())).collect();
        }
        self.stacks = self.results[self.carry..].iter().map(|ty| (take(ty.bytes()), false)).collect();
        self.arena = take(self.body.arena);
    }

    /// Says where result `index` belongs.
    pub(crate) fn result(&mut self, index: usize, at: Address) {
        let ty = &self.results[index];
        let stretch = Stretch { base: at.base, first: at.offset * ty.dtype.size(), bytes: ty.bytes() };
        match index.checked_sub(self.carry) {
            None => self.last[index] = Some(stretch),
            Some(stack) => self.stacks[stack] = (stretch, true),
        }
    }

    /// Runs all steps.
    pub(crate) fn run(&self, memory: &Memory<'_>, share: bool) -> Result<()> {
        self.copies.iter().for_each(|copy| copy.run(memory));
        let (fixed, carried) = (self.consts, self.consts + self.carry);
        let arena = self.arena.at(memory, 0);
        with_bases(|bases| {
            (0..self.length).try_for_each(|step| {
                bases.clear();
                bases.extend(self.operands[..fixed].iter().map(|s| s.at(memory, 0)));
                let before = if step == 0 { &self.operands[fixed..carried] } else { &self.turns[(step - 1) % 2][..] };
                bases.extend(before.iter().map(|s| s.at(memory, 0)));
                bases.extend(self.operands[carried..].iter().map(|s| s.at(memory, step)));
                bases.extend(self.turns[step % 2].iter().map(|s| s.at(memory, 0)));
                bases.extend(self.stacks.iter().map(|(s, moves)| s.at(memory, if *moves { step } else { 0 })));
                let (inputs, outputs) = bases.split_at(self.operands.len());
                self.body.execute(arena, inputs, outputs, false, share)
            })
        })?;
        let end = if self.length == 0 { &self.operands[fixed..carried] } else { &self.turns[(self.length - 1) % 2][..] };
        for (from, to) in end.iter().zip(&self.last) {
            if let Some(to) = to {
                copy_bytes(memory, from, to)?;
            }
        }
        Ok(())
    }
}

fn copy_bytes(memory: &Memory<'_>, from: &Stretch, to: &Stretch) -> Result<()> {
    if from.bytes != to.bytes {
        return Err(EngineError::internal("a carry of another size"));
    }
    let source = memory.read::<u8>(Address { base: from.base, offset: from.first }, from.bytes);
    memory.write::<u8>(Address { base: to.base, offset: to.first }, to.bytes).copy_from_slice(source);
    Ok(())
}
