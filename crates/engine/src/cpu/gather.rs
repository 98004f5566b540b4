//! gather where its operand lies: the rows of a batch are picked out of a data set that is never copied.

use super::copy::{Copy, View};
use super::memory::Memory;
use super::op::OpCall;
use crate::Result;
use crate::reference::kernels::index::out_of_range;
use crate::reference::kernels::parallel::SHARED_FROM;
use crate::threads;
use rayon::prelude::*;

/// Elements that a thread copies at a time, at least.
const LEAST: usize = 16 << 10;

impl OpCall {
    /// Picks along dimension `axis`.
    pub(super) fn gather(&self, memory: &Memory<'_>, axis: usize) -> Result<()> {
        let [(x, x_type), (indices, indices_type)] = &self.operands[..] else { return Ok(()) };
        let (size, picked, rank) = (x_type.shape[axis], indices_type.count(), indices_type.rank());
        let without = |view: &View, dims: usize| {
            let strides = [&view.strides[..axis], &view.strides[axis + dims..]].concat();
            View { at: view.at, strides }
        };
        let shape = [&x_type.shape[..axis], &x_type.shape[axis + 1..]].concat();
        let slice = Copy::new(&shape, x_type.dtype.size(), without(x, 1), without(&self.to, rank), None);
        // All indices are looked at before anything is written.
        let mut from = vec![0i64; picked];
        for (k, from) in from.iter_mut().enumerate() {
            let index = memory.read::<i64>(indices.element(k, &indices_type.shape), 1)[0];
            match usize::try_from(index) {
                Ok(i) if i < size => *from = index,
                _ => return Err(out_of_range("gather", k, index, size)),
            }
        }
        let to = View { at: self.to.at, strides: self.to.strides[axis..axis + rank].to_vec() };
        let pick = |(k, index): (usize, &i64)| {
            let place = to.element(k, &indices_type.shape).offset - self.to.at.offset;
            slice.run_at(memory, *index as isize * x.strides[axis], place as isize);
        };
        if self.ty.count() >= SHARED_FROM && threads::inside() {
            let each = self.ty.count() / picked.max(1);
            from.par_iter().enumerate().with_min_len(LEAST.div_ceil(each.max(1))).for_each(pick);
        } else {
            from.iter().enumerate().for_each(pick);
        }
        Ok(())
    }
}
