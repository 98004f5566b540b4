//! The rules that single numbers of a configuration must satisfy, each said once.
//! Networks call these when they are built; after that, their types carry the guarantee.

use crate::NnError;

/// Largest width of a layer. Sums and products of a few widths stay far from overflow.
pub(crate) const MAX_WIDTH: usize = 1 << 24;

/// Most layers, blocks or levels of a kind. Deeper nets are typing errors.
const MAX_DEPTH: usize = 1024;

/// A number of layers: `least` … [`MAX_DEPTH`].
pub(crate) fn depth(field: &str, least: usize, value: usize) -> Result<usize, NnError> {
    if (least..=MAX_DEPTH).contains(&value) {
        return Ok(value);
    }
    Err(NnError::new(field, format!("a whole number from {least} to {MAX_DEPTH}"), value))
}

/// A width: 1 … [`MAX_WIDTH`].
pub(crate) fn width(field: &str, value: usize) -> Result<usize, NnError> {
    at_least(1, field, value)
}

/// A width of at least `least`.
pub(crate) fn at_least(least: usize, field: &str, value: usize) -> Result<usize, NnError> {
    if (least..=MAX_WIDTH).contains(&value) {
        return Ok(value);
    }
    Err(NnError::new(field, format!("a whole number from {least} to {MAX_WIDTH}"), value))
}

/// A width that `part` divides.
pub(crate) fn multiple(field: &str, part: usize, value: usize) -> Result<usize, NnError> {
    if width(field, value).is_ok() && value.is_multiple_of(part) {
        return Ok(value);
    }
    Err(NnError::new(field, format!("a multiple of {part}"), value))
}

/// A width that divides `whole`.
pub(crate) fn divisor(field: &str, value: usize, whole: usize) -> Result<usize, NnError> {
    if width(field, value).is_ok() && whole.is_multiple_of(value) {
        return Ok(value);
    }
    Err(NnError::new(field, format!("a divisor of {whole}"), value))
}

/// A number of at most `most`.
pub(crate) fn at_most(field: &str, most: usize, value: usize) -> Result<usize, NnError> {
    if value <= most { Ok(value) } else { Err(NnError::new(field, format!("at most {most}"), value)) }
}

/// A list of at least one width.
pub(crate) fn widths(field: &str, values: &[usize]) -> Result<(), NnError> {
    if values.is_empty() {
        return Err(NnError::new(field, "at least one width", "[]"));
    }
    values.iter().enumerate().try_for_each(|(i, &value)| width(&format!("{field}[{i}]"), value).map(drop))
}

/// A finite number > 0.
pub(crate) fn positive(field: &str, value: f64) -> Result<f64, NnError> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(NnError::new(field, "a number > 0", value)) }
}

/// A finite number ≥ 0.
pub(crate) fn not_negative(field: &str, value: f64) -> Result<f64, NnError> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(NnError::new(field, "a number ≥ 0", value)) }
}

/// A finite number.
pub(crate) fn finite(field: &str, value: f64) -> Result<f64, NnError> {
    if value.is_finite() { Ok(value) } else { Err(NnError::new(field, "a finite number", value)) }
}

/// A share that leaves something: 0 ≤ rate < 1.
pub(crate) fn rate(field: &str, value: f64) -> Result<f64, NnError> {
    if (0.0..1.0).contains(&value) { Ok(value) } else { Err(NnError::new(field, "a number from 0 to below 1", value)) }
}
