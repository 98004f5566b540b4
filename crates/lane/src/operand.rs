//! An argument of an elementwise kernel: a run, or one number in the place of a run.

use crate::float::Float;

/// An argument of an elementwise kernel.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a, T> {
    /// As many numbers as the output has.
    Slice(&'a [T]),
    /// The same number for every element of the output.
    Splat(T),
}

/// Where a loop reads its `i`-th argument: a type, so that each form of a loop is compiled by itself.
pub(crate) trait Source<T>: Copy {
    /// The same of `n` elements.
    ///
    /// # Panics
    /// If this is a run of another length.
    fn of(self, n: usize) -> Self;

    /// Element `i`.
    fn at(self, i: usize) -> T;
}

impl<T: Copy> Source<T> for &[T] {
    #[inline(always)]
    fn of(self, n: usize) -> Self {
        assert_eq!(self.len(), n, "an operand has the length of the output");
        &self[..n]
    }

    #[inline(always)]
    fn at(self, i: usize) -> T {
        self[i]
    }
}

/// One number.
#[derive(Clone, Copy)]
pub(crate) struct Splat<T>(pub(crate) T);

impl<T: Float> Source<T> for Splat<T> {
    #[inline(always)]
    fn of(self, _: usize) -> Self {
        self
    }

    #[inline(always)]
    fn at(self, _: usize) -> T {
        self.0
    }
}

/// Evaluates `$body` with each operand as a [`Source`].
macro_rules! with_sources {
    ($($name:ident),+ => $body:expr) => { $crate::operand::with_sources!(@ $($name)+ => $body) };
    (@ => $body:expr) => { $body };
    (@ $first:ident $($rest:ident)* => $body:expr) => {
        match $first {
            $crate::operand::Operand::Slice($first) => $crate::operand::with_sources!(@ $($rest)* => $body),
            $crate::operand::Operand::Splat($first) => {
                let $first = $crate::operand::Splat($first);
                $crate::operand::with_sources!(@ $($rest)* => $body)
            }
        }
    };
}

pub(crate) use with_sources;
