//! Loops over the elements of a run with a function of one number: one specialised loop per function.
//! Where no instruction multiplies and adds with one rounding, the elementary functions are those of the graph's reference.

use crate::float::Float;
use crate::functions::{Bodies, Body, Visitor};
use crate::isa::{Kernel, dispatch};
use std::marker::PhantomData;
use thalweg_graph::ops::unary::Unary;

/// Elements of which an expensive loop does a whole number, so that none is left over for scalar code.
const WHOLE: usize = 32;

/// Elements evaluated at once where some are beyond the bound of a body.
const REPAIRED: usize = 64;

#[inline(always)]
fn apply<T: Copy>(x: &[T], out: &mut [T], f: impl Fn(T) -> T) {
    for (x, out) in x.iter().zip(out) {
        *out = f(*x);
    }
}

#[inline(always)]
fn apply_in_place<T: Copy>(x: &mut [T], f: impl Fn(T) -> T) {
    for x in x {
        *x = f(*x);
    }
}

/// `out[i] = f(x[i])`.
struct Map<'a, T, B> {
    op: Unary,
    x: &'a [T],
    out: &'a mut [T],
    body: PhantomData<B>,
}

impl<T: Float, B: Body<T>> Kernel for Map<'_, T, B> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Map { op, x, out, .. } = self;
        if !FUSED {
            return T::reference(op, x, out);
        }
        let whole = x.len() / WHOLE * WHOLE;
        let (x, x_rest) = x.split_at(whole);
        let (out, out_rest) = out.split_at_mut(whole);
        apply(x, out, B::eval);
        if !x_rest.is_empty() {
            let mut padded = [T::ONE; WHOLE];
            padded[..x_rest.len()].copy_from_slice(x_rest);
            apply_in_place(&mut padded, B::eval);
            out_rest.copy_from_slice(&padded[..x_rest.len()]);
        }
    }
}

/// `x[i] = f(x[i])`.
struct MapInPlace<'a, T, B> {
    op: Unary,
    x: &'a mut [T],
    body: PhantomData<B>,
}

impl<T: Float, B: Body<T>> Kernel for MapInPlace<'_, T, B> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let MapInPlace { op, x, .. } = self;
        if !FUSED {
            return T::reference_in_place(op, x);
        }
        let (x, rest) = x.split_at_mut(x.len() / WHOLE * WHOLE);
        apply_in_place(x, B::eval);
        if !rest.is_empty() {
            let mut padded = [T::ONE; WHOLE];
            padded[..rest.len()].copy_from_slice(rest);
            apply_in_place(&mut padded, B::eval);
            rest.copy_from_slice(&padded[..rest.len()]);
        }
    }
}

/// Whether the size of a finite element exceeds a bound.
struct Exceeds<'a, T> {
    x: &'a [T],
    bound: T,
}

#[inline(always)]
fn exceeds<T: Float>(x: T, bound: T) -> bool {
    (x.size() > bound) & (x.size() < -T::LEAST)
}

impl<T: Float> Kernel for Exceeds<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> bool {
        self.x.iter().fold(false, |any, x| any | exceeds(*x, self.bound))
    }
}

struct Out<'a, T> {
    op: Unary,
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Visitor<T> for Out<'_, T> {
    fn visit<B: Body<T>>(self) {
        let Out { op, x, out } = self;
        dispatch(Map::<T, B> { op, x, out: &mut *out, body: PhantomData });
        if let Some(bound) = B::BOUND
            && dispatch(Exceeds { x, bound })
        {
            repair(op, x, out, bound);
        }
    }
}

struct InPlace<'a, T> {
    op: Unary,
    x: &'a mut [T],
}

impl<T: Float> Visitor<T> for InPlace<'_, T> {
    fn visit<B: Body<T>>(self) {
        let InPlace { op, x } = self;
        match B::BOUND {
            Some(bound) if dispatch(Exceeds { x: &*x, bound }) => {
                for block in x.chunks_mut(REPAIRED) {
                    let mut before = [T::ONE; REPAIRED];
                    let before = &mut before[..block.len()];
                    before.copy_from_slice(block);
                    dispatch(MapInPlace::<T, B> { op, x: &mut *block, body: PhantomData });
                    repair(op, before, block, bound);
                }
            }
            _ => dispatch(MapInPlace::<T, B> { op, x, body: PhantomData }),
        }
    }
}

/// Evaluates anew, by the reference, what is beyond the bound.
fn repair<T: Float>(op: Unary, x: &[T], out: &mut [T], bound: T) {
    for (x, out) in x.iter().zip(out) {
        if exceeds(*x, bound) {
            T::reference(op, std::slice::from_ref(x), std::slice::from_mut(out));
        }
    }
}

/// `out[i] = f(x[i])`.
pub(crate) fn unary<T: Bodies>(op: Unary, x: &[T], out: &mut [T]) {
    assert_eq!(x.len(), out.len(), "a function of elements changes no length");
    T::visit(op, Out { op, x, out })
}

/// `x[i] = f(x[i])`.
pub(crate) fn unary_in_place<T: Bodies>(op: Unary, x: &mut [T]) {
    T::visit(op, InPlace { op, x })
}
