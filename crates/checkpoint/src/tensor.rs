//! A tensor as a checkpoint holds it: a name, an element type, a shape and little-endian bytes.
//! Conversions to numbers live here, so that no reader repeats how an element is laid out.

use half::{bf16, f16};

use crate::dtype::DType;
use crate::error::{CheckpointError, Result, shown};

/// A named tensor in row-major order.
///
/// ```
/// use thalweg_checkpoint::{DType, NamedTensor};
/// let weight = NamedTensor::from_f32("weight", &[2, 2], &[1.0, 2.0, 3.0, 4.0]).unwrap();
/// assert_eq!((weight.dtype, weight.data.len()), (DType::F32, 16));
/// assert_eq!(weight.to_f64().unwrap(), [1.0, 2.0, 3.0, 4.0]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTensor {
    /// Name, unique in its file.
    pub name: String,
    /// Type of each element.
    pub dtype: DType,
    /// Sizes of the axes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements, row-major, little-endian: `dtype.bytes(&shape)` bytes.
    pub data: Vec<u8>,
}

impl NamedTensor {
    /// A tensor of the given bytes; an error where their number is not that of the shape.
    pub fn new(name: impl Into<String>, dtype: DType, shape: &[usize], data: Vec<u8>) -> Result<Self> {
        let name = name.into();
        if dtype.bytes(shape) == Some(data.len()) {
            return Ok(Self { name, dtype, shape: shape.to_vec(), data });
        }
        let problem = format!("tensor {}: its bytes do not fill its shape", shown(&name));
        let expected = match dtype.bytes(shape) {
            Some(bytes) => format!("{bytes} bytes for {dtype} {shape:?}"),
            None => format!("a shape whose size fits in memory, not {shape:?}"),
        };
        Err(CheckpointError::tensor(problem).with(expected, format!("{} bytes", data.len())))
    }

    /// A tensor of binary32 values.
    pub fn from_f32(name: impl Into<String>, shape: &[usize], values: &[f32]) -> Result<Self> {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(name, DType::F32, shape, data)
    }

    /// A tensor of binary64 values.
    pub fn from_f64(name: impl Into<String>, shape: &[usize], values: &[f64]) -> Result<Self> {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(name, DType::F64, shape, data)
    }

    /// A tensor of signed 64-bit integers.
    pub fn from_i64(name: impl Into<String>, shape: &[usize], values: &[i64]) -> Result<Self> {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(name, DType::I64, shape, data)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len() / self.dtype.size()
    }

    /// Whether the tensor has no element.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The values as binary32: exact from F32, F16, BF16, Bool and 8- and 16-bit integers, rounded to
    /// nearest from the others; an error for complex ones.
    pub fn to_f32(&self) -> Result<Vec<f32>> {
        let data = &self.data;
        Ok(match self.dtype {
            DType::F64 => decode(data, |b| f64::from_le_bytes(b) as f32),
            DType::F32 => decode(data, f32::from_le_bytes),
            DType::F16 => decode(data, |b| f16::from_le_bytes(b).to_f32()),
            DType::BF16 => decode(data, |b| bf16::from_le_bytes(b).to_f32()),
            DType::U64 => decode(data, |b| u64::from_le_bytes(b) as f32),
            DType::C64 => return Err(self.not("real numbers")),
            _ => self.to_i64()?.into_iter().map(|value| value as f32).collect(),
        })
    }

    /// The values as binary64: exact but for 64-bit integers beyond 2⁵³, which are rounded to nearest;
    /// an error for complex ones.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        let data = &self.data;
        Ok(match self.dtype {
            DType::F64 => decode(data, f64::from_le_bytes),
            DType::F32 => decode(data, |b| f64::from(f32::from_le_bytes(b))),
            DType::F16 => decode(data, |b| f16::from_le_bytes(b).to_f64()),
            DType::BF16 => decode(data, |b| bf16::from_le_bytes(b).to_f64()),
            DType::U64 => decode(data, |b| u64::from_le_bytes(b) as f64),
            DType::C64 => return Err(self.not("real numbers")),
            _ => self.to_i64()?.into_iter().map(|value| value as f64).collect(),
        })
    }

    /// The values as signed 64-bit integers, exactly; an error for floating and complex types and for
    /// a U64 beyond the signed range.
    pub fn to_i64(&self) -> Result<Vec<i64>> {
        let data = &self.data;
        Ok(match self.dtype {
            DType::I64 => decode(data, i64::from_le_bytes),
            DType::I32 => decode(data, |b| i64::from(i32::from_le_bytes(b))),
            DType::I16 => decode(data, |b| i64::from(i16::from_le_bytes(b))),
            DType::I8 => decode(data, |b| i64::from(i8::from_le_bytes(b))),
            DType::U32 => decode(data, |b| i64::from(u32::from_le_bytes(b))),
            DType::U16 => decode(data, |b| i64::from(u16::from_le_bytes(b))),
            DType::U8 => decode(data, |b| i64::from(u8::from_le_bytes(b))),
            DType::Bool => decode(data, |b: [u8; 1]| i64::from(b[0] != 0)),
            DType::U64 => decode(data, u64::from_le_bytes)
                .into_iter()
                .map(|value| i64::try_from(value).map_err(|_| self.not("integers below 2⁶³")))
                .collect::<Result<_>>()?,
            DType::F64 | DType::F32 | DType::F16 | DType::BF16 | DType::C64 => {
                return Err(self.not("integers"));
            }
        })
    }

    /// The same numbers without complex elements: a C64 tensor of shape `[…]` becomes F32 `[…, 2]`
    /// (real part, imaginary part); any other tensor is returned as it is.
    #[must_use]
    pub fn complex_as_real(mut self) -> Self {
        if self.dtype == DType::C64 {
            self.dtype = DType::F32;
            self.shape.push(2);
        }
        self
    }

    fn not(&self, wanted: &str) -> CheckpointError {
        let problem = format!("tensor {} cannot be read as {wanted}", shown(&self.name));
        CheckpointError::tensor(problem).with(wanted, self.dtype.to_string())
    }
}

/// Elements of `N` bytes, each converted by `convert`.
fn decode<const N: usize, T>(data: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|chunk| convert(*chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_precision_value_widens_exactly() {
        let bits: Vec<u16> = (0..=u16::MAX).collect();
        let data: Vec<u8> = bits.iter().flat_map(|b| b.to_le_bytes()).collect();
        for dtype in [DType::F16, DType::BF16] {
            let tensor = NamedTensor::new("w", dtype, &[bits.len()], data.clone()).unwrap();
            let (single, double) = (tensor.to_f32().unwrap(), tensor.to_f64().unwrap());
            for ((&bits, &narrow), &wide) in bits.iter().zip(&single).zip(&double) {
                let back = match dtype {
                    DType::F16 => f16::from_f32(narrow).to_bits(),
                    _ => bf16::from_f32(narrow).to_bits(),
                };
                assert!(narrow.is_nan() || back == bits);
                assert!(wide.is_nan() && narrow.is_nan() || wide == f64::from(narrow));
            }
        }
    }

    #[test]
    fn integers_keep_their_sign_and_range() {
        let of = |dtype: DType, data: &[u8]| NamedTensor::new("i", dtype, &[data.len() / dtype.size()], data.to_vec()).unwrap();
        assert_eq!(of(DType::I8, &[0xff, 0x7f]).to_i64().unwrap(), [-1, 127]);
        assert_eq!(of(DType::U8, &[0xff, 0x7f]).to_i64().unwrap(), [255, 127]);
        assert_eq!(of(DType::I16, &[0, 0x80]).to_f32().unwrap(), [-32768.0]);
        assert_eq!(of(DType::U16, &[0, 0x80]).to_i64().unwrap(), [32768]);
        assert_eq!(of(DType::I32, &[0xff; 4]).to_f64().unwrap(), [-1.0]);
        assert_eq!(of(DType::U32, &[0xff; 4]).to_i64().unwrap(), [4_294_967_295]);
        assert_eq!(of(DType::Bool, &[0, 1]).to_f32().unwrap(), [0.0, 1.0]);
        assert_eq!(of(DType::U64, &[0xff; 8]).to_f64().unwrap(), [18_446_744_073_709_551_615.0]);
        assert!(of(DType::U64, &[0xff; 8]).to_i64().is_err());
        assert!(of(DType::F32, &[0; 4]).to_i64().is_err());
        assert_eq!(NamedTensor::from_i64("n", &[1], &[i64::MIN]).unwrap().to_i64().unwrap(), [i64::MIN]);
    }

    #[test]
    fn complex_numbers_become_a_trailing_axis_of_two() {
        let values = [1.0_f32, -2.0, 3.0, -4.0];
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let complex = NamedTensor::new("c", DType::C64, &[2], data).unwrap();
        assert!(complex.to_f32().is_err());
        let real = complex.complex_as_real();
        assert_eq!((real.shape.as_slice(), real.to_f32().unwrap().as_slice()), (&[2, 2][..], &values[..]));
    }

    #[test]
    fn bytes_that_do_not_fill_the_shape_are_refused_with_both_numbers() {
        let error = NamedTensor::from_f32("w", &[3], &[1.0, 2.0]).unwrap_err();
        assert_eq!((error.expected.as_str(), error.got.as_str()), ("12 bytes for F32 [3]", "8 bytes"));
    }
}
