//! Loops with truth values (bytes 0 and 1), and sums of products.

use crate::float::Float;
use crate::isa::{Kernel, dispatch};
use crate::operand::{Operand, Source, with_sources};
use std::marker::PhantomData;
use thalweg_graph::ops::Comparison;

trait Relation {
    fn holds<T: PartialOrd>(a: T, b: T) -> bool;
}

macro_rules! relations {
    ($($name:ident: $symbol:tt;)*) => {$(
        struct $name;

        impl Relation for $name {
            #[inline(always)]
            fn holds<T: PartialOrd>(a: T, b: T) -> bool {
                a $symbol b
            }
        }
    )*};
}

relations! {
    Eq: ==;
    Ne: !=;
    Lt: <;
    Le: <=;
    Gt: >;
    Ge: >=;
}

struct Compare<'a, A, B, R> {
    a: A,
    b: B,
    out: &'a mut [u8],
    relation: PhantomData<R>,
}

impl<A, B, R: Relation> Compare<'_, A, B, R> {
    #[inline(always)]
    fn go<T: Float>(self)
    where
        A: Source<T>,
        B: Source<T>,
    {
        let (n, out) = (self.out.len(), self.out);
        let (a, b) = (self.a.of(n), self.b.of(n));
        for i in 0..n {
            out[i] = R::holds(a.at(i), b.at(i)) as u8;
        }
    }
}

/// A comparison of `T`s: the type is in no field.
struct Of<K, T>(K, PhantomData<T>);

impl<T: Float, A: Source<T>, B: Source<T>, R: Relation> Kernel for Of<Compare<'_, A, B, R>, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        self.0.go::<T>()
    }
}

fn compared<R: Relation, T: Float>(a: Operand<T>, b: Operand<T>, out: &mut [u8]) {
    with_sources!(a, b => dispatch(Of::<_, T>(Compare { a, b, out, relation: PhantomData::<R> }, PhantomData)))
}

/// `out[i] = a[i] ⋄ b[i]`.
pub(crate) fn compare<T: Float>(op: Comparison, a: Operand<T>, b: Operand<T>, out: &mut [u8]) {
    match op {
        Comparison::Eq => compared::<Eq, _>(a, b, out),
        Comparison::Ne => compared::<Ne, _>(a, b, out),
        Comparison::Lt => compared::<Lt, _>(a, b, out),
        Comparison::Le => compared::<Le, _>(a, b, out),
        Comparison::Gt => compared::<Gt, _>(a, b, out),
        Comparison::Ge => compared::<Ge, _>(a, b, out),
    }
}

struct Select<'a, T, A, B> {
    condition: &'a [u8],
    a: A,
    b: B,
    out: &'a mut [T],
}

impl<T: Float, A: Source<T>, B: Source<T>> Kernel for Select<'_, T, A, B> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, out) = (self.out.len(), self.out);
        let (condition, a, b) = (self.condition.of(n), self.a.of(n), self.b.of(n));
        for i in 0..n {
            let (a, b) = (a.at(i), b.at(i));
            out[i] = if condition[i] != 0 { a } else { b };
        }
    }
}

/// `out[i] = condition[i] ≠ 0 ? a[i] : b[i]`.
pub(crate) fn select<T: Float>(condition: &[u8], a: Operand<T>, b: Operand<T>, out: &mut [T]) {
    with_sources!(a, b => dispatch(Select { condition, a, b, out }))
}

struct IsFinite<'a, T> {
    x: &'a [T],
    out: &'a mut [u8],
}

impl<T: Float> Kernel for IsFinite<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, out) = (self.out.len(), self.out);
        let x = self.x.of(n);
        for i in 0..n {
            out[i] = (x[i].size() < -T::LEAST) as u8;
        }
    }
}

/// `out[i]` = whether `x[i]` is a finite number.
pub(crate) fn is_finite<T: Float>(x: &[T], out: &mut [u8]) {
    dispatch(IsFinite { x, out })
}

struct MulAdd<'a, T, A, B, C> {
    a: A,
    b: B,
    c: C,
    out: &'a mut [T],
}

impl<T: Float, A: Source<T>, B: Source<T>, C: Source<T>> Kernel for MulAdd<'_, T, A, B, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, out) = (self.out.len(), self.out);
        let (a, b, c) = (self.a.of(n), self.b.of(n), self.c.of(n));
        for i in 0..n {
            out[i] = a.at(i).times_plus::<FUSED>(b.at(i), c.at(i));
        }
    }
}

/// `out[i] = a[i] b[i] + c[i]`.
pub(crate) fn mul_add<T: Float>(a: Operand<T>, b: Operand<T>, c: Operand<T>, out: &mut [T]) {
    with_sources!(a, b, c => dispatch(MulAdd { a, b, c, out }))
}

struct TwoProducts<'a, T, A, B, C, D> {
    a: A,
    b: B,
    c: C,
    d: D,
    out: &'a mut [T],
}

impl<T: Float, A: Source<T>, B: Source<T>, C: Source<T>, D: Source<T>> Kernel for TwoProducts<'_, T, A, B, C, D> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (n, out) = (self.out.len(), self.out);
        let (a, b, c, d) = (self.a.of(n), self.b.of(n), self.c.of(n), self.d.of(n));
        for i in 0..n {
            out[i] = a.at(i).times_plus::<FUSED>(b.at(i), c.at(i) * d.at(i));
        }
    }
}

/// `out[i] = a[i] b[i] + c[i] d[i]`.
pub(crate) fn two_products<T: Float>(a: Operand<T>, b: Operand<T>, c: Operand<T>, d: Operand<T>, out: &mut [T]) {
    with_sources!(a, b, c, d => dispatch(TwoProducts { a, b, c, d, out }))
}
