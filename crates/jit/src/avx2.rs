//! AVX2 with FMA: eight elements in each of 16 registers, truth values as bits of all ones.

#![allow(clippy::useless_conversion, reason = "dynasm converts every operand")]

use super::isa::{Code, Isa, Over, Place};
use super::tape::Op;
use dynasmrt::{DynasmApi, dynasm};

/// The register that is the mask, where there is one.
const MASK: u8 = 15;

/// `instruction target, first, second`, wherever the second operand is.
macro_rules! three {
    ($code:ident, $name:ident, $d:expr, $a:expr, $b:expr) => {{
        let (d, a) = ($d, $a);
        match $b {
            Place::Register(b) => dynasm!($code ; .arch x64 ; $name Ry(d), Ry(a), Ry(b)),
            Place::Pool(at) => dynasm!($code ; .arch x64 ; $name Ry(d), Ry(a), [rax + at]),
            Place::Stack(at) => dynasm!($code ; .arch x64 ; $name Ry(d), Ry(a), [rsp + at]),
            Place::Slot(p, at) => dynasm!($code ; .arch x64 ; $name Ry(d), Ry(a), [Rq(p) + rcx * 4 + at]),
        }
    }};
}

pub(crate) struct Avx2;

impl Isa for Avx2 {
    const LANES: usize = 8;
    const REGISTERS: usize = 16;
    const MASKED: usize = MASK as usize;
    const COPIES: usize = 8;

    /// Masks, as they are read from the place that so many elements need.
    const TABLE: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

    fn mask(code: &mut Code) {
        dynasm!(code ; .arch x64
            ; mov r15d, 8
            ; cmp rdx, r15
            ; cmovb r15, rdx
            ; neg r15
            ; vmovups Ry(MASK), [rax + r15 * 4 + 32]);
    }

    fn copy(code: &mut Code, d: u8, a: u8) {
        dynasm!(code ; .arch x64 ; vmovaps Ry(d), Ry(a));
    }

    fn load(code: &mut Code, d: u8, from: Place) {
        match from {
            Place::Register(a) => Avx2::copy(code, d, a),
            Place::Pool(at) => dynasm!(code ; .arch x64 ; vmovups Ry(d), [rax + at]),
            Place::Stack(at) => dynasm!(code ; .arch x64 ; vmovups Ry(d), [rsp + at]),
            Place::Slot(p, at) => dynasm!(code ; .arch x64 ; vmovups Ry(d), [Rq(p) + rcx * 4 + at]),
        }
    }

    fn load_masked(code: &mut Code, d: u8, pointer: u8) {
        dynasm!(code ; .arch x64 ; vmaskmovps Ry(d), Ry(MASK), [Rq(pointer) + rcx * 4]);
    }

    fn store(code: &mut Code, to: Place, a: u8) {
        match to {
            Place::Register(d) => Avx2::copy(code, d, a),
            Place::Pool(at) => dynasm!(code ; .arch x64 ; vmovups [rax + at], Ry(a)),
            Place::Stack(at) => dynasm!(code ; .arch x64 ; vmovups [rsp + at], Ry(a)),
            Place::Slot(p, at) => dynasm!(code ; .arch x64 ; vmovups [Rq(p) + rcx * 4 + at], Ry(a)),
        }
    }

    fn store_masked(code: &mut Code, pointer: u8, a: u8) {
        dynasm!(code ; .arch x64 ; vmaskmovps [Rq(pointer) + rcx * 4], Ry(MASK), Ry(a));
    }

    fn splat(code: &mut Code, d: u8, pointer: u8) {
        dynasm!(code ; .arch x64 ; vpbroadcastd Ry(d), [Rq(pointer)]);
    }

    fn flag(code: &mut Code, d: u8, pointer: u8, [zeros, ones]: [Place; 2]) {
        dynasm!(code ; .arch x64 ; vpbroadcastb Ry(d), [Rq(pointer)]);
        three!(code, vpcmpeqb, d, d, zeros);
        three!(code, vpxor, d, d, ones);
    }

    fn one(code: &mut Code, op: Op, d: u8, a: u8) {
        match op {
            Op::Root => dynasm!(code ; .arch x64 ; vsqrtps Ry(d), Ry(a)),
            Op::Floor => dynasm!(code ; .arch x64 ; vroundps Ry(d), Ry(a), 9),
            Op::Halve => dynasm!(code ; .arch x64 ; vpsrad Ry(d), Ry(a), 1),
            Op::Raise => dynasm!(code ; .arch x64 ; vpslld Ry(d), Ry(a), 23),
            _ => unreachable!("{op:?} has not one operand"),
        }
    }

    fn two(code: &mut Code, op: Op, d: u8, a: u8, b: Place) {
        match op {
            Op::Add => three!(code, vaddps, d, a, b),
            Op::Sub => three!(code, vsubps, d, a, b),
            Op::Mul => three!(code, vmulps, d, a, b),
            Op::Div => three!(code, vdivps, d, a, b),
            Op::Larger => three!(code, vmaxps, d, a, b),
            Op::Smaller => three!(code, vminps, d, a, b),
            Op::And => three!(code, vandps, d, a, b),
            Op::Or => three!(code, vorps, d, a, b),
            Op::Xor => three!(code, vxorps, d, a, b),
            Op::Plus => three!(code, vpaddd, d, a, b),
            Op::Minus => three!(code, vpsubd, d, a, b),
            _ => unreachable!("{op:?} has not two operands"),
        }
    }

    fn fused(code: &mut Code, over: Over, d: u8, a: u8, b: Place) {
        match over {
            Over::Sum => three!(code, vfmadd231ps, d, a, b),
            Over::Factor => three!(code, vfmadd213ps, d, a, b),
        }
    }

    fn choose(code: &mut Code, d: u8, [mask, then, otherwise]: [u8; 3]) {
        dynasm!(code ; .arch x64 ; vblendvps Ry(d), Ry(otherwise), Ry(then), Ry(mask));
    }

    /// As bytes: dynasm 5.1 takes the operands of vcmpps in another order.
    fn compare(code: &mut Code, d: u8, a: u8, b: u8, relation: u8) {
        let extends = |register: u8| 1 ^ register >> 3;
        let prefix = [0xC4, extends(d) << 7 | 1 << 6 | extends(b) << 5 | 1, (!a & 15) << 3 | 1 << 2];
        code.extend(&prefix);
        code.extend(&[0xC2, 0xC0 | (d & 7) << 3 | b & 7, relation]);
    }
}
