//! JSON whose objects keep the order of their entries. The parts of a state are ordered, and a config that is written and read must keep them so.

use crate::{ModelError, Result};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ordered {
    /// An object.
    Object(IndexMap<String, Ordered>),
    /// A list.
    List(Vec<Ordered>),
    /// A string, a number, a truth value, or null.
    Other(serde_json::Value),
}

impl Ordered {
    /// `value` as JSON.
    ///
    /// # Errors
    /// `InternalError` where it cannot be written.
    pub fn of(value: &impl Serialize) -> Result<Ordered> {
        let text = serde_json::to_string(value).and_then(|text| serde_json::from_str(&text));
        text.map_err(|e| ModelError::new("InternalError", e.to_string()))
    }
}

impl fmt::Display for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
