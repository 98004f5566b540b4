//! The error of graph construction: a value that says which op, what was expected and what came.
//! Builders keep the first one, so that formulas read as formulas and the error surfaces once, at `finish`.

use std::fmt;

/// What kind of rule was broken; names the TypeScript error class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// Shapes do not fit the op.
    Shape,
    /// Element types do not fit the op.
    DType,
    /// The graph cannot be built for another reason (foreign variable, undifferentiable output …).
    Trace,
}

/// An error of graph construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    /// Kind of error.
    pub code: ErrorCode,
    /// Name of the op that refused.
    pub op: String,
    /// What is wrong, in one clause.
    pub message: String,
    /// What the op expects.
    pub expected: String,
    /// What it got: operand types.
    pub got: String,
}

impl GraphError {
    /// A shape error of `op`.
    pub fn shape(op: &str, message: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        GraphError { code: ErrorCode::Shape, op: op.into(), message: message.into(), expected: expected.into(), got: got.into() }
    }

    /// An element-type error of `op`.
    pub fn dtype(op: &str, message: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        GraphError { code: ErrorCode::DType, ..GraphError::shape(op, message, expected, got) }
    }

    /// Any other error of graph construction.
    pub fn trace(op: &str, message: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        GraphError { code: ErrorCode::Trace, ..GraphError::shape(op, message, expected, got) }
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: expected {}, got {}", self.op, self.message, self.expected, self.got)
    }
}

impl std::error::Error for GraphError {}

/// Result of graph construction.
pub type Result<T> = std::result::Result<T, GraphError>;
