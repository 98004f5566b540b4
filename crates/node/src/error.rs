//! The error that crosses into JavaScript, as JSON in the reason of a napi error.
//! `ts/src/errors.ts` reads the same fields and throws the class that `code` names.

use std::fmt;

use serde::Serialize;
use thalweg_model::ModelError;
use thalweg_model::engine::EngineError;
use thalweg_model::graph::GraphError;

/// Which TypeScript class an error becomes; the variant's name is the class's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ErrorCode {
    /// A config field is unknown, missing or out of range.
    ConfigError,
    /// Shapes of operands do not fit together.
    ShapeError,
    /// Element types of operands do not fit together.
    DTypeError,
    /// Data are empty, of the wrong rank, or not finite.
    DataError,
    /// A device is unknown, absent or failed.
    DeviceError,
    /// A job would need more memory than there is; it was refused before it ran.
    MemoryError,
    /// A checkpoint is damaged, hostile or does not match the model.
    CheckpointError,
    /// A traced function did what a traced function cannot.
    TraceError,
    /// Training failed, for instance because the loss became NaN.
    TrainingError,
    /// A solver cannot go on, for instance because its steps became too small.
    SolverError,
    /// A job was stopped by its caller.
    AbortError,
    /// A handle was used after it was disposed of.
    DisposedError,
    /// A defect of thalweg itself.
    InternalError,
}

impl ErrorCode {
    /// The code of this name; a name that is none of them is a defect.
    pub fn of(name: &str) -> Self {
        match name {
            "ConfigError" => Self::ConfigError,
            "ShapeError" => Self::ShapeError,
            "DTypeError" => Self::DTypeError,
            "DataError" => Self::DataError,
            "DeviceError" => Self::DeviceError,
            "MemoryError" => Self::MemoryError,
            "CheckpointError" => Self::CheckpointError,
            "TraceError" => Self::TraceError,
            "TrainingError" => Self::TrainingError,
            "SolverError" => Self::SolverError,
            "AbortError" => Self::AbortError,
            "DisposedError" => Self::DisposedError,
            _ => Self::InternalError,
        }
    }
}

/// An error as a value: what went wrong, what was expected, what was got, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThalwegError {
    /// The TypeScript class to throw.
    pub code: ErrorCode,
    /// One sentence for a human reader.
    pub message: Box<str>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Box<str>>,
    /// What was there instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<Box<str>>,
    /// The config path or file concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Box<str>>,
    /// The op, module, export or source line concerned.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<str>>,
}

impl ThalwegError {
    /// An error with a code and a sentence; the other fields are added by the `with_` methods.
    pub fn new(code: ErrorCode, message: impl Into<Box<str>>) -> Self {
        Self { code, message: message.into(), expected: None, got: None, path: None, place: None }
    }

    /// An error with what was expected and what came, also in its sentence.
    pub fn expected(code: ErrorCode, message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        let (expected, got) = (expected.to_string(), got.to_string());
        let sentence = format!("{message}: expected {expected}, got {got}");
        Self { expected: Some(expected.into()), got: Some(got.into()), ..Self::new(code, sentence) }
    }

    /// Says which config path or file is at fault.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<Box<str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says where it happened: an op, a module, an export or a source line.
    #[must_use]
    pub fn with_place(mut self, place: impl Into<Box<str>>) -> Self {
        self.place = Some(place.into());
        self
    }
}

impl fmt::Display for ThalwegError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)
    }
}

impl std::error::Error for ThalwegError {}

impl From<ModelError> for ThalwegError {
    fn from(error: ModelError) -> Self {
        let boxed = |text: Option<String>| text.map(String::into_boxed_str);
        let message = error.to_string();
        Self {
            expected: boxed(error.expected),
            got: boxed(error.got),
            path: boxed(error.path),
            ..Self::new(ErrorCode::of(error.code), message)
        }
    }
}

impl From<GraphError> for ThalwegError {
    fn from(error: GraphError) -> Self {
        ModelError::from(error).into()
    }
}

impl From<EngineError> for ThalwegError {
    fn from(error: EngineError) -> Self {
        ModelError::from(error).into()
    }
}

/// What Node itself refused, such as an argument of the wrong type.
impl From<napi::Error> for ThalwegError {
    fn from(error: napi::Error) -> Self {
        Self::new(ErrorCode::InternalError, format!("{}: {}", error.status.as_ref(), error.reason))
    }
}

impl From<ThalwegError> for napi::Error {
    fn from(error: ThalwegError) -> Self {
        let reason = serde_json::to_string(&error).unwrap_or_else(|_| format!("{:?}: {}", error.code, error.message));
        napi::Error::new(napi::Status::GenericFailure, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_as_json_with_the_field_names_that_typescript_reads() {
        let error = ThalwegError {
            expected: Some("[2]".into()),
            got: Some("[3]".into()),
            path: Some("model.args".into()),
            ..ThalwegError::new(ErrorCode::ShapeError, "inner dimensions differ").with_place("matmul")
        };
        let json: serde_json::Value = serde_json::from_str(&napi::Error::from(error).reason).expect("reason is JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "code": "ShapeError", "message": "inner dimensions differ", "expected": "[2]",
                "got": "[3]", "path": "model.args", "where": "matmul",
            })
        );
    }

    #[test]
    fn an_error_of_a_lower_layer_keeps_its_class_and_its_parts() {
        let lower = GraphError::shape("matmul", "inner dimensions differ", "[3]", "[2]");
        let error = ThalwegError::from(lower);
        assert_eq!(error.code, ErrorCode::ShapeError);
        assert_eq!(&*error.message, "matmul: inner dimensions differ: expected [3], got [2]");
        assert_eq!((error.expected.as_deref(), error.got.as_deref()), (Some("[3]"), Some("[2]")));
        let config = ThalwegError::from(ModelError::config("path.beta1", "a number > 0.1", 0.05));
        assert_eq!((config.code, config.path.as_deref()), (ErrorCode::ConfigError, Some("path.beta1")));
        assert_eq!(&*config.message, "path.beta1: expected a number > 0.1, got 0.05");
        assert_eq!(ThalwegError::from(EngineError::memory("too large")).code, ErrorCode::MemoryError);
    }

    #[test]
    fn absent_fields_are_left_out() {
        let error = ThalwegError::new(ErrorCode::DataError, "empty");
        let reason = napi::Error::from(error).reason;
        assert_eq!(&*reason, r#"{"code":"DataError","message":"empty"}"#);
    }
}
