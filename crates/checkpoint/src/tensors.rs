//! An ordered list of tensors with unique names, and the check that it is exactly what a model wants.
//! Every reader returns it, so that a load is either complete and matching or an error.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;

use crate::dtype::DType;
use crate::error::{CheckpointError, Result, shown};
use crate::tensor::NamedTensor;

/// How many names of each kind a mismatch lists before it only counts.
const LISTED: usize = 5;

/// Tensors of one file, in the file's order, with unique names.
///
/// ```
/// use thalweg_checkpoint::{DType, NamedTensor, Tensors};
/// let mut tensors = Tensors::default();
/// tensors.push(NamedTensor::from_f32("bias", &[2], &[0.5, -0.5]).unwrap()).unwrap();
/// assert_eq!(tensors.get("bias").unwrap().to_f32().unwrap(), [0.5, -0.5]);
/// tensors.check_against(&[("bias", vec![2], DType::F32)]).unwrap();
/// let error = tensors.check_against(&[("bias", vec![3], DType::F32)]).unwrap_err();
/// assert!(error.message.contains("bias: expected F32 [3], got F32 [2]"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tensors {
    items: Vec<NamedTensor>,
    index: HashMap<String, usize>,
    metadata: BTreeMap<String, String>,
    source: String,
}

impl Tensors {
    /// An empty list that names `source` (a file) in its errors.
    pub fn from_source(source: impl Into<String>) -> Self {
        Self { source: source.into(), ..Self::default() }
    }

    /// Adds a tensor at the end; a second tensor of the same name is an error.
    pub fn push(&mut self, tensor: NamedTensor) -> Result<()> {
        if self.index.contains_key(&tensor.name) {
            let problem = format!("two tensors are named {}", shown(&tensor.name));
            return Err(CheckpointError::loading(self.source.as_str(), problem).with("unique names", shown(&tensor.name)));
        }
        self.index.insert(tensor.name.clone(), self.items.len());
        self.items.push(tensor);
        Ok(())
    }

    /// The tensor called `name`.
    pub fn get(&self, name: &str) -> Option<&NamedTensor> {
        self.index.get(name).map(|&i| &self.items[i])
    }

    /// The tensor called `name`, or an error that says what there is.
    pub fn require(&self, name: &str) -> Result<&NamedTensor> {
        self.get(name).ok_or_else(|| {
            let problem = format!("no tensor is named {}", shown(name));
            let there = listed(self.items.iter().map(|tensor| shown(&tensor.name)).collect());
            CheckpointError::loading(self.source.as_str(), problem).with(shown(name), there)
        })
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|tensor| tensor.name.as_str())
    }

    /// Tensors in order.
    pub fn iter(&self) -> std::slice::Iter<'_, NamedTensor> {
        self.items.iter()
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The file that the tensors came from; empty when they came from none.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Free text kept beside the tensors (safetensors `__metadata__`), by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The same, to be changed.
    pub fn metadata_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.metadata
    }

    /// Checks that the list holds exactly the tensors `(name, shape, dtype)`, in any order.
    ///
    /// One error lists what is missing, extra or different: the first few of each, and their counts.
    pub fn check_against<N, S>(&self, expected: &[(N, S, DType)]) -> Result<()>
    where
        N: AsRef<str>,
        S: AsRef<[usize]>,
    {
        let (mut missing, mut different) = (Vec::new(), Vec::new());
        for (name, shape, dtype) in expected {
            let (name, shape) = (name.as_ref(), shape.as_ref());
            match self.get(name) {
                None => missing.push(shown(name)),
                Some(got) if got.dtype == *dtype && got.shape == shape => {}
                Some(got) => different.push(format!("{}: expected {dtype} {shape:?}, got {} {:?}", shown(name), got.dtype, got.shape)),
            }
        }
        let known: HashSet<&str> = expected.iter().map(|(name, ..)| name.as_ref()).collect();
        let extra: Vec<String> = self.names().filter(|name| !known.contains(name)).map(shown).collect();
        let parts: Vec<String> = [("missing", missing), ("extra", extra), ("different", different)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("{} {kind} ({})", names.len(), listed(names)))
            .collect();
        if parts.is_empty() {
            return Ok(());
        }
        let problem = format!("its tensors are not those of the model: {}", parts.join(", "));
        Err(CheckpointError::loading(self.source.as_str(), problem)
            .with(format!("the model's {} tensors", expected.len()), format!("{} tensors", self.len())))
    }
}

impl IntoIterator for Tensors {
    type Item = NamedTensor;
    type IntoIter = std::vec::IntoIter<NamedTensor>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a> IntoIterator for &'a Tensors {
    type Item = &'a NamedTensor;
    type IntoIter = std::slice::Iter<'a, NamedTensor>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The first few of `names`, and how many more there are.
pub(crate) fn listed<T: Display>(names: Vec<T>) -> String {
    let mut text: Vec<String> = names.iter().take(LISTED).map(T::to_string).collect();
    if names.len() > LISTED {
        text.push(format!("and {} more", names.len() - LISTED));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors(names: &[&str]) -> Tensors {
        let mut out = Tensors::from_source("a.safetensors");
        for name in names {
            out.push(NamedTensor::from_f32(*name, &[1], &[0.0]).unwrap()).unwrap();
        }
        out
    }

    #[test]
    fn a_mismatch_lists_missing_extra_and_different_tensors_with_counts() {
        let stored = tensors(&["a", "b", "x1", "x2", "x3", "x4", "x5", "x6"]);
        let error =
            stored.check_against(&[("a", vec![1], DType::F32), ("b", vec![1], DType::F64), ("c", vec![1], DType::F32)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.safetensors: its tensors are not those of the model: 1 missing (c), \
             6 extra (x1, x2, x3, x4, x5, and 1 more), \
             1 different (b: expected F64 [1], got F32 [1]). Nothing was loaded."
        );
    }

    #[test]
    fn order_does_not_matter_but_every_tensor_does() {
        let stored = tensors(&["a", "b"]);
        let both = [("b", [1], DType::F32), ("a", [1], DType::F32)];
        stored.check_against(&both).unwrap();
        assert!(stored.check_against(&both[..1]).unwrap_err().message.contains("1 extra (a)"));
    }

    #[test]
    fn names_are_unique() {
        let mut stored = tensors(&["a"]);
        let again = NamedTensor::from_f32("a", &[1], &[1.0]).unwrap();
        assert!(stored.push(again).unwrap_err().message.contains("two tensors are named a"));
        assert_eq!(stored.get("a").unwrap().to_f32().unwrap(), [0.0]);
    }
}
