//! Element types of stored tensors, with their sizes and their names in files.
//! Checkpoints hold more types than the engine computes with, so the list is wider than the graph's.

use std::fmt;

use safetensors::Dtype;

/// Type of one stored element, little-endian in files and in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// Two binary32: real part, imaginary part.
    C64,
    /// Signed 64-bit integer.
    I64,
    /// Signed 32-bit integer.
    I32,
    /// Signed 16-bit integer.
    I16,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 64-bit integer.
    U64,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 8-bit integer.
    U8,
    /// One byte, zero for false.
    Bool,
}

/// Each type beside its name in safetensors headers, in the order of [`DType`].
const NAMES: [(DType, Dtype); 14] = [
    (DType::F64, Dtype::F64),
    (DType::F32, Dtype::F32),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::C64, Dtype::C64),
    (DType::I64, Dtype::I64),
    (DType::I32, Dtype::I32),
    (DType::I16, Dtype::I16),
    (DType::I8, Dtype::I8),
    (DType::U64, Dtype::U64),
    (DType::U32, Dtype::U32),
    (DType::U16, Dtype::U16),
    (DType::U8, Dtype::U8),
    (DType::Bool, Dtype::BOOL),
];

impl DType {
    /// Every type, widest floats first.
    pub fn all() -> impl Iterator<Item = DType> {
        NAMES.into_iter().map(|(dtype, _)| dtype)
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            DType::F64 | DType::C64 | DType::I64 | DType::U64 => 8,
            DType::F32 | DType::I32 | DType::U32 => 4,
            DType::F16 | DType::BF16 | DType::I16 | DType::U16 => 2,
            DType::I8 | DType::U8 | DType::Bool => 1,
        }
    }

    /// Bytes of a tensor of this type and `shape`; `None` where the product overflows.
    pub fn bytes(self, shape: &[usize]) -> Option<usize> {
        let size = shape.iter().try_fold(self.size(), |n, &dim| n.checked_mul(dim))?;
        isize::try_from(size).ok().map(|_| size)
    }

    pub(crate) fn from_safetensors(dtype: Dtype) -> Option<DType> {
        NAMES.into_iter().find(|&(_, theirs)| theirs == dtype).map(|(ours, _)| ours)
    }

    pub(crate) fn to_safetensors(self) -> Dtype {
        NAMES[self as usize].1
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_safetensors().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_the_size_and_the_name_of_the_safetensors_format() {
        for dtype in DType::all() {
            assert_eq!(NAMES[dtype as usize].0, dtype);
            assert_eq!(dtype.size() * 8, dtype.to_safetensors().bitsize());
            assert_eq!(DType::from_safetensors(dtype.to_safetensors()), Some(dtype));
        }
        assert_eq!(DType::from_safetensors(Dtype::F4), None);
    }

    #[test]
    fn bytes_of_a_shape_are_refused_where_the_product_overflows() {
        assert_eq!(DType::F32.bytes(&[2, 3]), Some(24));
        assert_eq!(DType::F64.bytes(&[]), Some(8));
        assert_eq!(DType::F64.bytes(&[0, 5]), Some(0));
        assert_eq!(DType::F64.bytes(&[1 << 32, 1 << 32]), None);
        assert_eq!(DType::U8.bytes(&[usize::MAX]), None);
    }
}
