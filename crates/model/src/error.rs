//! The error of the model crate: what every layer's error becomes before it crosses to TypeScript.
//! `code` names the TypeScript class; `path` is the place in the user's config, if the config is at fault.

use std::fmt;
use thalweg_coupling::CouplingError;
use thalweg_engine::EngineError;
use thalweg_graph::{ErrorCode, GraphError};
use thalweg_solver::SolverError;

/// An error with everything a user needs to act on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelError {
    /// TypeScript class: `"ConfigError"`, `"ShapeError"`, `"DataError"`, `"TrainingError"` …
    pub code: &'static str,
    /// What is wrong, in one clause.
    pub message: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What came.
    pub got: Option<String>,
    /// Path in the config: `"path.beta1"`.
    pub path: Option<String>,
}

impl ModelError {
    /// An error of class `code`.
    pub fn new(code: &'static str, message: impl Into<String>) -> ModelError {
        ModelError { code, message: message.into(), expected: None, got: None, path: None }
    }

    /// An error of class `code` with expectation and reality.
    pub fn expected(code: &'static str, message: impl Into<String>, expected: impl fmt::Display, got: impl fmt::Display) -> ModelError {
        ModelError { expected: Some(brief(expected)), got: Some(brief(got)), ..ModelError::new(code, message) }
    }

    /// A mistake at `path` of the config.
    pub fn config(path: impl Into<String>, expected: impl fmt::Display, got: impl fmt::Display) -> ModelError {
        let path = path.into();
        let (expected, got) = (brief(expected), brief(got));
        let message = format!("{path}: expected {expected}, got {got}");
        ModelError { path: Some(path), ..ModelError::expected("ConfigError", message, expected, got) }
    }

    /// The same mistake below `place` of the config.
    #[must_use]
    pub fn under(self, place: &str) -> ModelError {
        match (self.path, self.expected, self.got) {
            (Some(path), Some(expected), Some(got)) => ModelError::config(format!("{place}.{path}"), expected, got),
            (path, expected, got) => ModelError { path, expected, got, ..ModelError::new(self.code, self.message) },
        }
    }
}

/// Longest part of a message.
const LONGEST: usize = 400;

/// What is said of a value, cut where it is long.
fn brief(value: impl fmt::Display) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} … ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.expected, &self.got) {
            (Some(expected), Some(got)) if self.path.is_none() => write!(f, ": expected {expected}, got {got}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ModelError {}

impl From<GraphError> for ModelError {
    fn from(e: GraphError) -> Self {
        let code = match e.code {
            ErrorCode::Shape => "ShapeError",
            ErrorCode::DType => "DTypeError",
            ErrorCode::Trace => "TraceError",
        };
        ModelError::expected(code, format!("{}: {}", e.op, e.message), e.expected, e.got)
    }
}

impl From<EngineError> for ModelError {
    fn from(e: EngineError) -> Self {
        ModelError { code: e.code, message: e.message, expected: e.expected, got: e.got, path: None }
    }
}

impl From<SolverError> for ModelError {
    fn from(e: SolverError) -> Self {
        match e.path {
            Some(path) => ModelError::config(path, e.expected, e.got),
            None => ModelError::expected(e.code, e.message, e.expected, e.got),
        }
    }
}

impl From<CouplingError> for ModelError {
    fn from(e: CouplingError) -> Self {
        match e.path {
            Some(path) => ModelError::config(format!("coupling.{path}"), e.expected, e.got),
            None => ModelError::expected(e.code, e.message, e.expected, e.got),
        }
    }
}

impl From<ModelError> for EngineError {
    fn from(e: ModelError) -> Self {
        EngineError { code: e.code, message: e.message, expected: e.expected, got: e.got }
    }
}

/// Result of the model crate.
pub type Result<T> = std::result::Result<T, ModelError>;
