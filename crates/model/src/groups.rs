//! What a call is given, by name: the leaves of `x`, of `condition`, of `x0` … as one list.
//! So that a request can grow a kind of tensor without changing every signature between JavaScript and the job.

use crate::{ModelError, Result};
use serde::Deserialize;

/// Values in named groups, each an ordered list of leaves.
#[derive(Clone, Debug)]
pub struct Groups<T> {
    entries: Vec<(String, Vec<T>)>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Groups { entries: Vec::new() }
    }
}

/// How a flat list of values is cut into groups: `[["x", 1], ["condition", 2]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Cuts(Vec<(String, usize)>);

impl Cuts {
    /// The groups that a flat list of values is made of.
    ///
    /// # Errors
    /// `InternalError` where their number differs.
    pub fn apply<T>(&self, values: Vec<T>) -> Result<Groups<T>> {
        let wanted: usize = self.0.iter().map(|(_, count)| *count).sum();
        if wanted != values.len() {
            return Err(ModelError::expected("InternalError", "groups do not add up", wanted, values.len()));
        }
        let mut rest = values.into_iter();
        let entries = self.0.iter().map(|(name, count)| (name.clone(), rest.by_ref().take(*count).collect())).collect();
        Ok(Groups { entries })
    }
}

impl<T> Groups<T> {
    /// These groups.
    pub fn of(entries: Vec<(&str, Vec<T>)>) -> Groups<T> {
        Groups { entries: entries.into_iter().map(|(name, values)| (name.to_string(), values)).collect() }
    }

    /// The values of the group `name`; empty where it was not given.
    pub fn get(&self, name: &str) -> &[T] {
        self.entries.iter().find(|(known, _)| known == name).map_or(&[], |(_, values)| values)
    }

    /// All values, in order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flat_map(|(_, values)| values)
    }

    /// The same groups with other values.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn try_map<U, E>(&self, mut f: impl FnMut(&T) -> std::result::Result<U, E>) -> std::result::Result<Groups<U>, E> {
        let one = |(name, values): &(String, Vec<T>)| Ok((name.clone(), values.iter().map(&mut f).collect::<std::result::Result<_, E>>()?));
        Ok(Groups { entries: self.entries.iter().map(one).collect::<std::result::Result<_, E>>()? })
    }
}
