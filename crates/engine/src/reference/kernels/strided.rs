//! Reading a strided view in row-major order, chunk by chunk.
//! Kernels are written for flat slices; a broadcast, transposed or flipped operand is copied into a small scratch as they go.

use super::parallel::CHUNK;
use crate::Result;
use crate::tensor::Read;
use crate::tensor::element::Element;
use candle_core::Layout;

/// A view with neighbouring dimensions merged where memory allows it. Strides are in elements and may be 0 or negative.
pub(crate) struct Strided<'a, T> {
    data: &'a [T],
    offset: isize,
    dims: Vec<usize>,
    strides: Vec<isize>,
    count: usize,
}

impl<'a, T: Copy> Strided<'a, T> {
    /// The view of `data` that starts at `offset`.
    pub(crate) fn new(data: &'a [T], offset: isize, shape: &[usize], strides: &[isize]) -> Strided<'a, T> {
        let mut dims: Vec<usize> = Vec::with_capacity(shape.len());
        let mut merged: Vec<isize> = Vec::with_capacity(shape.len());
        for (&size, &stride) in shape.iter().zip(strides).filter(|(size, _)| **size != 1) {
            match (dims.last_mut(), merged.last_mut()) {
                (Some(d), Some(s)) if *s == stride * size as isize => {
                    *d *= size;
                    *s = stride;
                }
                _ => {
                    dims.push(size);
                    merged.push(stride);
                }
            }
        }
        Strided { data, offset, dims, strides: merged, count: shape.iter().product() }
    }

    /// The view that a candle layout describes.
    pub(crate) fn of(data: &'a [T], layout: &Layout) -> Strided<'a, T> {
        let strides: Vec<isize> = layout.stride().iter().map(|&s| s as isize).collect();
        Strided::new(data, layout.start_offset() as isize, layout.dims(), &strides)
    }

    /// The single value that all elements are, if the view repeats one value.
    pub(crate) fn single(&self) -> Option<T> {
        match (&self.dims[..], &self.strides[..]) {
            ([], _) | ([_], [0]) if self.count > 0 => Some(self.data[self.offset as usize]),
            _ => None,
        }
    }

    /// The values as they lie in memory, if they lie there in order.
    pub(crate) fn flat(&self) -> Option<&'a [T]> {
        match (&self.dims[..], &self.strides[..]) {
            _ if self.count == 0 => Some(&[]),
            ([], _) | ([_], [1]) => Some(&self.data[self.offset as usize..self.offset as usize + self.count]),
            _ => None,
        }
    }

    /// Elements `start ..  start + scratch.len()` in row-major order: a part of the data if possible, else copied to `scratch`.
    pub(crate) fn chunk<'s>(&self, start: usize, scratch: &'s mut [T]) -> &'s [T]
    where
        'a: 's,
    {
        match self.flat() {
            Some(flat) => &flat[start..start + scratch.len()],
            None => {
                self.fill(start, scratch);
                scratch
            }
        }
    }

    /// Copies elements `start .. start + out.len()`, in row-major order, to `out`.
    pub(crate) fn fill(&self, start: usize, out: &mut [T]) {
        self.runs(start, out.len(), |done, at, length, stride| {
            let piece = &mut out[done..done + length];
            match stride {
                1 => piece.copy_from_slice(&self.data[at as usize..at as usize + length]),
                0 => piece.fill(self.data[at as usize]),
                _ => {
                    let mut from = at;
                    for value in piece {
                        *value = self.data[from as usize];
                        from += stride;
                    }
                }
            }
        });
    }

    /// Calls `run(done, at, length, stride)` for each stretch of evenly spaced elements of `start .. start + count`: the
    /// `done`-th and following elements lie at `at`, `at + stride` … of the data.
    pub(crate) fn runs(&self, start: usize, count: usize, mut run: impl FnMut(usize, isize, usize, isize)) {
        if count == 0 {
            return;
        }
        let Some(last) = self.dims.len().checked_sub(1) else {
            return run(0, self.offset, count.min(1), 1);
        };
        let mut index = vec![0usize; self.dims.len()];
        let (mut rest, mut at) = (start, self.offset);
        for d in (0..=last).rev() {
            index[d] = rest % self.dims[d];
            rest /= self.dims[d];
            at += index[d] as isize * self.strides[d];
        }
        let mut done = 0;
        while done < count {
            let length = (self.dims[last] - index[last]).min(count - done);
            run(done, at, length, self.strides[last]);
            done += length;
            index[last] += length;
            at += length as isize * self.strides[last];
            let mut d = last;
            while index[d] == self.dims[d] && d > 0 {
                at += self.strides[d - 1] - self.dims[d] as isize * self.strides[d];
                index[d] = 0;
                index[d - 1] += 1;
                d -= 1;
            }
        }
    }
}

/// An operand of an elementwise kernel: a view and whether it repeats one value.
pub(crate) struct Operand<'a, T> {
    view: Strided<'a, T>,
    single: Option<T>,
}

/// Room for one chunk of an operand that is not flat.
pub(crate) type Scratch<T> = [T; CHUNK];

impl<'a, T: Element> Operand<'a, T> {
    /// The values that `read` selects.
    pub(crate) fn of(read: &'a Read<'_>) -> Result<Operand<'a, T>> {
        let view = Strided::of(read.slice::<T>()?, read.layout);
        let single = view.single();
        Ok(Operand { view, single })
    }

    /// A scratch for [`Operand::get`].
    pub(crate) fn scratch(&self) -> Scratch<T> {
        [self.single.unwrap_or(T::ZERO); CHUNK]
    }

    /// Elements `start .. start + count`, with the scratch made by [`Operand::scratch`].
    pub(crate) fn get<'s>(&self, start: usize, count: usize, scratch: &'s mut Scratch<T>) -> &'s [T]
    where
        'a: 's,
    {
        match self.single {
            Some(_) => &scratch[..count],
            None => self.view.chunk(start, &mut scratch[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_view_is_read_in_its_own_order() {
        let data: Vec<i64> = (0..6).collect();
        let view = Strided::new(&data, 0, &[3, 2], &[1, 3]);
        let mut out = [0; 6];
        view.fill(0, &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        let mut part = [0; 3];
        assert_eq!(view.chunk(2, &mut part), [1, 4, 2]);
    }

    #[test]
    fn negative_and_zero_strides_flip_and_repeat() {
        let data: Vec<i64> = (0..4).collect();
        let mut out = [0; 8];
        Strided::new(&data, 3, &[4, 2], &[-1, 0]).fill(0, &mut out);
        assert_eq!(out, [3, 3, 2, 2, 1, 1, 0, 0]);
        assert_eq!(Strided::new(&data, 2, &[5, 3], &[0, 0]).single(), Some(2));
        assert_eq!(Strided::new(&data, 2, &[2, 1], &[1, 7]).flat(), Some(&data[2..4]));
        assert_eq!(Strided::new(&data, 0, &[0, 3], &[0, 0]).single(), None);
    }
}
