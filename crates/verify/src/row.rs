//! A row: what was measured, what theory says, and whether they agree.
//! Rows are data; whoever prints them adds nothing.

use serde::Serialize;
use std::collections::BTreeMap;

/// What theory allows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum Bound {
    /// The measured number is at least this.
    AtLeast(f64),
    /// The measured number is at most this.
    AtMost(f64),
}

impl Bound {
    /// Whether `measured` is allowed; NaN never is.
    pub fn allows(self, measured: f64) -> bool {
        match self {
            Bound::AtLeast(least) => measured >= least,
            Bound::AtMost(most) => measured <= most,
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What the check belongs to.
    pub section: &'static str,
    /// What is checked.
    pub name: String,
    /// The number measured; `null` in JSON if it is not finite, which no bound allows.
    pub measured: f64,
    /// What theory allows.
    pub bound: Bound,
    /// Where the theory stands.
    pub source: String,
    /// Whether `bound` allows `measured`.
    pub pass: bool,
    /// Coordinates of the check in tables and pictures: `solver`, `path`, `theory`, …
    pub labels: BTreeMap<&'static str, String>,
}

impl Row {
    /// A row that passes if `bound` allows `measured`.
    ///
    /// ```
    /// use thalweg_verify::{Bound, Row};
    /// assert!(Row::new("order", "rk4 on linear", 3.98, Bound::AtLeast(3.9), "Kutta 1901").pass);
    /// assert!(!Row::new("order", "rk4 on linear", f64::NAN, Bound::AtLeast(3.9), "Kutta 1901").pass);
    /// ```
    pub fn new(section: &'static str, name: impl Into<String>, measured: f64, bound: Bound, source: impl Into<String>) -> Row {
        let pass = bound.allows(measured) && measured.is_finite();
        Row { section, name: name.into(), measured, bound, source: source.into(), pass, labels: BTreeMap::new() }
    }

    /// The same with a coordinate.
    #[must_use]
    pub fn label(mut self, key: &'static str, value: impl Into<String>) -> Row {
        self.labels.insert(key, value.into());
        self
    }
}
