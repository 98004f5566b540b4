//! JSON with one spelling per value, so that equal configs give equal bytes and diffs show changes only.
//! Keys are sorted here, whatever order the map underneath keeps.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// `value` as text: keys sorted by code point, two spaces of indentation, shortest numbers that read
/// back the same, a newline at the end.
///
/// ```
/// let value = serde_json::json!({ "b": [1, 0.1], "a": null });
/// assert_eq!(
///     thalweg_checkpoint::canonical_json(&value),
///     "{\n  \"a\": null,\n  \"b\": [\n    1,\n    0.1\n  ]\n}\n"
/// );
/// ```
pub fn canonical_json(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&Sorted::from(value)).expect("a JSON value has string keys and finite numbers");
    text.push('\n');
    text
}

#[derive(Serialize)]
#[serde(untagged)]
enum Sorted<'a> {
    Leaf(&'a Value),
    List(Vec<Sorted<'a>>),
    Map(BTreeMap<&'a str, Sorted<'a>>),
}

impl<'a> From<&'a Value> for Sorted<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(map) => Self::Map(map.iter().map(|(key, item)| (key.as_str(), item.into())).collect()),
            leaf => Self::Leaf(leaf),
        }
    }
}
