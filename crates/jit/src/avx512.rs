//! AVX-512 (F, BW and DQ): sixteen elements in each of 32 registers. Truth values are bits of all ones here too, so that loops are the same for
//! all instruction sets; k1 is where relations are held for a moment, k2 the mask of the last elements.
//!
//! dynasm does not know these instructions. Their encoding (EVEX) is in the Intel 64 manual, volume 2, section 2.7.

use super::isa::{Code, Isa, Over, Place};
use super::tape::Op;
use dynasmrt::DynasmApi;

const RAX: u8 = 0;
const RCX: u8 = 1;
const RSP: u8 = 4;

/// Tables of opcodes, and what stands for a prefix of older instructions.
const MAP_0F: u8 = 1;
const MAP_0F38: u8 = 2;
const MAP_0F3A: u8 = 3;
const PLAIN: u8 = 0;
const P66: u8 = 1;
const PF3: u8 = 2;

/// An opcode: its table, its prefix, and its byte.
type Opcode = (u8, u8, u8);

const MOVE: Opcode = (MAP_0F, PLAIN, 0x10);
const STORE: Opcode = (MAP_0F, PLAIN, 0x11);
const BROADCAST: Opcode = (MAP_0F38, P66, 0x18);
const BROADCAST_BYTE: Opcode = (MAP_0F38, P66, 0x78);
/// Into a mask register: where two operands have bits in common, and where a relation holds.
const TEST: Opcode = (MAP_0F38, P66, 0x27);
const COMPARE: Opcode = (MAP_0F, PLAIN, 0xC2);
/// From a mask register: all ones where it has a one.
const SPREAD: Opcode = (MAP_0F38, PF3, 0x38);
/// Any function of three bits, by its truth table.
const TERNARY: Opcode = (MAP_0F3A, P66, 0x25);
const ROOT: Opcode = (MAP_0F, PLAIN, 0x51);
const ROUND: Opcode = (MAP_0F3A, P66, 0x08);
/// Shifts by a number that is part of the code; which one is where other instructions have a register.
const SHIFT: Opcode = (MAP_0F, P66, 0x72);
const SHIFT_RIGHT: u8 = 4;
const SHIFT_LEFT: u8 = 6;

/// The mask register of the last elements, and the one for relations.
const REST: u8 = 2;
const RELATION: u8 = 1;

/// The operand that may be in memory.
#[derive(Clone, Copy)]
enum Operand {
    Register(u8),
    /// At `base + displacement`, or `base + 4 rcx`.
    Memory {
        base: u8,
        indexed: bool,
        displacement: i32,
        broadcast: bool,
    },
}

impl From<Place> for Operand {
    fn from(place: Place) -> Operand {
        match place {
            Place::Register(register) => Operand::Register(register),
            Place::Pool(displacement) => Operand::Memory { base: RAX, indexed: false, displacement, broadcast: true },
            Place::Stack(displacement) => at(RSP, displacement),
            Place::Slot(base, displacement) => Operand::Memory { base, indexed: true, displacement, broadcast: false },
        }
    }
}

/// What is so many bytes after the address in a register.
fn at(base: u8, displacement: i32) -> Operand {
    Operand::Memory { base, indexed: false, displacement, broadcast: false }
}

/// Elements that an instruction leaves as they are, or sets to 0.
#[derive(Clone, Copy, PartialEq)]
enum Masked {
    No,
    /// Those without a bit in [`REST`] stay.
    Merging,
    /// Those without a bit in [`REST`] are 0.
    Zeroing,
}

/// One instruction: `register` is its first operand or, if that is in memory, its last; `second` is 0 where there is none.
fn instruction(code: &mut Code, (map, prefix, opcode): Opcode, register: u8, second: u8, operand: Operand, masked: Masked) {
    let bit = |number: u8, place: u8| number >> place & 1;
    // Bits of numbers beyond what the older encoding has room for are inverted.
    let (extension, index, broadcast) = match operand {
        Operand::Register(r) => (bit(r, 3), bit(r, 4), false),
        Operand::Memory { base, broadcast, .. } => (bit(base, 3), 0, broadcast),
    };
    code.push(0x62);
    code.push((1 ^ bit(register, 3)) << 7 | (1 ^ index) << 6 | (1 ^ extension) << 5 | (1 ^ bit(register, 4)) << 4 | map);
    code.push((!second & 15) << 3 | 1 << 2 | prefix);
    let mask = if masked == Masked::No { 0 } else { REST };
    let zeroing = u8::from(masked == Masked::Zeroing);
    code.push(zeroing << 7 | 0b10 << 5 | u8::from(broadcast) << 4 | (1 ^ bit(second, 4)) << 3 | mask);
    code.push(opcode);
    let middle = (register & 7) << 3;
    match operand {
        Operand::Register(r) => code.push(0b11 << 6 | middle | r & 7),
        Operand::Memory { base, indexed, displacement, .. } => {
            // A base of rbp or r13 has no form without a displacement, one of rsp or r12 none without an index.
            let (mode, bytes) = match displacement {
                0 if base & 7 != 5 => (0b00, 0),
                0 => (0b01, 1),
                _ => (0b10, 4),
            };
            if indexed || base & 7 == RSP {
                code.push(mode << 6 | middle | RSP);
                code.push(if indexed { 0b10 << 6 | RCX << 3 } else { RSP << 3 } | base & 7);
            } else {
                code.push(mode << 6 | middle | base & 7);
            }
            code.extend(&displacement.to_le_bytes()[..bytes]);
        }
    }
}

pub(crate) struct Avx512;

impl Isa for Avx512 {
    const LANES: usize = 16;
    const REGISTERS: usize = 32;
    const MASKED: usize = 32;
    const COPIES: usize = 1;

    const TABLE: [i32; 16] = [0; 16];

    fn mask(code: &mut Code) {
        // mov r15d, -1; bzhi r15d, r15d, edx; kmovw k2, r15d.
        code.extend(&[0x41, 0xBF, 0xFF, 0xFF, 0xFF, 0xFF]);
        code.extend(&[0xC4, 0x42, 0x68, 0xF5, 0xFF]);
        code.extend(&[0xC4, 0xC1, 0x78, 0x92, 0xC0 | REST << 3 | 7]);
    }

    fn copy(code: &mut Code, d: u8, a: u8) {
        instruction(code, MOVE, d, 0, Operand::Register(a), Masked::No);
    }

    fn load(code: &mut Code, d: u8, from: Place) {
        match from {
            Place::Pool(offset) => instruction(code, BROADCAST, d, 0, at(RAX, offset), Masked::No),
            _ => instruction(code, MOVE, d, 0, from.into(), Masked::No),
        }
    }

    fn load_masked(code: &mut Code, d: u8, pointer: u8) {
        instruction(code, MOVE, d, 0, Place::Slot(pointer, 0).into(), Masked::Zeroing);
    }

    fn store(code: &mut Code, to: Place, a: u8) {
        instruction(code, STORE, a, 0, to.into(), Masked::No);
    }

    fn store_masked(code: &mut Code, pointer: u8, a: u8) {
        instruction(code, STORE, a, 0, Place::Slot(pointer, 0).into(), Masked::Merging);
    }

    fn splat(code: &mut Code, d: u8, pointer: u8) {
        instruction(code, BROADCAST, d, 0, at(pointer, 0), Masked::No);
    }

    fn flag(code: &mut Code, d: u8, pointer: u8, _: [Place; 2]) {
        instruction(code, BROADCAST_BYTE, d, 0, at(pointer, 0), Masked::No);
        instruction(code, TEST, RELATION, d, Operand::Register(d), Masked::No);
        instruction(code, SPREAD, d, 0, Operand::Register(RELATION), Masked::No);
    }

    fn one(code: &mut Code, op: Op, d: u8, a: u8) {
        let a = Operand::Register(a);
        match op {
            Op::Root => instruction(code, ROOT, d, 0, a, Masked::No),
            Op::Floor => {
                instruction(code, ROUND, d, 0, a, Masked::No);
                code.push(9);
            }
            Op::Halve => {
                instruction(code, SHIFT, SHIFT_RIGHT, d, a, Masked::No);
                code.push(1);
            }
            Op::Raise => {
                instruction(code, SHIFT, SHIFT_LEFT, d, a, Masked::No);
                code.push(23);
            }
            _ => unreachable!("{op:?} has not one operand"),
        }
    }

    fn two(code: &mut Code, op: Op, d: u8, a: u8, b: Place) {
        let opcode = match op {
            Op::Add => (MAP_0F, PLAIN, 0x58),
            Op::Sub => (MAP_0F, PLAIN, 0x5C),
            Op::Mul => (MAP_0F, PLAIN, 0x59),
            Op::Div => (MAP_0F, PLAIN, 0x5E),
            Op::Larger => (MAP_0F, PLAIN, 0x5F),
            Op::Smaller => (MAP_0F, PLAIN, 0x5D),
            Op::And => (MAP_0F, P66, 0xDB),
            Op::Or => (MAP_0F, P66, 0xEB),
            Op::Xor => (MAP_0F, P66, 0xEF),
            Op::Plus => (MAP_0F, P66, 0xFE),
            Op::Minus => (MAP_0F, P66, 0xFA),
            _ => unreachable!("{op:?} has not two operands"),
        };
        instruction(code, opcode, d, a, b.into(), Masked::No);
    }

    fn fused(code: &mut Code, over: Over, d: u8, a: u8, b: Place) {
        let byte = match over {
            Over::Sum => 0xB8,
            Over::Factor => 0xA8,
        };
        instruction(code, (MAP_0F38, P66, byte), d, a, b.into(), Masked::No);
    }

    fn choose(code: &mut Code, d: u8, [mask, then, otherwise]: [u8; 3]) {
        // Bit 4x + 2y + z of a table is the result for the bits x of d, y of the second and z of the third operand.
        let (second, third, table) = if d == then {
            (mask, otherwise, 0b1110_0010)
        } else if d == otherwise {
            (mask, then, 0b1011_1000)
        } else {
            if d != mask {
                Avx512::copy(code, d, mask);
            }
            (then, otherwise, 0b1100_1010)
        };
        instruction(code, TERNARY, d, second, Operand::Register(third), Masked::No);
        code.push(table);
    }

    fn compare(code: &mut Code, d: u8, a: u8, b: u8, relation: u8) {
        instruction(code, COMPARE, RELATION, a, Operand::Register(b), Masked::No);
        code.push(relation);
        instruction(code, SPREAD, d, 0, Operand::Register(RELATION), Masked::No);
    }
}
