//! Arguments of exports, read one by one inside the guard, so that each mistake gets its own error class.
//! Arrays are bounded before anything is allocated: a hostile length must be refused, not reserved.

use napi::bindgen_prelude::{Array, BigInt, ClassInstance, Either, FromNapiValue, MaybeTypeTag};
use thalweg_model::graph::DType;

use crate::error::{ErrorCode, ThalwegError};

/// Result of reading an argument.
pub type Result<T> = std::result::Result<T, ThalwegError>;

/// The largest number of dimensions of a tensor.
const RANK: u32 = 32;
/// The largest number of operands of one op.
pub const OPERANDS: u32 = 1 << 11;
/// The largest number of values or tensors that any other call takes.
pub const VALUES: u32 = 1 << 14;
/// The largest integer up to which every integer is a JavaScript number.
const SAFE: f64 = 9_007_199_254_740_991.0;

/// An element type by its name.
///
/// # Errors
/// `DTypeError` for an unknown name.
pub fn dtype(name: &str) -> Result<DType> {
    DType::parse(name)
        .ok_or_else(|| ThalwegError::expected(ErrorCode::DTypeError, "unknown element type", "f32, f64, bf16, i64 or bool", quoted(name)))
}

/// A shape: at most 32 integers from 0 to 2⁵³ − 1.
///
/// # Errors
/// `ShapeError` for anything else.
pub fn shape(sizes: &Array<'_>) -> Result<Vec<usize>> {
    let wrong = |got: String| ThalwegError::expected(ErrorCode::ShapeError, "not a shape", format!("at most {RANK} integers ≥ 0"), got);
    if sizes.len() > RANK {
        return Err(wrong(format!("{} numbers", sizes.len())));
    }
    numbers(sizes)?.into_iter().map(|size| natural(size).ok_or_else(|| wrong(size.to_string()))).collect()
}

/// Ids of values.
///
/// # Errors
/// `TraceError` where there are more than `most`, `InternalError` where one is no number.
pub fn ids(values: &Array<'_>, most: u32) -> Result<Vec<f64>> {
    bounded(values, most)?;
    numbers(values)
}

/// Strings.
///
/// # Errors
/// `TraceError` where there are more than `most`, `InternalError` where one is no string.
pub fn strings(values: &Array<'_>, most: u32) -> Result<Vec<String>> {
    bounded(values, most)?;
    (0..values.len()).map(|index| element(values, index)).collect()
}

fn bounded(values: &Array<'_>, most: u32) -> Result<()> {
    if values.len() > most {
        let expected = format!("at most {most}");
        return Err(ThalwegError::expected(ErrorCode::TraceError, "too many values", expected, values.len()));
    }
    Ok(())
}

fn numbers(values: &Array<'_>) -> Result<Vec<f64>> {
    (0..values.len()).map(|index| element(values, index)).collect()
}

/// The native objects in an array, each handed to `take` at once: JavaScript may run between two of them.
///
/// # Errors
/// `TraceError` where there are more than `most`, `InternalError` where one is of another class, or the error of `take`.
pub fn instances<'env, T: 'env + MaybeTypeTag, R>(values: &Array<'env>, most: u32, take: impl Fn(&T) -> Result<R>) -> Result<Vec<R>> {
    bounded(values, most)?;
    let mut out = Vec::with_capacity(values.len() as usize);
    for index in 0..values.len() {
        let instance: ClassInstance<'env, T> = element(values, index)?;
        out.push(take(&instance)?);
    }
    Ok(out)
}

fn element<T: FromNapiValue>(values: &Array<'_>, index: u32) -> Result<T> {
    let missing = || ThalwegError::new(ErrorCode::InternalError, format!("element {index} is missing"));
    values.get::<T>(index)?.ok_or_else(missing)
}

/// A whole number that JavaScript can represent, such as a seed.
///
/// # Errors
/// `ConfigError` naming `what`.
pub fn integer(what: &str, value: Either<f64, BigInt>) -> Result<i64> {
    let wrong = |got: String| {
        let expected = "an integer of at most 53 bits, or a bigint of 64";
        ThalwegError::expected(ErrorCode::ConfigError, what, expected, got).with_path(what)
    };
    match value {
        Either::A(number) if number.fract() == 0.0 && number.abs() <= SAFE => Ok(number as i64),
        Either::A(number) => Err(wrong(number.to_string())),
        Either::B(big) => match big.get_i64() {
            (value, true) => Ok(value),
            (_, false) => Err(wrong("a larger bigint".into())),
        },
    }
}

/// A size or a count.
pub fn natural(value: f64) -> Option<usize> {
    (value.fract() == 0.0 && (0.0..=SAFE).contains(&value)).then_some(value as usize)
}

/// A shape as JavaScript numbers.
pub fn sizes(shape: &[usize]) -> Vec<f64> {
    shape.iter().map(|&size| size as f64).collect()
}

/// A name as it is shown in errors, cut where it is long.
pub fn quoted(name: &str) -> String {
    let short: String = name.chars().take(80).collect();
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_and_not_negative() {
        for wrong in [-1.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(natural(wrong), None, "{wrong}");
        }
        assert_eq!(natural(0.0), Some(0));
        assert_eq!(natural(1e6), Some(1_000_000));
    }

    #[test]
    fn an_unknown_element_type_names_the_known_ones() {
        let error = dtype("f16").unwrap_err();
        assert_eq!((error.code, error.got.as_deref()), (ErrorCode::DTypeError, Some("\"f16\"")));
        assert!(error.message.contains("bf16"));
    }

    #[test]
    fn seeds_are_integers() {
        assert_eq!(integer("seed", Either::A(-3.0)).unwrap(), -3);
        for wrong in [0.5, f64::NAN, 1e300] {
            assert_eq!(integer("seed", Either::A(wrong)).unwrap_err().path.as_deref(), Some("seed"));
        }
    }
}
