//! The error of building a network: which field of its configuration is wrong, what was expected and what came.
//! A value, so that whoever holds the rest of the configuration can put its own path in front.

use std::fmt;

/// A network that cannot be built as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NnError {
    /// Dotted path of the field at fault, from the configuration that was given: `"backbone.args.hiddenSizes[1]"`.
    pub field: String,
    /// What would be accepted.
    pub expected: String,
    /// What was given.
    pub got: String,
}

impl NnError {
    /// `field` should hold `expected` and holds `got`.
    pub fn new(field: impl Into<String>, expected: impl Into<String>, got: impl fmt::Display) -> NnError {
        NnError { field: field.into(), expected: expected.into(), got: got.to_string() }
    }

    /// The same error, seen from the configuration whose field `prefix` this one is.
    pub fn under(mut self, prefix: &str) -> NnError {
        self.field = match (prefix, self.field.as_str()) {
            (prefix, "") => prefix.to_string(),
            ("", field) => field.to_string(),
            (prefix, field) => format!("{prefix}.{field}"),
        };
        self
    }
}

impl fmt::Display for NnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.field, self.expected, self.got)
    }
}

impl std::error::Error for NnError {}

/// The candidate whose spelling is nearest to `name` (Levenshtein distance, case ignored), if one is near enough to be a typo.
///
/// ```
/// use thalweg_nn::nearest;
/// assert_eq!(nearest("ConcatenateMlp", &["ConcatenateMLP", "MultiLayerPerceptron"]), Some("ConcatenateMLP"));
/// assert_eq!(nearest("Transformer", &["ConcatenateMLP"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // No registered name is longer; what is longer is no typo and must not cost quadratic time.
    if name.chars().count() > 128 {
        return None;
    }
    let wanted = name.to_lowercase();
    let scored = candidates.iter().map(|c| (distance(&wanted, &c.to_lowercase()), *c));
    let (best, candidate) = scored.min_by_key(|(d, _)| *d)?;
    (best <= (candidate.len() / 3).max(2)).then_some(candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
