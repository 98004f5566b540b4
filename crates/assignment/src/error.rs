//! The error of a transport problem: which argument does not fit, what was expected and what came.
//! Points and costs come from users, so that each of their mistakes is a value, not a panic.

use std::fmt;

/// Why a transport problem is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentError {
    /// TypeScript class: `"ShapeError"` or `"DataError"`.
    pub code: &'static str,
    /// What is wrong, in one clause.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What came, with its row and column.
    pub got: String,
}

impl AssignmentError {
    /// An argument of the wrong size.
    pub(crate) fn shape(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> AssignmentError {
        AssignmentError { code: "ShapeError", message: message.to_string(), expected: expected.to_string(), got: got.to_string() }
    }

    /// An argument of the wrong value.
    pub(crate) fn data(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> AssignmentError {
        AssignmentError { code: "DataError", ..AssignmentError::shape(message, expected, got) }
    }
}

impl fmt::Display for AssignmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.message, self.expected, self.got)
    }
}

impl std::error::Error for AssignmentError {}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, AssignmentError>;
