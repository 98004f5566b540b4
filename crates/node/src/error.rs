//! The error that crosses into JavaScript, as JSON in the reason of a napi error.
//! `ts/src/errors.ts` reads the same fields and throws the class that `code` names.

use std::fmt;

use serde::Serialize;

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
    /// A job was stopped by its caller.
    AbortError,
    /// A handle was used after it was disposed of.
    DisposedError,
    /// A defect of thalweg itself.
    InternalError,
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
    fn absent_fields_are_left_out() {
        let error = ThalwegError::new(ErrorCode::DataError, "empty");
        let reason = napi::Error::from(error).reason;
        assert_eq!(&*reason, r#"{"code":"DataError","message":"empty"}"#);
    }
}
