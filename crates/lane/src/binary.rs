//! Loops over the elements of runs with a function of two numbers: one specialised loop per function and form of its operands.

use crate::float::Float;
use crate::isa::{Kernel, dispatch};
use crate::operand::{Operand, Source, with_sources};
use std::marker::PhantomData;
use thalweg_graph::ops::binary::Binary;

/// A function of two numbers, without branches and calls.
trait Rule {
    fn eval<const FUSED: bool, T: Float>(a: T, b: T) -> T;
}

macro_rules! rules {
    ($($name:ident: |$a:ident, $b:ident| $value:expr;)*) => {$(
        struct $name;

        impl Rule for $name {
            #[inline(always)]
            fn eval<const FUSED: bool, T: Float>($a: T, $b: T) -> T {
                $value
            }
        }
    )*};
}

rules! {
    Add: |a, b| a + b;
    Sub: |a, b| a - b;
    Mul: |a, b| a * b;
    Div: |a, b| a / b;
    Maximum: |a, b| larger(a, b);
    Minimum: |a, b| smaller(a, b);
    Pow: |a, b| if FUSED { a.power(b) } else { a.reference_power(b) };
    Square: |a, _b| a * a;
}

/// The larger; NaN if one is. That NaN is a sum, because a selected `a` that is stored where it came from would become a
/// conditional store.
#[inline(always)]
pub(crate) fn larger<T: Float>(a: T, b: T) -> T {
    let larger = if a > b { a } else { b };
    if a.undefined() { a + b } else { larger }
}

/// The smaller; NaN if one is.
#[inline(always)]
fn smaller<T: Float>(a: T, b: T) -> T {
    let smaller = if a < b { a } else { b };
    if a.undefined() { a + b } else { smaller }
}

/// Calls a function that is generic in a rule.
macro_rules! by_rule {
    ($op:expr, $function:ident($($argument:expr),*)) => {
        match $op {
            Binary::Add => $function::<Add, _>($($argument),*),
            Binary::Sub => $function::<Sub, _>($($argument),*),
            Binary::Mul => $function::<Mul, _>($($argument),*),
            Binary::Div => $function::<Div, _>($($argument),*),
            Binary::Pow => $function::<Pow, _>($($argument),*),
            Binary::Maximum => $function::<Maximum, _>($($argument),*),
            Binary::Minimum => $function::<Minimum, _>($($argument),*),
        }
    };
}

/// `out[i] = f(a[i], b[i])`.
struct Out<'a, T, A, B, R> {
    a: A,
    b: B,
    out: &'a mut [T],
    rule: PhantomData<R>,
}

impl<T: Float, A: Source<T>, B: Source<T>, R: Rule> Kernel for Out<'_, T, A, B, R> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, out) = (self.out.len(), self.out);
        let (a, b) = (self.a.of(n), self.b.of(n));
        for i in 0..n {
            out[i] = R::eval::<FUSED, T>(a.at(i), b.at(i));
        }
    }
}

/// `a[i] = f(a[i], b[i])`.
struct Left<'a, T, B, R> {
    a: &'a mut [T],
    b: B,
    rule: PhantomData<R>,
}

impl<T: Float, B: Source<T>, R: Rule> Kernel for Left<'_, T, B, R> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, a) = (self.a.len(), self.a);
        let b = self.b.of(n);
        for i in 0..n {
            a[i] = R::eval::<FUSED, T>(a[i], b.at(i));
        }
    }
}

/// `b[i] = f(a[i], b[i])`.
struct Right<'a, T, A, R> {
    a: A,
    b: &'a mut [T],
    rule: PhantomData<R>,
}

impl<T: Float, A: Source<T>, R: Rule> Kernel for Right<'_, T, A, R> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, b) = (self.b.len(), self.b);
        let a = self.a.of(n);
        for i in 0..n {
            b[i] = R::eval::<FUSED, T>(a.at(i), b[i]);
        }
    }
}

fn out_of_place<R: Rule, T: Float>(a: Operand<T>, b: Operand<T>, out: &mut [T]) {
    with_sources!(a, b => dispatch(Out { a, b, out, rule: PhantomData::<R> }))
}

fn left<R: Rule, T: Float>(a: &mut [T], b: Operand<T>) {
    with_sources!(b => dispatch(Left { a, b, rule: PhantomData::<R> }))
}

fn right<R: Rule, T: Float>(a: Operand<T>, b: &mut [T]) {
    with_sources!(a => dispatch(Right { a, b, rule: PhantomData::<R> }))
}

/// Whether this is a square: by far the most frequent power.
fn is_square<T: Float>(op: Binary, b: &Operand<T>) -> bool {
    op == Binary::Pow && matches!(b, Operand::Splat(b) if *b == T::ONE + T::ONE)
}

/// `out[i] = f(a[i], b[i])`.
pub(crate) fn binary<T: Float>(op: Binary, a: Operand<T>, b: Operand<T>, out: &mut [T]) {
    if is_square(op, &b) {
        return out_of_place::<Square, _>(a, b, out);
    }
    by_rule!(op, out_of_place(a, b, out))
}

/// `a[i] = f(a[i], b[i])`.
pub(crate) fn binary_left<T: Float>(op: Binary, a: &mut [T], b: Operand<T>) {
    if is_square(op, &b) {
        return left::<Square, _>(a, b);
    }
    by_rule!(op, left(a, b))
}

/// `b[i] = f(a[i], b[i])`.
pub(crate) fn binary_right<T: Float>(op: Binary, a: Operand<T>, b: &mut [T]) {
    by_rule!(op, right(a, b))
}
