//! From a list of instructions to machine code for x86-64.
//!
//! Most instructions wait for the one before them, and a processor does not look far ahead, so that up to [`ABREAST`] registers of elements advance
//! together, instruction by instruction: as many as the stack has room for.
//!
//! Registers are given out in one walk (Belady's rule, 1966: the value whose next use is furthest away makes room). What can be had again,
//! an element of a slot or a constant, is loaded where it is used; results that make room are kept on the stack. The last elements, fewer
//! than advance together, are loaded and stored under a mask by a second body of one register each.
//!
//! `extern "sysv64" fn(slots: *const *mut u8, whole: usize, rest: usize)`, where `whole` is a multiple of the elements that advance together.

#![allow(clippy::useless_conversion, reason = "dynasm converts every operand")]

use super::isa::{Code, Isa, Over, Place};
use super::tape::{Node, Op};
use dynasmrt::mmap::MutableBuffer;
use dynasmrt::{DynasmApi, DynasmLabelApi, ExecutableBuffer, VecAssembler, dynasm};
use std::collections::HashMap;
use std::marker::PhantomData;

/// Registers that hold the addresses of the first slots: r8 … r11, rbx, rbp, r12 … r14. Those of others are loaded into r15.
const POINTERS: [u8; 9] = [8, 9, 10, 11, 3, 5, 12, 13, 14];
const TEMPORARY: u8 = 15;
/// Results that fit on the stack.
const SPILLS: usize = 48;
/// Registers of elements that advance together, at most.
const ABREAST: usize = 4;
/// Instructions of a loop, at most: more would not stay in the first-level cache.
const LONGEST: usize = 4000;

/// The code of a loop.
pub(crate) struct Emitted {
    pub(crate) code: ExecutableBuffer,
    /// Elements that advance together.
    pub(crate) stride: usize,
}

struct Emitter<'a, I> {
    code: Code,
    /// The instructions of the body that is written, and of which of the registers abreast each is.
    nodes: Vec<Node>,
    lanes: Vec<usize>,
    /// The instructions for one register.
    single: &'a [Node],
    /// The instructions that use each result, last first.
    uses: Vec<Vec<usize>>,
    /// What is in each register that values may be in.
    held: Vec<Option<usize>>,
    /// Which register each result is in.
    register: Vec<Option<u8>>,
    /// Where on the stack each result is kept.
    kept: Vec<Option<i32>>,
    spills: usize,
    /// Constants among the code, in their order, and where each is there.
    constants: Vec<u32>,
    pool: HashMap<u32, i32>,
    /// Whether elements are loaded and stored under the mask.
    masked: bool,
    isa: PhantomData<I>,
}

/// The code of a loop; `None` where the system lets no program make code, or the loop is too long, or its results too many to keep.
pub(crate) fn emit<I: Isa>(nodes: &[Node]) -> Option<Emitted> {
    let (code, abreast) = (0..=ABREAST.ilog2()).rev().map(|k| 1 << k).find_map(|abreast| Some((attempt::<I>(nodes, abreast)?, abreast)))?;
    let mut memory = MutableBuffer::new(code.len()).ok()?;
    memory.set_len(code.len());
    memory.copy_from_slice(&code);
    Some(Emitted { code: memory.make_exec().ok()?, stride: abreast * I::LANES })
}

/// The bytes of the code with so many registers abreast, unless it is too long, or registers are too few for that.
fn attempt<I: Isa>(nodes: &[Node], abreast: usize) -> Option<Vec<u8>> {
    if nodes.len() * abreast > LONGEST {
        return None;
    }
    let mut emitter = Emitter::<I> {
        code: VecAssembler::new(0),
        nodes: Vec::new(),
        lanes: Vec::new(),
        single: nodes,
        uses: Vec::new(),
        held: Vec::new(),
        register: Vec::new(),
        kept: Vec::new(),
        spills: 0,
        constants: Vec::new(),
        pool: HashMap::new(),
        masked: false,
        isa: PhantomData,
    };
    emitter.whole(abreast)?;
    emitter.code.finalize().ok()
}

impl<I: Isa> Emitter<'_, I> {
    /// Bytes of a register.
    const BYTES: i32 = 4 * I::LANES as i32;

    fn whole(&mut self, abreast: usize) -> Option<()> {
        let slots = self.single.iter().filter_map(|node| slot(node.op)).max().map_or(0, |slot| slot + 1);
        let (frame, lanes) = (SPILLS as i32 * Self::BYTES, I::LANES as i32);
        let [top, rest, end, pool] = [(); 4].map(|()| self.code.new_dynamic_label());
        // Registers on the stack lie in one line of the cache each.
        dynasm!(self.code ; .arch x64
            ; push rbx ; push rbp ; push r12 ; push r13 ; push r14 ; push r15
            ; mov rax, rsp
            ; sub rsp, frame + 64
            ; and rsp, -64
            ; mov [rsp + frame], rax
            ; lea rax, [=>pool]);
        for (slot, pointer) in POINTERS.iter().enumerate().take(slots) {
            dynasm!(self.code ; .arch x64 ; mov Rq(*pointer), [rdi + (slot * 8) as i32]);
        }
        dynasm!(self.code ; .arch x64
            ; xor ecx, ecx
            ; test rsi, rsi
            ; jz =>rest
            ; .align 32
            ; =>top);
        self.body(abreast, false);
        if self.spills > SPILLS {
            return None;
        }
        dynasm!(self.code ; .arch x64
            ; add rcx, lanes * abreast as i32
            ; cmp rcx, rsi
            ; jb =>top
            ; =>rest
            ; test rdx, rdx
            ; jle =>end);
        I::mask(&mut self.code);
        self.body(1, true);
        if self.spills > SPILLS {
            return None;
        }
        dynasm!(self.code ; .arch x64
            ; add rcx, lanes
            ; sub rdx, lanes
            ; jmp =>rest
            ; =>end
            ; vzeroupper
            ; mov rsp, [rsp + frame]
            ; pop r15 ; pop r14 ; pop r13 ; pop r12 ; pop rbp ; pop rbx
            ; ret
            ; .align 64
            ; =>pool);
        for number in I::TABLE {
            dynasm!(self.code ; .arch x64 ; .i32 number);
        }
        for bits in &self.constants {
            (0..I::COPIES).for_each(|_| dynasm!(self.code ; .arch x64 ; .u32 *bits));
        }
        Some(())
    }

    /// The instructions for so many registers of elements: what is the same for all of them once, all else side by side.
    fn widen(&mut self, abreast: usize) {
        (self.nodes, self.lanes) = (Vec::new(), Vec::new());
        let mut places: Vec<Vec<usize>> = Vec::new();
        for node in self.single {
            let times = if matches!(node.op, Op::Splat(_) | Op::Flag(_) | Op::Constant(_)) { 1 } else { abreast };
            let place = (0..times).map(|lane| {
                self.nodes.push(Node { inputs: node.inputs.map(|x| places.get(x).map_or(0, |of| of[lane % of.len()])), ..*node });
                self.lanes.push(lane);
                self.nodes.len() - 1
            });
            let place = place.collect();
            places.push(place);
        }
    }

    /// What is done to the elements of so many registers.
    fn body(&mut self, abreast: usize, masked: bool) {
        self.widen(abreast);
        self.masked = masked;
        self.held = vec![None; if masked { I::MASKED } else { I::REGISTERS }];
        self.register = vec![None; self.nodes.len()];
        self.kept = vec![None; self.nodes.len()];
        self.uses = vec![Vec::new(); self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().rev() {
            node.inputs().iter().for_each(|&x| self.uses[x].push(i));
        }
        self.spills = 0;
        for i in 0..self.nodes.len() {
            self.instruction(i);
        }
    }

    /// The elements of a slot that instruction `i` is about.
    fn elements(&mut self, slot: usize, i: usize) -> Place {
        let offset = self.lanes[i] as i32 * Self::BYTES;
        Place::Slot(self.pointer(slot), offset)
    }

    /// Ends the life of what instruction `i` is the last to use, and forgets that it used it.
    fn used(&mut self, i: usize) {
        for &x in self.nodes[i].inputs() {
            while self.uses[x].last() == Some(&i) {
                self.uses[x].pop();
            }
            if self.uses[x].is_empty()
                && let Some(register) = self.register[x].take()
            {
                self.held[register as usize] = None;
            }
        }
    }

    /// Whether instruction `i` is the last to use `x`.
    fn dies(&self, x: usize, i: usize) -> bool {
        self.uses[x].iter().all(|&user| user == i)
    }

    /// A register for result `x`, while those of `keep` stay where they are.
    fn take(&mut self, x: usize, keep: &[usize]) -> u8 {
        let registers = self.held.len();
        let free = (0..registers).find(|&r| self.held[r].is_none());
        let register = free.unwrap_or_else(|| {
            let next = |r: &usize| self.held[*r].and_then(|held| self.uses[held].last().copied()).unwrap_or(usize::MAX);
            let may = |r: &usize| self.held[*r].is_none_or(|held| !keep.contains(&held));
            // An instruction has three operands, and there are more registers than that.
            let furthest = (0..registers).filter(may).max_by_key(next).unwrap_or(0);
            self.leave(furthest as u8);
            furthest
        });
        self.held[register] = Some(x);
        self.register[x] = Some(register as u8);
        register as u8
    }

    /// Puts result `i` into a register of an operand that dies there.
    fn replace(&mut self, d: u8, i: usize) {
        self.used(i);
        self.held[d as usize] = Some(i);
        self.register[i] = Some(d);
    }

    /// Makes room: a result that cannot be had again goes to the stack.
    fn leave(&mut self, register: u8) {
        let Some(x) = self.held[register as usize].take() else { return };
        self.register[x] = None;
        if again(self.nodes[x].op) || self.kept[x].is_some() {
            return;
        }
        let at = self.spills.min(SPILLS - 1) as i32 * Self::BYTES;
        self.spills += 1;
        self.kept[x] = Some(at);
        I::store(&mut self.code, Place::Stack(at), register);
    }

    /// The register with the address of a slot.
    fn pointer(&mut self, slot: usize) -> u8 {
        POINTERS.get(slot).copied().unwrap_or_else(|| {
            dynasm!(self.code ; .arch x64 ; mov Rq(TEMPORARY), [rdi + (slot * 8) as i32]);
            TEMPORARY
        })
    }

    /// Where a constant is among the code.
    fn pool(&mut self, bits: u32) -> Place {
        let next = 4 * (I::TABLE.len() + self.constants.len() * I::COPIES) as i32;
        let at = *self.pool.entry(bits).or_insert(next);
        if at == next {
            self.constants.push(bits);
        }
        Place::Pool(at)
    }

    /// `x` in a register.
    fn loaded(&mut self, x: usize, keep: &[usize]) -> u8 {
        if let Some(register) = self.register[x] {
            return register;
        }
        let d = self.take(x, keep);
        self.load(x, d);
        d
    }

    /// Loads `x`, which is in no register, into one.
    fn load(&mut self, x: usize, d: u8) {
        match self.nodes[x].op {
            Op::Constant(bits) => {
                let from = self.pool(bits);
                I::load(&mut self.code, d, from);
            }
            Op::Read(slot) => {
                if self.masked {
                    let p = self.pointer(slot);
                    I::load_masked(&mut self.code, d, p);
                } else {
                    let from = self.elements(slot, x);
                    I::load(&mut self.code, d, from);
                }
            }
            Op::Splat(slot) => {
                let p = self.pointer(slot);
                I::splat(&mut self.code, d, p);
            }
            Op::Flag(slot) => {
                let constants = [self.pool(0), self.pool(u32::MAX)];
                let p = self.pointer(slot);
                I::flag(&mut self.code, d, p, constants);
            }
            _ => I::load(&mut self.code, d, Place::Stack(self.kept[x].unwrap_or(0))),
        }
    }

    /// `x` where an instruction can read it at instruction `i`: memory only if it is not needed again soon.
    fn read(&mut self, x: usize, i: usize, keep: &[usize]) -> Place {
        if let Some(register) = self.register[x] {
            return Place::Register(register);
        }
        match self.nodes[x].op {
            Op::Constant(bits) => self.pool(bits),
            Op::Read(slot) if !self.masked && self.dies(x, i) => self.elements(slot, x),
            op if !again(op) && self.dies(x, i) => Place::Stack(self.kept[x].unwrap_or(0)),
            _ => Place::Register(self.loaded(x, keep)),
        }
    }

    fn instruction(&mut self, i: usize) {
        let Node { op, inputs, .. } = self.nodes[i];
        let [a, b, _] = inputs;
        match op {
            Op::Read(_) | Op::Splat(_) | Op::Flag(_) | Op::Constant(_) => {}
            Op::Write(slot) => {
                let a = self.loaded(a, &[a]);
                if self.masked {
                    let p = self.pointer(slot);
                    I::store_masked(&mut self.code, p, a);
                } else {
                    let to = self.elements(slot, i);
                    I::store(&mut self.code, to, a);
                }
                self.used(i);
            }
            Op::Root | Op::Floor | Op::Halve | Op::Raise => {
                let a = self.loaded(a, &[a]);
                self.used(i);
                let d = self.take(i, &[]);
                I::one(&mut self.code, op, d, a);
            }
            Op::Fused => self.fused(i),
            Op::Choose => {
                let [mask, then, otherwise] = inputs;
                let mask = self.loaded(mask, &inputs);
                let otherwise = self.loaded(otherwise, &inputs);
                let then = self.loaded(then, &inputs);
                self.used(i);
                let d = self.take(i, &[]);
                I::choose(&mut self.code, d, [mask, then, otherwise]);
            }
            Op::Compare(relation) => {
                let (a, b) = (self.loaded(a, &[a, b]), self.loaded(b, &[a, b]));
                self.used(i);
                let d = self.take(i, &[]);
                I::compare(&mut self.code, d, a, b, relation);
            }
            _ => {
                // Either order will do where the second operand is in a register, and the first is not.
                let turns = matches!(op, Op::Add | Op::Mul | Op::And | Op::Or | Op::Xor | Op::Plus);
                let turned = turns && self.register[a].is_none() && self.register[b].is_some();
                let (a, b) = if turned { (b, a) } else { (a, b) };
                let first = self.loaded(a, &[a, b]);
                let second = self.read(b, i, &[a, b]);
                self.used(i);
                let d = self.take(i, &[]);
                I::two(&mut self.code, op, d, first, second);
            }
        }
    }

    /// a·b + c, over an operand that is not needed any more, or a copy of c.
    fn fused(&mut self, i: usize) {
        let inputs = self.nodes[i].inputs;
        let [a, b, c] = inputs;
        let free = |this: &Self, x: usize, others: [usize; 2]| this.register[x].is_some() && this.dies(x, i) && !others.contains(&x);
        // A factor that dies may be overwritten, the other one being in a register.
        let over = [(a, b), (b, a)].into_iter().find(|&(x, y)| free(self, x, [y, c]));
        if free(self, c, [a, b]) || over.is_none() {
            // The factor that is in no register, if only one is, is read from memory.
            let (a, b) = if self.register[a].is_none() { (b, a) } else { (a, b) };
            let first = self.loaded(a, &inputs);
            if free(self, c, [a, b]) {
                let d = self.register[c].unwrap_or(0);
                let second = self.read(b, i, &inputs);
                self.replace(d, i);
                I::fused(&mut self.code, Over::Sum, d, first, second);
            } else {
                let d = self.take(i, &inputs);
                match self.register[c] {
                    Some(c) => I::copy(&mut self.code, d, c),
                    None => self.load(c, d),
                }
                // After c: both may need the one register for the address of a slot.
                let second = self.read(b, i, &[a, b, c, i]);
                self.used(i);
                I::fused(&mut self.code, Over::Sum, d, first, second);
            }
        } else if let Some((x, y)) = over {
            let d = self.register[x].unwrap_or(0);
            let first = self.loaded(y, &inputs);
            let second = self.read(c, i, &inputs);
            self.replace(d, i);
            I::fused(&mut self.code, Over::Factor, d, first, second);
        }
    }
}

/// The slot of an instruction.
fn slot(op: Op) -> Option<usize> {
    match op {
        Op::Read(slot) | Op::Splat(slot) | Op::Flag(slot) | Op::Write(slot) => Some(slot),
        _ => None,
    }
}

/// Whether a value can be loaded again.
fn again(op: Op) -> bool {
    matches!(op, Op::Read(_) | Op::Splat(_) | Op::Flag(_) | Op::Constant(_))
}
