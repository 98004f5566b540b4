//! The pickle machine: a stack, marks, a memo, and a heap of lists, tuples, dicts and tensors.
//! It runs in one loop over opcodes, never calls itself, and calls nothing that a pickle names.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use super::globals::Global;
use super::limits;
use super::opcode::{Decoder, Op};
use super::storage::{StorageRef, TensorSpec};
use crate::error::{CheckpointError, Result, shown};

/// A value on the stack: small, and shared by number where it is not.
#[derive(Clone, Debug)]
pub(super) enum Item {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Global(Global),
    /// A storage, by its place in [`Heap::storages`].
    Storage(usize),
    /// A container or tensor, by its place in [`Heap::nodes`].
    Node(usize),
}

/// A container or tensor; containers refer to others by number, so that nothing nests in memory.
#[derive(Debug)]
pub(super) enum Node {
    List(Vec<Item>),
    Tuple(Vec<Item>),
    Dict(Vec<(Item, Item)>),
    /// A tensor, by its place in [`Heap::tensors`].
    Tensor(usize),
}

/// Everything that a pickle has built.
#[derive(Debug, Default)]
pub(super) struct Heap {
    pub nodes: Vec<Node>,
    pub storages: Vec<StorageRef>,
    pub tensors: Vec<TensorSpec>,
    /// Bytes that all of `tensors` will take.
    pub tensor_bytes: u64,
    /// Opcodes that were run.
    pub opcodes: usize,
    /// What the pickle leaves on the stack at its end.
    pub root: Option<Item>,
}

/// Runs `pickle`, of a file of `length` bytes, to its end.
pub(super) fn run(pickle: &[u8], length: u64, path: &str) -> Result<Heap> {
    let mut machine = Machine {
        decoder: Decoder::new(pickle, path),
        heap: Heap::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        keys: HashMap::new(),
        length,
    };
    for opcodes in 1..=limits::OPCODES {
        let op = machine.decoder.next()?;
        if op == Op::Stop {
            let root = machine.pop()?;
            machine.heap.root = Some(root);
            machine.heap.opcodes = opcodes;
            return Ok(machine.heap);
        }
        machine.step(op)?;
    }
    Err(machine.error("the pickle is too long").with(format!("at most {} opcodes", limits::OPCODES), "more"))
}

/// The state of a run.
pub(super) struct Machine<'a> {
    decoder: Decoder<'a>,
    pub(super) heap: Heap,
    stack: Vec<Item>,
    /// Heights of the stack at which a mark was set.
    marks: Vec<usize>,
    memo: HashMap<u32, Item>,
    /// Storages by their key.
    keys: HashMap<Arc<str>, usize>,
    /// Size of the whole file in bytes.
    pub(super) length: u64,
}

impl Machine<'_> {
    pub(super) fn error(&self, problem: impl Display) -> CheckpointError {
        self.decoder.error(problem)
    }

    /// Puts a node on the heap.
    pub(super) fn allocate(&mut self, node: Node) -> Item {
        self.heap.nodes.push(node);
        Item::Node(self.heap.nodes.len() - 1)
    }

    fn step(&mut self, op: Op<'_>) -> Result<()> {
        let pushed = match op {
            Op::Header | Op::Stop => return Ok(()),
            Op::Mark => return self.mark(),
            Op::Pop => return self.pop().map(drop),
            Op::PopMark => return self.pop_mark().map(drop),
            Op::Append | Op::Appends => return self.append(op),
            Op::SetItem | Op::SetItems => return self.set_items(op),
            Op::Put(n) => return self.put(n),
            Op::Memoize => return self.put(self.memo.len() as u32),
            Op::Build => return self.build(),
            Op::Duplicate => self.top()?.clone(),
            Op::None => Item::None,
            Op::Bool(value) => Item::Bool(value),
            Op::Int(value) => Item::Int(value),
            Op::Float(value) => Item::Float(value),
            Op::Str(text) => Item::Str(text.into()),
            Op::Bytes(bytes) => Item::Bytes(bytes.into()),
            Op::EmptyList => self.allocate(Node::List(Vec::new())),
            Op::EmptyDict => self.allocate(Node::Dict(Vec::new())),
            Op::List => {
                let items = self.pop_mark()?;
                self.allocate(Node::List(items))
            }
            Op::Tuple => {
                let items = self.pop_mark()?;
                self.allocate(Node::Tuple(items))
            }
            Op::TupleOf(n) => {
                let items = self.pop_top(n)?;
                self.allocate(Node::Tuple(items))
            }
            Op::Dict => {
                let items = self.pop_mark()?;
                let entries = self.pairs(items)?;
                self.allocate(Node::Dict(entries))
            }
            Op::Get(n) => self.get(n)?,
            Op::Global(module, name) => Item::Global(self.global(module, name)?),
            Op::StackGlobal => self.stack_global()?,
            Op::PersistentId => self.persistent_id()?,
            Op::Reduce => self.reduce_top()?,
        };
        self.stack.push(pushed);
        Ok(())
    }

    /// Lowest height of the stack that opcodes may pop to.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn underflow(&self) -> CheckpointError {
        self.error("the stack is empty").with("a value", "none")
    }

    fn top(&self) -> Result<&Item> {
        self.stack[self.floor()..].last().ok_or_else(|| self.underflow())
    }

    fn pop(&mut self) -> Result<Item> {
        let value = if self.stack.len() > self.floor() { self.stack.pop() } else { None };
        value.ok_or_else(|| self.underflow())
    }

    fn pop_top(&mut self, n: usize) -> Result<Vec<Item>> {
        match self.stack.len().checked_sub(n) {
            Some(height) if height >= self.floor() => Ok(self.stack.split_off(height)),
            _ => Err(self.underflow()),
        }
    }

    fn mark(&mut self) -> Result<()> {
        if self.marks.len() >= limits::DEPTH {
            return Err(self.too_deep());
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn too_deep(&self) -> CheckpointError {
        self.error(format!("the pickle nests deeper than {} levels", limits::DEPTH))
            .with(format!("at most {} levels", limits::DEPTH), "more")
    }

    fn pop_mark(&mut self) -> Result<Vec<Item>> {
        match self.marks.pop() {
            Some(height) => Ok(self.stack.split_off(height)),
            None => Err(self.error("there is no mark").with("a mark", "none")),
        }
    }

    fn append(&mut self, op: Op<'_>) -> Result<()> {
        let mut items = if op == Op::Append { self.pop_top(1)? } else { self.pop_mark()? };
        let id = self.top_node()?;
        match &mut self.heap.nodes[id] {
            Node::List(list) => list.append(&mut items),
            _ => return Err(self.error("something is appended to what is not a list")),
        }
        Ok(())
    }

    fn set_items(&mut self, op: Op<'_>) -> Result<()> {
        let items = if op == Op::SetItem { self.pop_top(2)? } else { self.pop_mark()? };
        let mut entries = self.pairs(items)?;
        let id = self.top_node()?;
        match &mut self.heap.nodes[id] {
            Node::Dict(dict) => dict.append(&mut entries),
            _ => return Err(self.error("a key is set in what is not a dict")),
        }
        Ok(())
    }

    fn top_node(&self) -> Result<usize> {
        match self.top()? {
            Item::Node(id) => Ok(*id),
            _ => Err(self.error("a list or dict is expected on the stack")),
        }
    }

    fn pairs(&self, items: Vec<Item>) -> Result<Vec<(Item, Item)>> {
        if !items.len().is_multiple_of(2) {
            return Err(self.error("a dict has a key without a value"));
        }
        let mut pairs = Vec::with_capacity(items.len() / 2);
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            pairs.push((key, value));
        }
        Ok(pairs)
    }

    fn put(&mut self, n: u32) -> Result<()> {
        let top = self.top()?.clone();
        self.memo.insert(n, top);
        Ok(())
    }

    fn get(&self, n: u32) -> Result<Item> {
        self.memo.get(&n).cloned().ok_or_else(|| self.error(format!("memo {n} is empty")).with("a memo that was put before", n.to_string()))
    }

    fn stack_global(&mut self) -> Result<Item> {
        match self.pop_top(2)?.as_slice() {
            [Item::Str(module), Item::Str(name)] => Ok(Item::Global(self.global(module, name)?)),
            _ => Err(self.error("the name of a global is not a string")),
        }
    }

    /// A storage from `('storage', type, key, location, elements)`.
    fn persistent_id(&mut self) -> Result<Item> {
        let id = self.pop()?;
        let parts = match &id {
            Item::Node(id) => match &self.heap.nodes[*id] {
                Node::Tuple(parts) => parts.as_slice(),
                _ => &[],
            },
            _ => &[],
        };
        let [Item::Str(kind), Item::Global(Global::Storage(dtype)), Item::Str(key), _, elements] = parts else {
            return Err(self.error("a persistent id is not that of a storage"));
        };
        if &**kind != "storage" {
            return Err(self.error("a persistent id is not that of a storage"));
        }
        let storage = StorageRef { key: Arc::clone(key), dtype: *dtype, elements: self.count(elements)? };
        let next = self.heap.storages.len();
        let known = *self.keys.entry(Arc::clone(&storage.key)).or_insert(next);
        if known == next {
            self.heap.storages.push(storage);
        } else if self.heap.storages[known] != storage {
            let key = shown(&storage.key);
            return Err(self.error(format!("storage {key} is described in two ways")));
        }
        Ok(Item::Storage(known))
    }

    fn reduce_top(&mut self) -> Result<Item> {
        let args = self.pop()?;
        let Item::Global(global) = self.pop()? else {
            return Err(self.error("something is called that is not a known name"));
        };
        let args = match args {
            Item::Node(id) => match &self.heap.nodes[id] {
                Node::Tuple(args) => args.clone(),
                _ => return Err(self.error("arguments are not a tuple")),
            },
            _ => return Err(self.error("arguments are not a tuple")),
        };
        self.reduce(global, &args)
    }

    /// Attributes of an OrderedDict: PyTorch keeps `_metadata` there, the versions of its modules,
    /// which say nothing about the numbers. Any other attribute is an error.
    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let object = self.top_node()?;
        let attributes = match &state {
            Item::Node(id) => match &self.heap.nodes[*id] {
                Node::Dict(entries) => entries.as_slice(),
                _ => return Err(self.error("attributes are not a dict")),
            },
            _ => return Err(self.error("attributes are not a dict")),
        };
        let harmless = |key: &Item| matches!(key, Item::Str(name) if &**name == "_metadata");
        if !matches!(self.heap.nodes[object], Node::Dict(_)) || !attributes.iter().all(|(key, _)| harmless(key)) {
            return Err(self.error("an object has attributes that would be lost"));
        }
        Ok(())
    }
}
