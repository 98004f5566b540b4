//! The error of a path's configuration: which field is wrong, what was expected and what came.
//! It is a value; the layers above prefix where in their config the path stands.

use std::fmt;

/// Name of the error class that every failure of this crate belongs to.
pub const CODE: &str = "ConfigError";

/// A configuration that does not describe a path, or times that the path does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The field that is wrong, in the config's spelling (`beta1`).
    pub field: &'static str,
    /// What would have been right.
    pub expected: String,
    /// What was there instead.
    pub got: String,
}

/// Result of validation.
pub type Result<T> = std::result::Result<T, PathError>;

impl PathError {
    /// Always [`CODE`]: the name of the error class.
    pub fn code(&self) -> &'static str {
        CODE
    }

    /// `Ok` where `holds`, else the error that `field` should have been `expected`.
    pub(crate) fn require(holds: bool, field: &'static str, expected: impl Into<String>, got: f64) -> Result<()> {
        if holds { Ok(()) } else { Err(PathError { field, expected: expected.into(), got: got.to_string() }) }
    }

    /// `Ok` where `holds`, else the error that `field` should have been `expected` at `t`, where it is `got`.
    pub(crate) fn require_at(holds: bool, field: &'static str, expected: impl Into<String>, got: f64, t: f64) -> Result<()> {
        let error = || PathError { field, expected: expected.into(), got: format!("{got} at t = {t}") };
        if holds { Ok(()) } else { Err(error()) }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.field, self.expected, self.got)
    }
}

impl std::error::Error for PathError {}
