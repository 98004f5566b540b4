//! An ordered list of named values: how a state or a condition made of several tensors travels below TypeScript.
//! A single tensor is a list of one, whose name is empty.

/// Named values in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leaves<T> {
    entries: Vec<(String, T)>,
}

impl<T> Leaves<T> {
    /// A single, unnamed value.
    pub fn one(value: T) -> Leaves<T> {
        Leaves { entries: vec![(String::new(), value)] }
    }

    /// These values, in this order. Names are dotted paths of the nested object they came from.
    pub fn new(entries: Vec<(String, T)>) -> Leaves<T> {
        Leaves { entries }
    }

    /// The value, if there is exactly one.
    pub fn single(&self) -> Option<&T> {
        match &self.entries[..] {
            [(_, value)] => Some(value),
            _ => None,
        }
    }

    /// The first value. Panics if there is none.
    pub fn first(&self) -> &T {
        &self.entries[0].1
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The same names with other values.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Leaves<U> {
        Leaves { entries: self.entries.iter().map(|(name, value)| (name.clone(), f(value))).collect() }
    }

    /// The same names with values made of those of two lists. Panics if the lists differ in length.
    pub fn zip<U, V>(&self, other: &Leaves<U>, mut f: impl FnMut(&T, &U) -> V) -> Leaves<V> {
        assert_eq!(self.len(), other.len(), "leaves differ in number");
        let both = self.entries.iter().zip(&other.entries);
        Leaves { entries: both.map(|((name, a), (_, b))| (name.clone(), f(a, b))).collect() }
    }
}
