//! The error of a metric: which argument does not fit, what was expected and what came.
//! Points come from users, so that each of their mistakes is a value, not a panic.

use std::fmt;
use thalweg_assignment::AssignmentError;

/// Why a distance is not defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricError {
    /// TypeScript class: `"ShapeError"`, `"DataError"` or `"ConfigError"`.
    pub code: &'static str,
    /// What is wrong, in one clause.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

impl MetricError {
    /// An argument of the wrong size.
    pub(crate) fn shape(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> MetricError {
        MetricError { code: "ShapeError", message: message.to_string(), expected: expected.to_string(), got: got.to_string() }
    }

    /// An argument of the wrong value.
    pub(crate) fn data(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> MetricError {
        MetricError { code: "DataError", ..MetricError::shape(message, expected, got) }
    }

    /// An option of the wrong value.
    pub(crate) fn config(message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> MetricError {
        MetricError { code: "ConfigError", ..MetricError::shape(message, expected, got) }
    }
}

impl fmt::Display for MetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.message, self.expected, self.got)
    }
}

impl std::error::Error for MetricError {}

impl From<AssignmentError> for MetricError {
    fn from(e: AssignmentError) -> Self {
        MetricError { code: e.code, message: e.message, expected: e.expected, got: e.got }
    }
}

/// Result of a metric.
pub type Result<T> = std::result::Result<T, MetricError>;
