//! What a loop does to one element, as a list of instructions; and the numbers that write it by being calculated with.

use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Sub};
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::ops::{Comparison, Connective};
use thalweg_lane::{Fused, Integer, Number};

/// Slots of a loop, at most.
pub const SLOTS: usize = 32;

/// What one instruction computes from up to three others. All are of 32 bits per element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// The element of a slot.
    Read(usize),
    /// The one number of a slot.
    Splat(usize),
    /// All ones where the one byte of a slot is not 0.
    Flag(usize),
    /// These bits.
    Constant(u32),
    /// The first operand is put into a slot.
    Write(usize),
    Add,
    Sub,
    Mul,
    Div,
    /// The larger; the second operand if one is not a number.
    Larger,
    /// The smaller; the second operand if one is not a number.
    Smaller,
    /// a·b + c.
    Fused,
    Root,
    Floor,
    And,
    Or,
    Xor,
    /// All ones where a relation holds, by its number in the instruction set.
    Compare(u8),
    /// The second operand where the first is all ones, else the third.
    Choose,
    Plus,
    Minus,
    Halve,
    Raise,
}

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: [usize; 3],
    /// How many of these there are.
    pub(crate) arity: usize,
}

impl Node {
    pub(crate) fn inputs(&self) -> &[usize] {
        &self.inputs[..self.arity]
    }
}

/// A loop in the making. Slots are numbered from 0, up to [`SLOTS`] of them.
///
/// # Panics
/// All methods that take a slot panic if it is not less than [`SLOTS`], and all that take a value, if it is of another tape.
#[derive(Debug, Default)]
pub struct Tape {
    nodes: RefCell<Vec<Node>>,
}

/// A number of the loop.
#[derive(Clone, Copy, Debug)]
pub enum Traced<'t> {
    /// The same for all elements, known now.
    Constant(f32),
    /// The result of an instruction.
    Value(&'t Tape, usize),
}

/// A truth value of the loop, as bits that are all ones or all zeros.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'t>(&'t Tape, usize);

/// An integer of the loop.
#[derive(Clone, Copy, Debug)]
pub enum TracedInteger<'t> {
    /// Known now.
    Constant(i32),
    /// The result of an instruction.
    Value(&'t Tape, usize),
}

/// Relations of `vcmpps`, quiet: equal, not equal, less, less or equal, greater, greater or equal, unordered.
const EQUAL: u8 = 0;
const NOT_EQUAL: u8 = 4;
const LESS: u8 = 17;
const AT_MOST: u8 = 18;
const GREATER: u8 = 30;
const AT_LEAST: u8 = 29;
const UNORDERED: u8 = 3;

impl Tape {
    /// An empty loop.
    pub fn new() -> Tape {
        Tape::default()
    }

    fn push(&self, op: Op, inputs: &[usize]) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        let known = matches!(op, Op::Constant(_) | Op::Splat(_) | Op::Flag(_));
        if let Some(found) = nodes.iter().position(|node| known && node.op == op) {
            return found;
        }
        let mut padded = [0; 3];
        padded[..inputs.len()].copy_from_slice(inputs);
        nodes.push(Node { op, inputs: padded, arity: inputs.len() });
        nodes.len() - 1
    }

    fn slot(slot: usize) -> usize {
        assert!(slot < SLOTS, "slot {slot} of a loop that has {SLOTS}");
        slot
    }

    /// The element of a slot.
    pub fn read(&self, slot: usize) -> Traced<'_> {
        Traced::Value(self, self.push(Op::Read(Tape::slot(slot)), &[]))
    }

    /// The one number of a slot.
    pub fn splat(&self, slot: usize) -> Traced<'_> {
        Traced::Value(self, self.push(Op::Splat(Tape::slot(slot)), &[]))
    }

    /// Whether the one byte of a slot is not 0.
    pub fn flag(&self, slot: usize) -> Mask<'_> {
        Mask(self, self.push(Op::Flag(Tape::slot(slot)), &[]))
    }

    /// Puts a number into a slot. Nothing that was read from memory that this overwrites may be used after it.
    pub fn write<'t>(&'t self, slot: usize, value: Traced<'t>) {
        self.push(Op::Write(Tape::slot(slot)), &[self.id(value)]);
    }

    fn id(&self, value: Traced<'_>) -> usize {
        match value {
            Traced::Constant(number) => self.push(Op::Constant(number.to_bits()), &[]),
            Traced::Value(tape, id) => self.own(tape, id),
        }
    }

    /// A value's place, if it is of this tape.
    fn own(&self, tape: &Tape, id: usize) -> usize {
        assert!(std::ptr::eq(self, tape), "a value of another tape");
        id
    }

    fn value(&self, op: Op, inputs: &[Traced<'_>]) -> Traced<'_> {
        let mut ids = [0; 3];
        inputs.iter().zip(&mut ids).for_each(|(input, id)| *id = self.id(*input));
        Traced::Value(self, self.push(op, &ids[..inputs.len()]))
    }

    /// A function of one number; `None` if there is no machine code for it.
    pub fn unary<'t>(&'t self, op: Unary, x: Traced<'t>) -> Option<Traced<'t>> {
        thalweg_lane::function(op, x)
    }

    /// A function of two numbers; `None` if there is no machine code for it.
    pub fn binary<'t>(&'t self, op: Binary, a: Traced<'t>, b: Traced<'t>) -> Option<Traced<'t>> {
        let extreme = |op: Op| {
            let found = self.value(op, &[a, b]);
            match a {
                // A number: the second operand is what is left if it is none.
                Traced::Constant(number) if !number.is_nan() => found,
                _ => self.choose(self.relation(UNORDERED, a, a), a + b, found),
            }
        };
        Some(match op {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Maximum => extreme(Op::Larger),
            Binary::Minimum => extreme(Op::Smaller),
            Binary::Pow if matches!(b, Traced::Constant(2.0)) => a * a,
            Binary::Pow => return None,
        })
    }

    fn relation<'t>(&'t self, number: u8, a: Traced<'t>, b: Traced<'t>) -> Mask<'t> {
        let ids = [self.id(a), self.id(b)];
        Mask(self, self.push(Op::Compare(number), &ids))
    }

    /// Whether a relation holds.
    pub fn compare<'t>(&'t self, relation: Comparison, a: Traced<'t>, b: Traced<'t>) -> Mask<'t> {
        let number = match relation {
            Comparison::Eq => EQUAL,
            Comparison::Ne => NOT_EQUAL,
            Comparison::Lt => LESS,
            Comparison::Le => AT_MOST,
            Comparison::Gt => GREATER,
            Comparison::Ge => AT_LEAST,
        };
        self.relation(number, a, b)
    }

    /// Whether a number is neither infinite nor NaN.
    pub fn finite<'t>(&'t self, x: Traced<'t>) -> Mask<'t> {
        self.relation(LESS, self.of(x).size(), Traced::Constant(f32::INFINITY))
    }

    /// A truth value of two.
    pub fn logical<'t>(&'t self, op: Connective, a: Mask<'t>, b: Mask<'t>) -> Mask<'t> {
        let op = match op {
            Connective::And => Op::And,
            Connective::Or => Op::Or,
            Connective::Xor => Op::Xor,
        };
        Mask(self, self.push(op, &[self.own(a.0, a.1), self.own(b.0, b.1)]))
    }

    /// `then` where the condition holds, else `otherwise`.
    pub fn choose<'t>(&'t self, condition: Mask<'t>, then: Traced<'t>, otherwise: Traced<'t>) -> Traced<'t> {
        let ids = [self.own(condition.0, condition.1), self.id(then), self.id(otherwise)];
        Traced::Value(self, self.push(Op::Choose, &ids))
    }

    /// 1 where it holds, else 0.
    pub fn number<'t>(&'t self, mask: Mask<'t>) -> Traced<'t> {
        self.choose(mask, Traced::Constant(1.0), Traced::Constant(0.0))
    }

    /// As a value of this tape.
    fn of<'t>(&'t self, x: Traced<'t>) -> Traced<'t> {
        Traced::Value(self, self.id(x))
    }

    /// The instructions that something written depends on.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        let nodes = self.nodes.borrow();
        let mut alive: Vec<bool> = nodes.iter().map(|node| matches!(node.op, Op::Write(_))).collect();
        // An operand comes before what uses it, so that one walk backwards reaches all.
        for i in (0..nodes.len()).rev() {
            if alive[i] {
                nodes[i].inputs().iter().for_each(|&x| alive[x] = true);
            }
        }
        let mut place = vec![0; nodes.len()];
        let mut kept = Vec::new();
        for (i, node) in nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
            place[i] = kept.len();
            kept.push(Node { inputs: node.inputs.map(|x| place[x]), ..*node });
        }
        kept
    }
}

impl<'t> Traced<'t> {
    fn unary(self, op: Op, constant: impl Fn(f32) -> f32) -> Traced<'t> {
        match self {
            Traced::Constant(x) => Traced::Constant(constant(x)),
            Traced::Value(tape, _) => tape.value(op, &[self]),
        }
    }

    fn binary(self, op: Op, other: Traced<'t>, constant: impl Fn(f32, f32) -> f32) -> Traced<'t> {
        match (self, other) {
            (Traced::Constant(a), Traced::Constant(b)) => Traced::Constant(constant(a, b)),
            (Traced::Value(tape, _), _) | (_, Traced::Value(tape, _)) => tape.value(op, &[self, other]),
        }
    }

    fn masked(self, op: Op, mask: u32, constant: impl Fn(f32) -> f32) -> Traced<'t> {
        match self {
            Traced::Constant(x) => Traced::Constant(constant(x)),
            Traced::Value(tape, _) => tape.value(op, &[self, Traced::Constant(f32::from_bits(mask))]),
        }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident: $symbol:tt;)*) => {$(
        impl<'t> $trait for Traced<'t> {
            type Output = Traced<'t>;
            fn $method(self, other: Traced<'t>) -> Traced<'t> {
                self.binary(Op::$op, other, |a, b| a $symbol b)
            }
        }
    )*};
}

operators! {
    Add add Add: +;
    Sub sub Sub: -;
    Mul mul Mul: *;
    Div div Div: /;
}

const SIGN: u32 = 1 << 31;

impl<'t> Neg for Traced<'t> {
    type Output = Traced<'t>;
    fn neg(self) -> Traced<'t> {
        self.masked(Op::Xor, SIGN, |x| -x)
    }
}

impl<'t> Fused for Traced<'t> {
    fn fused(self, b: Traced<'t>, c: Traced<'t>) -> Traced<'t> {
        match (self, b, c) {
            (Traced::Constant(a), Traced::Constant(b), Traced::Constant(c)) => Traced::Constant(a.mul_add(b, c)),
            (Traced::Value(tape, _), ..) | (_, Traced::Value(tape, _), _) | (.., Traced::Value(tape, _)) => {
                tape.value(Op::Fused, &[self, b, c])
            }
        }
    }
}

impl<'t> Number for Traced<'t> {
    type Integer = TracedInteger<'t>;

    fn of(value: f32) -> Traced<'t> {
        Traced::Constant(value)
    }
    fn size(self) -> Traced<'t> {
        self.masked(Op::And, !SIGN, f32::abs)
    }
    fn signed(self, sign: Traced<'t>) -> Traced<'t> {
        match (self, sign) {
            (Traced::Constant(x), Traced::Constant(sign)) => Traced::Constant(x.copysign(sign)),
            (Traced::Value(tape, _), _) | (_, Traced::Value(tape, _)) => {
                let sign = tape.of(sign).masked(Op::And, SIGN, |x| x);
                tape.value(Op::Or, &[tape.of(self).size(), sign])
            }
        }
    }
    fn root(self) -> Traced<'t> {
        self.unary(Op::Root, f32::sqrt)
    }
    fn whole(self) -> Traced<'t> {
        self.unary(Op::Floor, f32::floor)
    }
    fn above(self, bound: Traced<'t>, then: Traced<'t>, otherwise: Traced<'t>) -> Traced<'t> {
        match (self, bound) {
            (Traced::Constant(x), Traced::Constant(bound)) if x > bound => then,
            (Traced::Constant(_), Traced::Constant(_)) => otherwise,
            (Traced::Value(tape, _), _) | (_, Traced::Value(tape, _)) => tape.choose(tape.relation(GREATER, self, bound), then, otherwise),
        }
    }
    fn bits(self) -> TracedInteger<'t> {
        match self {
            Traced::Constant(x) => TracedInteger::Constant(x.to_bits() as i32),
            Traced::Value(tape, id) => TracedInteger::Value(tape, id),
        }
    }
    fn of_bits(bits: TracedInteger<'t>) -> Traced<'t> {
        match bits {
            TracedInteger::Constant(x) => Traced::Constant(f32::from_bits(x as u32)),
            TracedInteger::Value(tape, id) => Traced::Value(tape, id),
        }
    }
}

impl<'t> TracedInteger<'t> {
    fn id(self, tape: &Tape) -> usize {
        match self {
            TracedInteger::Constant(x) => tape.push(Op::Constant(x as u32), &[]),
            TracedInteger::Value(own, id) => tape.own(own, id),
        }
    }

    fn binary(self, op: Op, other: TracedInteger<'t>, constant: impl Fn(i32, i32) -> i32) -> TracedInteger<'t> {
        match (self, other) {
            (TracedInteger::Constant(a), TracedInteger::Constant(b)) => TracedInteger::Constant(constant(a, b)),
            (TracedInteger::Value(tape, _), _) | (_, TracedInteger::Value(tape, _)) => {
                TracedInteger::Value(tape, tape.push(op, &[self.id(tape), other.id(tape)]))
            }
        }
    }

    fn unary(self, op: Op, constant: impl Fn(i32) -> i32) -> TracedInteger<'t> {
        match self {
            TracedInteger::Constant(x) => TracedInteger::Constant(constant(x)),
            TracedInteger::Value(tape, id) => TracedInteger::Value(tape, tape.push(op, &[id])),
        }
    }
}

impl<'t> Integer for TracedInteger<'t> {
    fn of(value: i32) -> TracedInteger<'t> {
        TracedInteger::Constant(value)
    }
    fn plus(self, other: TracedInteger<'t>) -> TracedInteger<'t> {
        self.binary(Op::Plus, other, i32::wrapping_add)
    }
    fn minus(self, other: TracedInteger<'t>) -> TracedInteger<'t> {
        self.binary(Op::Minus, other, i32::wrapping_sub)
    }
    fn halved(self) -> TracedInteger<'t> {
        self.unary(Op::Halve, |x| x >> 1)
    }
    fn raised(self) -> TracedInteger<'t> {
        self.unary(Op::Raise, |x| x << 23)
    }
}
