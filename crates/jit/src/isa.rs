//! What a loop needs of an instruction set.

use super::tape::Op;
use dynasmrt::VecAssembler;
use dynasmrt::x64::X64Relocation;

/// Code in the making.
pub(crate) type Code = VecAssembler<X64Relocation>;

/// Where an operand is.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Register(u8),
    /// A constant, at so many bytes from the address in rax.
    Pool(i32),
    /// At so many bytes from rsp.
    Stack(i32),
    /// The elements of the slot whose address is in this register, from so many bytes after element rcx on.
    Slot(u8, i32),
}

/// How a·b + c is formed over one of its operands.
#[derive(Clone, Copy)]
pub(crate) enum Over {
    /// d = a·b + d.
    Sum,
    /// d = d·a + b.
    Factor,
}

/// An instruction set for loops. Registers are numbers below [`Isa::REGISTERS`].
pub(crate) trait Isa {
    /// Elements of a register.
    const LANES: usize;
    /// Registers.
    const REGISTERS: usize;
    /// Registers that are left to values where elements are loaded and stored under a mask.
    const MASKED: usize;
    /// How often a constant is repeated among the code.
    const COPIES: usize;

    /// What stands before the first constant: 64 bytes.
    const TABLE: [i32; 16];

    /// Makes the mask of the first rdx elements, one or more, or of all that a register has. r15 is free.
    fn mask(code: &mut Code);
    /// d = a.
    fn copy(code: &mut Code, d: u8, a: u8);
    /// Loads what is not in a register.
    fn load(code: &mut Code, d: u8, from: Place);
    /// Loads the elements of a slot that the mask has.
    fn load_masked(code: &mut Code, d: u8, pointer: u8);
    /// Stores to memory.
    fn store(code: &mut Code, to: Place, a: u8);
    /// Stores the elements that the mask has into a slot.
    fn store_masked(code: &mut Code, pointer: u8, a: u8);
    /// The number at this address, in every element.
    fn splat(code: &mut Code, d: u8, pointer: u8);
    /// All ones where the byte at this address is not 0, else zeros; `constants`: 0 and all ones.
    fn flag(code: &mut Code, d: u8, pointer: u8, constants: [Place; 2]);
    /// A function of one operand.
    fn one(code: &mut Code, op: Op, d: u8, a: u8);
    /// A function of two operands.
    fn two(code: &mut Code, op: Op, d: u8, a: u8, b: Place);
    /// A product and a sum, rounded once.
    fn fused(code: &mut Code, over: Over, d: u8, a: u8, b: Place);
    /// `then` where the mask is all ones, else `otherwise`.
    fn choose(code: &mut Code, d: u8, operands: [u8; 3]);
    /// All ones where the relation of this number holds, else zeros.
    fn compare(code: &mut Code, d: u8, a: u8, b: u8, relation: u8);
}
