//! From storages to tensors: which bytes a tensor takes, and their copy into row-major order.
//! A storage is read once, all its tensors are cut from it, and it is dropped before the next.

use std::io::{Read, Seek};
use std::sync::Arc;

use super::archive::Archive;
use super::machine::Heap;
use crate::dtype::DType;
use crate::error::Result;
use crate::file::reserve;
use crate::tensor::NamedTensor;

/// A storage as the pickle describes it: one entry of the archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StorageRef {
    pub key: Arc<str>,
    pub dtype: DType,
    pub elements: usize,
}

/// A tensor as the pickle describes it: a view of a storage; offset and strides count elements.
#[derive(Debug)]
pub(super) struct TensorSpec {
    /// Place of the storage in the heap.
    pub storage: usize,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

impl TensorSpec {
    /// The tensor's bytes, once every element is known to be one of the storage's `elements`; otherwise
    /// what is wrong.
    pub(super) fn check(&self, dtype: DType, elements: usize) -> std::result::Result<u64, String> {
        if self.shape.len() != self.strides.len() {
            return Err(format!("{} sizes, {} strides", self.shape.len(), self.strides.len()));
        }
        let bytes = dtype.bytes(&self.shape).ok_or_else(|| format!("the size of {:?} overflows", self.shape))?;
        if bytes == 0 {
            return Ok(0);
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |at, (&size, &stride)| at.checked_add((size - 1).checked_mul(stride)?))
            .ok_or_else(|| "the last offset overflows".to_owned())?;
        if last >= elements {
            return Err(format!("element {last} of {elements}"));
        }
        Ok(bytes as u64)
    }

    /// Whether the elements lie in row-major order without gaps.
    fn contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if size != 1 && stride != expected {
                return false;
            }
            expected *= size;
        }
        true
    }

    /// Appends the tensor's elements, each of `size` bytes, to `out` in row-major order.
    fn copy(&self, storage: &[u8], size: usize, out: &mut Vec<u8>) {
        let elements: usize = self.shape.iter().product();
        if elements == 0 {
            return;
        }
        if self.contiguous() {
            let begin = self.offset * size;
            out.extend_from_slice(&storage[begin..begin + elements * size]);
            return;
        }
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        for _ in 0..elements {
            out.extend_from_slice(&storage[at * size..(at + 1) * size]);
            for axis in (0..index.len()).rev() {
                if index[axis] + 1 < self.shape[axis] {
                    index[axis] += 1;
                    at += self.strides[axis];
                    break;
                }
                at -= index[axis] * self.strides[axis];
                index[axis] = 0;
            }
        }
    }
}

/// The tensors of `heap`, in its order; a tensor's name is the archive entry of its storage.
pub(super) fn materialise<R: Read + Seek>(archive: &mut Archive<R>, heap: &Heap) -> Result<Vec<Arc<NamedTensor>>> {
    let mut order: Vec<usize> = (0..heap.tensors.len()).collect();
    order.sort_by_key(|&i| heap.tensors[i].storage);
    let mut tensors = vec![None; heap.tensors.len()];
    for group in order.chunk_by(|&a, &b| heap.tensors[a].storage == heap.tensors[b].storage) {
        let StorageRef { key, dtype, elements } = &heap.storages[heap.tensors[group[0]].storage];
        let bytes = (*elements as u64).saturating_mul(dtype.size() as u64);
        let storage = archive.storage(key, bytes)?;
        for &i in group {
            let spec = &heap.tensors[i];
            let size: usize = spec.shape.iter().product::<usize>() * dtype.size();
            let mut data = reserve(size as u64, archive.path())?;
            spec.copy(&storage, dtype.size(), &mut data);
            let (name, shape) = (format!("data/{key}"), spec.shape.clone());
            tensors[i] = Some(Arc::new(NamedTensor { name, dtype: *dtype, shape, data }));
        }
    }
    Ok(tensors.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(offset: usize, shape: &[usize], strides: &[usize]) -> TensorSpec {
        TensorSpec { storage: 0, offset, shape: shape.to_vec(), strides: strides.to_vec() }
    }

    fn elements(spec: &TensorSpec, count: u8) -> Vec<u8> {
        let storage: Vec<u8> = (0..count).collect();
        assert!(spec.check(DType::U8, storage.len()).is_ok());
        let mut out = Vec::new();
        spec.copy(&storage, 1, &mut out);
        out
    }

    #[test]
    fn a_view_is_copied_in_row_major_order() {
        assert_eq!(elements(&spec(1, &[2, 3], &[3, 1]), 8), [1, 2, 3, 4, 5, 6]);
        assert_eq!(elements(&spec(0, &[3, 2], &[1, 3]), 6), [0, 3, 1, 4, 2, 5]);
        assert_eq!(elements(&spec(5, &[2, 2], &[0, 1]), 7), [5, 6, 5, 6]);
        assert_eq!(elements(&spec(0, &[2, 2, 2], &[1, 4, 2]), 8), [0, 2, 4, 6, 1, 3, 5, 7]);
        assert_eq!(elements(&spec(3, &[], &[]), 4), [3]);
        assert!(elements(&spec(9, &[0, 4], &[4, 1]), 4).is_empty());
        assert_eq!(elements(&spec(1, &[1, 2], &[999, 1]), 3), [1, 2]);
    }

    #[test]
    fn a_view_outside_its_storage_is_refused() {
        for (bad, elements) in [
            (spec(0, &[2, 3], &[3, 1]), 5),
            (spec(4, &[], &[]), 4),
            (spec(usize::MAX, &[2], &[1]), 4),
            (spec(0, &[3], &[usize::MAX]), 4),
            (spec(0, &[usize::MAX, 3], &[0, 0]), 4),
            (spec(0, &[2], &[1, 1]), 4),
        ] {
            assert!(bad.check(DType::F32, elements).is_err(), "{bad:?}");
        }
    }
}
