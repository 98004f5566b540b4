//! The tree that a `.pt` file holds: dicts, lists, numbers, strings and tensors.
//! It is grown from the pickle's heap with bounded depth and size, so that shared or cyclic containers
//! cannot blow it up.

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;

use super::limits;
use super::machine::{Heap, Item, Node};
use crate::error::{CheckpointError, Result, grouped, shown};
use crate::tensor::NamedTensor;

/// A value of a `.pt` file.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A binary64 number.
    Float(f64),
    /// A string.
    Str(Arc<str>),
    /// A byte string.
    Bytes(Arc<[u8]>),
    /// A list, a tuple or a `torch.Size`.
    List(Vec<Value>),
    /// A dict or an OrderedDict, in its order, with unique keys.
    Dict(Vec<(Key, Value)>),
    /// A tensor, row-major; its name is that of its storage, `data/<key>`.
    Tensor(Arc<NamedTensor>),
}

/// A key of a dict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A string.
    Str(Arc<str>),
    /// An integer, as optimisers number their parameters.
    Int(i64),
}

impl Value {
    /// The value under a string key of a dict.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(|known| matches!(known, Key::Str(name) if &**name == key))
    }

    /// The value under an integer key of a dict, or at that place of a list.
    pub fn at(&self, index: i64) -> Option<&Value> {
        match self {
            Value::List(items) => items.get(usize::try_from(index).ok()?),
            _ => self.find(|known| *known == Key::Int(index)),
        }
    }

    /// The entries of a dict.
    pub fn entries(&self) -> Option<&[(Key, Value)]> {
        if let Value::Dict(entries) = self { Some(entries) } else { None }
    }

    /// The items of a list or tuple.
    pub fn items(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    /// The tensor that this is.
    pub fn tensor(&self) -> Option<&NamedTensor> {
        if let Value::Tensor(tensor) = self { Some(tensor) } else { None }
    }

    /// The integer that this is.
    pub fn int(&self) -> Option<i64> {
        if let Value::Int(value) = self { Some(*value) } else { None }
    }

    /// The number that this is.
    pub fn float(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            Value::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The string that this is.
    pub fn str(&self) -> Option<&str> {
        if let Value::Str(text) = self { Some(text) } else { None }
    }

    /// What this is, in a word or two.
    pub fn kind(&self) -> String {
        match self {
            Value::None => "None".into(),
            Value::Bool(_) => "a bool".into(),
            Value::Int(_) => "an integer".into(),
            Value::Float(_) => "a number".into(),
            Value::Str(_) => "a string".into(),
            Value::Bytes(_) => "bytes".into(),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Dict(entries) => format!("a dict of {}", entries.len()),
            Value::Tensor(tensor) => format!("a tensor {:?}", tensor.shape),
        }
    }

    fn find(&self, wanted: impl Fn(&Key) -> bool) -> Option<&Value> {
        self.entries()?.iter().find(|(key, _)| wanted(key)).map(|(_, value)| value)
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Str(name) => f.write_str(&shown(name)),
            Key::Int(n) => n.fmt(f),
        }
    }
}

/// Grows the tree of `heap` in a file of `length` bytes.
pub(super) fn expand(heap: &Heap, tensors: &[Arc<NamedTensor>], length: u64, path: &str) -> Result<Value> {
    let bytes = limits::tensor_bytes(length);
    let mut growth = Growth { heap, tensors, values: limits::values(heap.opcodes), bytes, path };
    match &heap.root {
        Some(root) => growth.value(root, 0),
        None => Err(growth.error("the pickle builds nothing")),
    }
}

/// What is left of the limits while the tree grows.
struct Growth<'a> {
    heap: &'a Heap,
    tensors: &'a [Arc<NamedTensor>],
    values: usize,
    bytes: u64,
    path: &'a str,
}

impl Growth<'_> {
    fn error(&self, problem: impl Display) -> CheckpointError {
        CheckpointError::loading(self.path, format!("data.pkl: {problem}"))
    }

    /// The tree under `item`; recursion ends at the depth limit.
    fn value(&mut self, item: &Item, depth: usize) -> Result<Value> {
        if depth > limits::DEPTH {
            let problem = format!("its values nest deeper than {} levels", limits::DEPTH);
            return Err(self.error(problem).with(format!("at most {} levels", limits::DEPTH), "more, or a cycle"));
        }
        self.values = self.values.checked_sub(1).ok_or_else(|| {
            self.error("it has too many values, or refers to one container too often")
                .with(format!("at most {} values", limits::values(self.heap.opcodes)), "more")
        })?;
        Ok(match item {
            Item::None => Value::None,
            Item::Bool(value) => Value::Bool(*value),
            Item::Int(value) => Value::Int(*value),
            Item::Float(value) => Value::Float(*value),
            Item::Str(text) => Value::Str(Arc::clone(text)),
            Item::Bytes(bytes) => Value::Bytes(Arc::clone(bytes)),
            Item::Global(global) => {
                return Err(self.error(format!("{global:?} is stored as a value")));
            }
            Item::Storage(_) => return Err(self.error("a bare storage is stored as a value")),
            Item::Node(id) => self.node(*id, depth)?,
        })
    }

    fn node(&mut self, id: usize, depth: usize) -> Result<Value> {
        let heap = self.heap;
        match &heap.nodes[id] {
            Node::List(items) | Node::Tuple(items) => {
                items.iter().map(|item| self.value(item, depth + 1)).collect::<Result<_>>().map(Value::List)
            }
            Node::Dict(entries) => self.dict(entries, depth),
            Node::Tensor(i) => {
                let tensor = &self.tensors[*i];
                let cost = tensor.data.len() as u64 + limits::overhead(tensor.shape.len());
                let bytes = self.bytes.checked_sub(cost);
                self.bytes = bytes.ok_or_else(|| {
                    let got = grouped(tensor.data.len() as u64);
                    self.error(format!("a tensor of {got} bytes is referred to too often"))
                })?;
                Ok(Value::Tensor(Arc::clone(tensor)))
            }
        }
    }

    fn dict(&mut self, entries: &[(Item, Item)], depth: usize) -> Result<Value> {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        for (key, item) in entries {
            let key = match key {
                Item::Str(name) => Key::Str(Arc::clone(name)),
                Item::Int(n) => Key::Int(*n),
                _ => return Err(self.error("a dict has a key that is no string and no integer")),
            };
            if !seen.insert(key.clone()) {
                return Err(self.error(format!("a dict has the key {key} twice")));
            }
            out.push((key, self.value(item, depth + 1)?));
        }
        Ok(Value::Dict(out))
    }
}
