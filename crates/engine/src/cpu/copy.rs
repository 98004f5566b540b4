//! Copies between views: what reverses, spreads out, or joins where nothing could be computed in place.

use super::memory::{Address, Memory, Plain};
use half::bf16;
use thalweg_graph::DType;

/// Elements of a row below which another dimension may be walked innermost.
const SHORT: usize = 8;

/// A view that is copied from or to. Strides are in elements and may be negative.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) at: Address,
    pub(crate) strides: Vec<isize>,
}

impl View {
    /// A view with these strides, none of them negative.
    pub(crate) fn new(at: Address, strides: &[usize]) -> View {
        View { at, strides: strides.iter().map(|&s| s as isize).collect() }
    }

    /// Where element `k`, in row-major order of `shape`, lies.
    pub(crate) fn element(&self, k: usize, shape: &[usize]) -> Address {
        let (mut rest, mut distance) = (k, 0);
        for (&size, &stride) in shape.iter().zip(&self.strides).rev() {
            distance += (rest % size) as isize * stride;
            rest /= size;
        }
        Address { offset: self.at.offset.saturating_add_signed(distance), ..self.at }
    }
}

/// Size and both strides of each dimension: without those of size 1, and neighbours that both sides walk through evenly as one.
pub(crate) fn merged(shape: &[usize], from: &View, to: &View) -> Vec<(usize, isize, isize)> {
    let mut merged: Vec<(usize, isize, isize)> = Vec::new();
    for d in (0..shape.len()).filter(|&d| shape[d] != 1) {
        let (n, f, t) = (shape[d], from.strides[d], to.strides[d]);
        match merged.last_mut() {
            Some(last) if last.1 == f * n as isize && last.2 == t * n as isize => *last = (last.0 * n, f, t),
            _ => merged.push((n, f, t)),
        }
    }
    merged
}

/// Copies elements of `shape`.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    shape: Vec<usize>,
    /// Bytes of an element.
    size: usize,
    from: View,
    to: View,
    /// How many elements at the place of the result are set to zero first.
    zeros: Option<(Address, usize)>,
    /// Of which type the elements are, if they may be added to what is there.
    adds: Option<DType>,
}

impl Copy {
    /// A copy of `shape` elements of `size` bytes. Neighbouring dimensions that both sides walk through evenly are merged.
    pub(crate) fn new(shape: &[usize], size: usize, from: View, to: View, zeros: Option<(Address, usize)>) -> Copy {
        let mut merged = merged(shape, &from, &to);
        // The last dimension is walked innermost, or the one before, if the last is so short that its rows are not worth a call each.
        if let [.., before, last] = &mut merged[..]
            && last.0 < SHORT
            && before.0 > last.0
        {
            std::mem::swap(before, last);
        }
        let from = View { at: from.at, strides: merged.iter().map(|m| m.1).collect() };
        let to = View { at: to.at, strides: merged.iter().map(|m| m.2).collect() };
        Copy { shape: merged.iter().map(|m| m.0).collect(), size, from, to, zeros, adds: None }
    }

    /// The same copy, which adds elements to what slices before left there.
    pub(crate) fn adding(self, dtype: DType) -> Copy {
        Copy { adds: Some(dtype), ..self }
    }

    /// Shape, bytes of an element, and both sides.
    #[cfg(feature = "cuda")]
    pub(crate) fn parts(&self) -> (&[usize], usize, &View, &View) {
        (&self.shape, self.size, &self.from, &self.to)
    }

    /// The address and the number of elements that are set to zero first.
    #[cfg(feature = "cuda")]
    pub(crate) fn zeros(&self) -> Option<(Address, usize)> {
        self.zeros
    }

    /// What is copied, with neighbouring dimensions merged.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Runs it.
    pub(crate) fn run(&self, memory: &Memory<'_>) {
        match self.adds.filter(|_| memory.accumulate) {
            Some(DType::F64) => return self.walk(|from, to, length, f, t| self.add::<f64>(memory, from, to, length, f, t)),
            Some(_) => return self.walk(|from, to, length, f, t| self.add::<f32>(memory, from, to, length, f, t)),
            None => {}
        }
        if let Some((at, count)) = self.zeros {
            let bytes = Address { offset: at.offset * self.size, ..at };
            memory.write::<u8>(bytes, count * self.size).fill(0);
        }
        self.run_at(memory, 0, 0);
    }

    /// Runs it from and to places so many elements further on. Nothing is set to zero, nothing added.
    pub(crate) fn run_at(&self, memory: &Memory<'_>, from: isize, to: isize) {
        match self.size {
            1 => self.copy_at::<u8>(memory, from, to),
            2 => self.copy_at::<bf16>(memory, from, to),
            4 => self.copy_at::<f32>(memory, from, to),
            _ => self.copy_at::<i64>(memory, from, to),
        }
    }

    fn copy_at<T: Plain>(&self, memory: &Memory<'_>, by_from: isize, by_to: isize) {
        self.walk(|from, to, length, inner_from, inner_to| {
            self.row::<T>(memory, from + by_from, to + by_to, length, inner_from, inner_to);
        });
    }

    /// Calls `row(from, to, length, stride of from, stride of to)` for each row.
    fn walk(&self, mut row: impl FnMut(isize, isize, usize, isize, isize)) {
        if !self.shape.contains(&0) {
            self.walk_from(0, self.from.at.offset as isize, self.to.at.offset as isize, &mut row);
        }
    }

    /// The rows of one entry of the first `d` dimensions, which begins at these offsets.
    fn walk_from(&self, d: usize, from: isize, to: isize, row: &mut impl FnMut(isize, isize, usize, isize, isize)) {
        let Some(&size) = self.shape.get(d) else { return row(from, to, 1, 1, 1) };
        let (step_from, step_to) = (self.from.strides[d], self.to.strides[d]);
        if d + 1 == self.shape.len() {
            return row(from, to, size, step_from, step_to);
        }
        for i in 0..size as isize {
            self.walk_from(d + 1, from + i * step_from, to + i * step_to, row);
        }
    }

    /// One row, added. Neither side is walked backwards.
    fn add<T: Plain + std::ops::AddAssign>(
        &self,
        memory: &Memory<'_>,
        from: isize,
        to: isize,
        length: usize,
        inner_from: isize,
        inner_to: isize,
    ) {
        let reach = |stride: isize| (length - 1) * stride.unsigned_abs() + 1;
        let x = memory.read::<T>(Address { base: self.from.at.base, offset: from as usize }, reach(inner_from));
        let out = memory.write::<T>(Address { base: self.to.at.base, offset: to as usize }, reach(inner_to));
        let steps = (inner_from.unsigned_abs(), inner_to.unsigned_abs().max(1));
        for (k, o) in out.iter_mut().step_by(steps.1).enumerate() {
            *o += x[k * steps.0];
        }
    }

    /// One row: `length` elements from offset `from` to offset `to`.
    fn row<T: Plain>(&self, memory: &Memory<'_>, from: isize, to: isize, length: usize, inner_from: isize, inner_to: isize) {
        let last = (length - 1) as isize;
        let reach = |stride: isize| last as usize * stride.unsigned_abs() + 1;
        let low = from.min(from + last * inner_from) as usize;
        let x = memory.read::<T>(Address { base: self.from.at.base, offset: low }, reach(inner_from));
        let out = memory.write::<T>(Address { base: self.to.at.base, offset: to as usize }, reach(inner_to));
        let step = inner_to.unsigned_abs().max(1);
        match inner_from {
            1 if step == 1 => out.copy_from_slice(x),
            0 => out.iter_mut().step_by(step).for_each(|o| *o = x[0]),
            s if s < 0 => out.iter_mut().step_by(step).zip(x.iter().rev().step_by(s.unsigned_abs())).for_each(|(o, v)| *o = *v),
            s => out.iter_mut().step_by(step).zip(x.iter().step_by(s.unsigned_abs())).for_each(|(o, v)| *o = *v),
        }
    }
}
