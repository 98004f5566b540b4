//! The error of a coupling: what was expected, what came, and where: a row of the batch or a field of the config.
//! Batches come from users' data, so that each of their defects is a value, not a panic.

use std::fmt;
use thalweg_assignment::AssignmentError;

/// Why a batch cannot be coupled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouplingError {
    /// TypeScript class: `"ShapeError"`, `"DataError"` or `"ConfigError"`.
    pub code: &'static str,
    /// What is wrong, in one clause.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What came, with its row where it has one.
    pub got: String,
    /// The field of the config at fault, if it is the config: `"epsilon"`.
    pub path: Option<&'static str>,
}

impl CouplingError {
    /// An argument of the wrong size.
    pub(crate) fn shape(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> CouplingError {
        let [message, expected, got] = [message.to_string(), expected.to_string(), got.to_string()];
        CouplingError { code: "ShapeError", message, expected, got, path: None }
    }

    /// An argument of the wrong value.
    pub(crate) fn data(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> CouplingError {
        CouplingError { code: "DataError", ..CouplingError::shape(message, expected, got) }
    }

    /// A field of the config that is wrong.
    pub(crate) fn config(path: &'static str, expected: impl fmt::Display, got: impl fmt::Display) -> CouplingError {
        let wrong = CouplingError::shape(format!("{path} is out of range"), expected, got);
        CouplingError { code: "ConfigError", path: Some(path), ..wrong }
    }
}

impl fmt::Display for CouplingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.message, self.expected, self.got)
    }
}

impl std::error::Error for CouplingError {}

impl From<AssignmentError> for CouplingError {
    fn from(e: AssignmentError) -> Self {
        CouplingError { code: e.code, message: e.message, expected: e.expected, got: e.got, path: None }
    }
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, CouplingError>;
