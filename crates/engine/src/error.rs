//! The error of running graphs: a value with a code that names the TypeScript error class.
//! Errors of graph construction are converted, so that callers of this crate handle one type.

use std::fmt;
use thalweg_graph::{ErrorCode, GraphError, Type};

/// What went wrong, what was expected and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// `"ShapeError"`, `"DTypeError"`, `"DataError"`, `"DeviceError"`, `"MemoryError"`, `"TraceError"`, `"AbortError"` or
    /// `"InternalError"`.
    pub code: &'static str,
    /// What is wrong, in one clause.
    pub message: String,
    /// What was expected, where that can be said.
    pub expected: Option<String>,
    /// What came instead.
    pub got: Option<String>,
}

/// Result of an engine call.
pub type Result<T> = std::result::Result<T, EngineError>;

macro_rules! constructors {
    ($($method:ident => $code:literal, $doc:literal;)*) => {
        impl EngineError {
            $(#[doc = $doc] pub fn $method(message: impl Into<String>) -> EngineError {
                EngineError { code: $code, message: message.into(), expected: None, got: None }
            })*
        }
    };
}

constructors! {
    shape => "ShapeError", "Shapes do not fit.";
    dtype => "DTypeError", "Element types do not fit.";
    data => "DataError", "The values given cannot be used.";
    device => "DeviceError", "The device is unknown or absent.";
    memory => "MemoryError", "It would not fit into memory.";
    trace => "TraceError", "The graph cannot be built.";
    abort => "AbortError", "The work was given up before it was done.";
    internal => "InternalError", "A defect of this library.";
}

impl EngineError {
    /// The same error with what was expected and what came.
    pub fn with(mut self, expected: impl Into<String>, got: impl Into<String>) -> EngineError {
        self.expected = Some(expected.into());
        self.got = Some(got.into());
        self
    }

    /// A value of another type than asked for: a `DTypeError` if the element type differs, else a `ShapeError`.
    pub fn mismatch(what: &str, expected: &Type, got: &Type) -> EngineError {
        let error = if expected.dtype != got.dtype { EngineError::dtype(what) } else { EngineError::shape(what) };
        error.with(expected.to_string(), got.to_string())
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match (&self.expected, &self.got) {
            (Some(expected), Some(got)) => write!(f, ": expected {expected}, got {got}"),
            (Some(expected), None) => write!(f, ": expected {expected}"),
            (None, Some(got)) => write!(f, ": got {got}"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<GraphError> for EngineError {
    fn from(error: GraphError) -> EngineError {
        let message = format!("{}: {}", error.op, error.message);
        let converted = match error.code {
            ErrorCode::Shape => EngineError::shape(message),
            ErrorCode::DType => EngineError::dtype(message),
            ErrorCode::Trace => EngineError::trace(message),
        };
        converted.with(error.expected, error.got)
    }
}

impl From<candle_core::Error> for EngineError {
    fn from(error: candle_core::Error) -> EngineError {
        // Where backtraces are on, candle's messages carry one, from the second line on.
        EngineError::internal(error.to_string().lines().next().unwrap_or_default())
    }
}
