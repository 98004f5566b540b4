//! The error of a solver: a value that says what was expected, what came, and at what time or config path.
//! Two classes: the config or the time span is wrong, or the integration cannot go on.

use std::fmt;

/// Why a solver refuses or stops.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverError {
    /// TypeScript class: `"ConfigError"` (settings, `tSpan`) or `"SolverError"` (the integration).
    pub code: &'static str,
    /// What is wrong, in one clause; an error of the integration names t, in the solver's own time.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
    /// The setting at fault, relative to the solver's `args`: `"rtol"`; or `"tSpan"`.
    pub path: Option<&'static str>,
}

impl SolverError {
    /// A wrong setting.
    pub fn config(path: &'static str, expected: impl fmt::Display, got: impl fmt::Display) -> SolverError {
        let message = format!("{path} is out of range");
        SolverError { code: "ConfigError", message, expected: expected.to_string(), got: got.to_string(), path: Some(path) }
    }

    /// An integration that cannot go on from `t`.
    pub fn at(t: f64, message: impl fmt::Display, expected: impl fmt::Display, got: impl fmt::Display) -> SolverError {
        let message = format!("{message} at t = {t}");
        SolverError { code: "SolverError", message, expected: expected.to_string(), got: got.to_string(), path: None }
    }
}

impl fmt::Display for SolverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.message, self.expected, self.got)
    }
}

impl std::error::Error for SolverError {}

/// Result of a solver.
pub type Result<T> = std::result::Result<T, SolverError>;
