//! Elements from and to little-endian bytes, as JavaScript's typed arrays hold them.
//! Runs on the worker's thread; the main thread only copies, and reads the few elements of a constant.

use thalweg_model::ModelError;
use thalweg_model::engine::{Tensor, memory};
use thalweg_model::graph::{DType, Literal, Number, Type};

use crate::error::{ErrorCode, ThalwegError};

/// Bytes of one element of the typed array that holds this element type; bf16 travels as f32.
pub fn width(dtype: DType) -> usize {
    if dtype == DType::BF16 { 4 } else { dtype.size() }
}

/// Refuses a number of bytes that is not the type's.
///
/// # Errors
/// `DataError` with both counts of elements.
pub fn check(ty: &Type, given: usize) -> Result<(), ThalwegError> {
    let width = width(ty.dtype);
    if ty.count().checked_mul(width) == Some(given) {
        return Ok(());
    }
    let got = if given.is_multiple_of(width) { format!("{} elements", given / width) } else { format!("{given} bytes") };
    Err(ThalwegError::expected(ErrorCode::DataError, "wrong number of elements", format!("{} for {ty}", ty.count()), got))
}

fn elements<const N: usize, T>(bytes: &[u8], of: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| of(*chunk)).collect()
}

/// The constant of type `ty` that these bytes hold, whose number was checked.
pub fn literal(bytes: &[u8], ty: Type) -> Literal {
    let float = |value: f64| Number::of(value, ty.dtype);
    let numbers: Vec<Number> = match ty.dtype {
        DType::F32 | DType::BF16 => elements(bytes, f32::from_le_bytes).into_iter().map(|v| float(v.into())).collect(),
        DType::F64 => elements(bytes, f64::from_le_bytes).into_iter().map(float).collect(),
        DType::I64 => elements(bytes, i64::from_le_bytes).into_iter().map(Number::Int).collect(),
        DType::Bool => bytes.iter().map(|&byte| Number::Int((byte != 0).into())).collect(),
    };
    Literal::of_elements(&numbers, ty)
}

/// The tensor of type `ty` that these bytes hold.
///
/// # Errors
/// `DataError` where the number of bytes is not the type's.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Tensor, ModelError> {
    Ok(match ty.dtype {
        DType::F32 => Tensor::from_f32(elements(bytes, f32::from_le_bytes), &ty.shape)?,
        DType::BF16 => Tensor::from_bf16(&elements(bytes, f32::from_le_bytes), &ty.shape)?,
        DType::F64 => Tensor::from_f64(elements(bytes, f64::from_le_bytes), &ty.shape)?,
        DType::I64 => Tensor::from_i64(elements(bytes, i64::from_le_bytes), &ty.shape)?,
        DType::Bool => Tensor::from_bool(bytes.iter().map(|&byte| byte != 0).collect(), &ty.shape)?,
    })
}

/// The bytes of a tensor's elements, row-major. They are aligned for any element: the allocators of all platforms align
/// to 16 bytes.
///
/// # Errors
/// `MemoryError` where a copy would not fit.
pub fn encode(tensor: &Tensor) -> Result<Vec<u8>, ModelError> {
    fn bytes<const N: usize, T>(elements: Vec<T>, of: fn(T) -> [u8; N]) -> Vec<u8> {
        elements.into_iter().flat_map(of).collect()
    }
    let ty = tensor.ty();
    memory::require(ty.count().saturating_mul(2 * width(ty.dtype)), "the copy of a tensor")?;
    Ok(match ty.dtype {
        DType::F32 | DType::BF16 => bytes(tensor.to_f32_vec()?, f32::to_le_bytes),
        DType::F64 => bytes(tensor.to_f64_vec()?, f64::to_le_bytes),
        DType::I64 => bytes(tensor.to_i64_vec()?, i64::to_le_bytes),
        DType::Bool => tensor.to_bool_vec()?.into_iter().map(u8::from).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(bytes: &[u8], dtype: DType, count: usize) -> Vec<u8> {
        encode(&decode(bytes, &Type::new(dtype, [count])).unwrap()).unwrap()
    }

    #[test]
    fn a_constant_has_the_elements_of_the_tensor() {
        let bytes: Vec<u8> = (0..48).collect();
        for dtype in [DType::F32, DType::F64, DType::I64, DType::BF16, DType::Bool] {
            let ty = Type::new(dtype, [48 / width(dtype)]);
            let (constant, tensor) = (literal(&bytes, ty.clone()), decode(&bytes, &ty).unwrap());
            let numbers: Vec<Number> = (0..ty.count()).map(|i| constant.at(i)).collect();
            let whole: Option<Vec<i64>> = match dtype {
                DType::I64 => Some(tensor.to_i64_vec().unwrap()),
                DType::Bool => Some(tensor.to_bool_vec().unwrap().into_iter().map(i64::from).collect()),
                _ => None,
            };
            let wanted: Vec<Number> = match whole {
                Some(values) => values.into_iter().map(Number::Int).collect(),
                None => tensor.to_f64_vec().unwrap().into_iter().map(|value| Number::of(value, dtype)).collect(),
            };
            assert_eq!(numbers, wanted, "{dtype}");
        }
        let exact = literal(&i64::MAX.to_le_bytes(), Type::scalar(DType::I64));
        assert_eq!(exact.at(0).as_i64(), i64::MAX);
    }

    #[test]
    fn bytes_come_back_as_they_were() {
        let bytes: Vec<u8> = (0..48).collect();
        for dtype in [DType::F32, DType::F64, DType::I64] {
            assert_eq!(round_trip(&bytes, dtype, 48 / width(dtype)), bytes, "{dtype}");
        }
        assert_eq!(round_trip(&[0, 1, 2, 255], DType::Bool, 4), [0, 1, 1, 1]);
        let halves: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(round_trip(&halves, DType::BF16, 2), halves);
    }

    #[test]
    fn a_wrong_count_names_both() {
        let ty = Type::new(DType::F32, [2, 3]);
        let error = check(&ty, 20).unwrap_err();
        assert_eq!(error.code, ErrorCode::DataError);
        assert_eq!((error.expected.as_deref(), error.got.as_deref()), (Some("6 for f32 [2, 3]"), Some("5 elements")));
        assert_eq!(check(&ty, 23).unwrap_err().got.as_deref(), Some("23 bytes"));
        assert!(check(&ty, 24).is_ok());
        assert!(check(&Type::new(DType::F64, [usize::MAX, 2]), 0).is_err());
    }
}
