//! Element types of tensors.
//! They exist here, and not in an executor, because shape and derivative rules depend on them.

use std::fmt;

/// The element type of a tensor.
///
/// `F32` is the default, `F64` is first-class on the CPU, `BF16` is storage for mixed precision, `I64` holds indices
/// and counters, `Bool` holds the result of comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// The upper half of a binary32.
    BF16,
    /// Signed 64-bit integer.
    I64,
    /// Truth value, one byte.
    Bool,
}

impl DType {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            DType::F32 => 4,
            DType::F64 | DType::I64 => 8,
            DType::BF16 => 2,
            DType::Bool => 1,
        }
    }

    /// Whether derivatives with respect to a tensor of this type exist.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64 | DType::BF16)
    }

    /// The name users see: `"f32"`, `"f64"`, `"bf16"`, `"i64"`, `"bool"`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::BF16 => "bf16",
            DType::I64 => "i64",
            DType::Bool => "bool",
        }
    }

    /// The type of this name, if there is one.
    pub fn parse(name: &str) -> Option<DType> {
        [DType::F32, DType::F64, DType::BF16, DType::I64, DType::Bool].into_iter().find(|d| d.name() == name)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
