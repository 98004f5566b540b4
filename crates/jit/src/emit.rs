//! From a list of instructions to machine code for x86-64 with AVX2 and FMA, eight elements at a time.
//!
//! Registers are given out in one walk (Belady's rule, 1966: the value whose next use is furthest away makes room). What can be had again,
//! an element of a slot or a constant, is loaded where it is used; results that make room are kept on the stack. The last elements, fewer
//! than eight, are loaded and stored under a mask by a second copy of the body.
//!
//! `extern "sysv64" fn(slots: *const *mut u8, whole: usize, rest: usize)`, where `whole` is a multiple of eight.

#![allow(clippy::useless_conversion, reason = "dynasm converts every operand")]

use super::tape::{Node, Op};
use dynasmrt::mmap::MutableBuffer;
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, ExecutableBuffer, VecAssembler, dynasm};
use std::collections::HashMap;

/// Registers of 32 bytes. In the second body the last one is the mask.
const REGISTERS: usize = 16;
const MASK: u8 = 15;
/// Registers that hold the addresses of the first slots: r8 … r11, rbx, rbp, r12 … r14. Those of others are loaded into r15.
const POINTERS: [u8; 9] = [8, 9, 10, 11, 3, 5, 12, 13, 14];
const TEMPORARY: u8 = 15;
/// Results that fit on the stack.
const SPILLS: usize = 48;
/// Instructions of a loop, at most: more would not stay in the first-level cache.
const LONGEST: usize = 4000;

/// Where an operand is.
#[derive(Clone, Copy)]
enum Place {
    Register(u8),
    /// A constant among the code.
    Pool(DynamicLabel),
    Stack(i32),
    /// The elements of the slot whose address is in this register.
    Slot(u8),
}

/// `instruction target, first, second`, wherever the second operand is.
macro_rules! three {
    ($self:ident, $name:ident, $d:expr, $a:expr, $b:expr) => {{
        let (d, a) = ($d, $a);
        match $b {
            Place::Register(b) => dynasm!($self.code ; .arch x64 ; $name Ry(d), Ry(a), Ry(b)),
            Place::Pool(label) => dynasm!($self.code ; .arch x64 ; $name Ry(d), Ry(a), [=>label]),
            Place::Stack(at) => dynasm!($self.code ; .arch x64 ; $name Ry(d), Ry(a), [rsp + at]),
            Place::Slot(p) => dynasm!($self.code ; .arch x64 ; $name Ry(d), Ry(a), [Rq(p) + rcx * 4]),
        }
    }};
}

struct Emitter<'a> {
    code: VecAssembler<X64Relocation>,
    nodes: &'a [Node],
    /// The instructions that use each result, last first.
    uses: Vec<Vec<usize>>,
    /// What is in each register.
    held: [Option<usize>; REGISTERS],
    /// Which register each result is in.
    register: Vec<Option<u8>>,
    /// Where on the stack each result is kept.
    kept: Vec<Option<i32>>,
    spills: usize,
    /// The most of them of both bodies.
    most: usize,
    /// Constants among the code, by their bits.
    pool: HashMap<u32, DynamicLabel>,
    /// Whether elements are loaded and stored under the mask.
    masked: bool,
}

/// The code of a loop; `None` where the system lets no program make code, or the loop is too long, or its results too many to keep.
pub(crate) fn emit(nodes: &[Node]) -> Option<ExecutableBuffer> {
    if nodes.len() > LONGEST {
        return None;
    }
    let mut emitter = Emitter {
        code: VecAssembler::new(0),
        nodes,
        uses: Vec::new(),
        held: [None; REGISTERS],
        register: Vec::new(),
        kept: Vec::new(),
        spills: 0,
        most: 0,
        pool: HashMap::new(),
        masked: false,
    };
    emitter.whole();
    if emitter.most > SPILLS {
        return None;
    }
    let code = emitter.code.finalize().ok()?;
    let mut memory = MutableBuffer::new(code.len()).ok()?;
    memory.set_len(code.len());
    memory.copy_from_slice(&code);
    memory.make_exec().ok()
}

impl Emitter<'_> {
    fn whole(&mut self) {
        let slots = self.nodes.iter().filter_map(|node| slot(node.op)).max().map_or(0, |slot| slot + 1);
        let frame = (SPILLS * 32) as i32;
        let [top, rest, end, masks] = [(); 4].map(|()| self.code.new_dynamic_label());
        dynasm!(self.code ; .arch x64
            ; push rbx ; push rbp ; push r12 ; push r13 ; push r14 ; push r15
            ; sub rsp, frame);
        for (slot, pointer) in POINTERS.iter().enumerate().take(slots) {
            dynasm!(self.code ; .arch x64 ; mov Rq(*pointer), [rdi + (slot * 8) as i32]);
        }
        dynasm!(self.code ; .arch x64
            ; xor ecx, ecx
            ; test rsi, rsi
            ; jz =>rest
            ; .align 32
            ; =>top);
        self.body(false);
        dynasm!(self.code ; .arch x64
            ; add rcx, 8
            ; cmp rcx, rsi
            ; jb =>top
            ; =>rest
            ; test rdx, rdx
            ; jz =>end
            ; lea r15, [=>masks]
            ; mov eax, 8
            ; sub rax, rdx
            ; vmovups Ry(MASK), [r15 + rax * 4]);
        self.body(true);
        dynasm!(self.code ; .arch x64
            ; =>end
            ; vzeroupper
            ; add rsp, frame
            ; pop r15 ; pop r14 ; pop r13 ; pop r12 ; pop rbp ; pop rbx
            ; ret
            ; .align 32
            ; =>masks
            ; .u64 -1i64 as u64 ; .u64 -1i64 as u64 ; .u64 -1i64 as u64 ; .u64 -1i64 as u64
            ; .u64 0 ; .u64 0 ; .u64 0 ; .u64 0);
        let mut pool: Vec<(u32, DynamicLabel)> = self.pool.drain().collect();
        pool.sort_unstable_by_key(|(bits, _)| *bits);
        for (bits, label) in pool {
            dynasm!(self.code ; .arch x64 ; =>label);
            (0..8).for_each(|_| dynasm!(self.code ; .arch x64 ; .u32 bits));
        }
    }

    /// What is done to eight elements.
    fn body(&mut self, masked: bool) {
        self.masked = masked;
        self.held = [None; REGISTERS];
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
        self.most = self.most.max(self.spills);
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
        let registers = if self.masked { MASK as usize } else { REGISTERS };
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
        let at = (self.spills.min(SPILLS - 1) * 32) as i32;
        self.spills += 1;
        self.kept[x] = Some(at);
        dynasm!(self.code ; .arch x64 ; vmovups [rsp + at], Ry(register));
    }

    /// The register with the address of a slot.
    fn pointer(&mut self, slot: usize) -> u8 {
        POINTERS.get(slot).copied().unwrap_or_else(|| {
            dynasm!(self.code ; .arch x64 ; mov Rq(TEMPORARY), [rdi + (slot * 8) as i32]);
            TEMPORARY
        })
    }

    fn pool(&mut self, bits: u32) -> DynamicLabel {
        if let Some(known) = self.pool.get(&bits) {
            return *known;
        }
        let label = self.code.new_dynamic_label();
        self.pool.insert(bits, label);
        label
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
                let label = self.pool(bits);
                dynasm!(self.code ; .arch x64 ; vmovups Ry(d), [=>label]);
            }
            Op::Read(slot) => {
                let p = self.pointer(slot);
                if self.masked {
                    dynasm!(self.code ; .arch x64 ; vmaskmovps Ry(d), Ry(MASK), [Rq(p) + rcx * 4]);
                } else {
                    dynasm!(self.code ; .arch x64 ; vmovups Ry(d), [Rq(p) + rcx * 4]);
                }
            }
            Op::Splat(slot) => {
                let p = self.pointer(slot);
                dynasm!(self.code ; .arch x64 ; vpbroadcastd Ry(d), [Rq(p)]);
            }
            Op::Flag(slot) => {
                let (p, zeros, ones) = (self.pointer(slot), self.pool(0), self.pool(u32::MAX));
                dynasm!(self.code ; .arch x64
                    ; vpbroadcastb Ry(d), [Rq(p)]
                    ; vpcmpeqb Ry(d), Ry(d), [=>zeros]
                    ; vpxor Ry(d), Ry(d), [=>ones]);
            }
            _ => {
                let at = self.kept[x].unwrap_or(0);
                dynasm!(self.code ; .arch x64 ; vmovups Ry(d), [rsp + at]);
            }
        }
    }

    /// `x` where an instruction can read it at instruction `i`: memory only if it is not needed again soon.
    fn read(&mut self, x: usize, i: usize, keep: &[usize]) -> Place {
        if let Some(register) = self.register[x] {
            return Place::Register(register);
        }
        match self.nodes[x].op {
            Op::Constant(bits) => Place::Pool(self.pool(bits)),
            Op::Read(slot) if !self.masked && self.dies(x, i) => Place::Slot(self.pointer(slot)),
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
                let p = self.pointer(slot);
                if self.masked {
                    dynasm!(self.code ; .arch x64 ; vmaskmovps [Rq(p) + rcx * 4], Ry(MASK), Ry(a));
                } else {
                    dynasm!(self.code ; .arch x64 ; vmovups [Rq(p) + rcx * 4], Ry(a));
                }
                self.used(i);
            }
            Op::Root | Op::Floor | Op::Halve | Op::Raise => {
                let a = self.loaded(a, &[a]);
                self.used(i);
                let d = self.take(i, &[]);
                match op {
                    Op::Root => dynasm!(self.code ; .arch x64 ; vsqrtps Ry(d), Ry(a)),
                    Op::Floor => dynasm!(self.code ; .arch x64 ; vroundps Ry(d), Ry(a), 9),
                    Op::Halve => dynasm!(self.code ; .arch x64 ; vpsrad Ry(d), Ry(a), 1),
                    _ => dynasm!(self.code ; .arch x64 ; vpslld Ry(d), Ry(a), 23),
                }
            }
            Op::Fused => self.fused(i),
            Op::Choose => {
                let [mask, then, otherwise] = inputs;
                let mask = self.loaded(mask, &inputs);
                let otherwise = self.loaded(otherwise, &inputs);
                let then = self.loaded(then, &inputs);
                self.used(i);
                let d = self.take(i, &[]);
                dynasm!(self.code ; .arch x64 ; vblendvps Ry(d), Ry(otherwise), Ry(then), Ry(mask));
            }
            Op::Compare(relation) => {
                let (a, b) = (self.loaded(a, &[a, b]), self.loaded(b, &[a, b]));
                self.used(i);
                let d = self.take(i, &[]);
                self.code.extend(&compare(d, a, b, relation));
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
                match op {
                    Op::Add => three!(self, vaddps, d, first, second),
                    Op::Sub => three!(self, vsubps, d, first, second),
                    Op::Mul => three!(self, vmulps, d, first, second),
                    Op::Div => three!(self, vdivps, d, first, second),
                    Op::Larger => three!(self, vmaxps, d, first, second),
                    Op::Smaller => three!(self, vminps, d, first, second),
                    Op::And => three!(self, vandps, d, first, second),
                    Op::Or => three!(self, vorps, d, first, second),
                    Op::Xor => three!(self, vxorps, d, first, second),
                    Op::Plus => three!(self, vpaddd, d, first, second),
                    Op::Minus => three!(self, vpsubd, d, first, second),
                    _ => {}
                }
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
                three!(self, vfmadd231ps, d, first, second);
            } else {
                let d = self.take(i, &inputs);
                match self.register[c] {
                    Some(c) => dynasm!(self.code ; .arch x64 ; vmovaps Ry(d), Ry(c)),
                    None => self.load(c, d),
                }
                // After c: both may need the one register for the address of a slot.
                let second = self.read(b, i, &[a, b, c, i]);
                self.used(i);
                three!(self, vfmadd231ps, d, first, second);
            }
        } else if let Some((x, y)) = over {
            let d = self.register[x].unwrap_or(0);
            let first = self.loaded(y, &inputs);
            let second = self.read(c, i, &inputs);
            self.replace(d, i);
            three!(self, vfmadd213ps, d, first, second);
        }
    }
}

/// `vcmpps d, a, b, relation`, as bytes: dynasm 5.1 takes its operands in another order.
fn compare(d: u8, a: u8, b: u8, relation: u8) -> [u8; 6] {
    let extends = |register: u8| 1 ^ register >> 3;
    [0xC4, extends(d) << 7 | 1 << 6 | extends(b) << 5 | 1, (!a & 15) << 3 | 1 << 2, 0xC2, 0xC0 | (d & 7) << 3 | b & 7, relation]
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
