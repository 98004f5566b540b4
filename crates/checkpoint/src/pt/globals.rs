//! What a pickle may name, and what each name builds from its arguments.
//! Everything else is refused by name: a pickle can ask for any function of Python.

use super::limits;
use super::machine::{Item, Machine, Node};
use super::opcode::dotted;
use super::storage::TensorSpec;
use crate::dtype::DType;
use crate::error::{CheckpointError, Result, grouped};

/// A name that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict()`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter(tensor, requires_grad, hooks)`.
    RebuildParameter,
    /// `torch.Size(sizes)`.
    Size,
    /// `torch.FloatStorage` and its siblings: an element type.
    Storage(DType),
}

/// Each known name with its meaning.
const KNOWN: [(&str, &str, Global); 15] = [
    ("collections", "OrderedDict", Global::OrderedDict),
    ("torch._utils", "_rebuild_tensor_v2", Global::RebuildTensor),
    ("torch._utils", "_rebuild_parameter", Global::RebuildParameter),
    ("torch", "Size", Global::Size),
    ("torch", "DoubleStorage", Global::Storage(DType::F64)),
    ("torch", "FloatStorage", Global::Storage(DType::F32)),
    ("torch", "HalfStorage", Global::Storage(DType::F16)),
    ("torch", "BFloat16Storage", Global::Storage(DType::BF16)),
    ("torch", "ComplexFloatStorage", Global::Storage(DType::C64)),
    ("torch", "LongStorage", Global::Storage(DType::I64)),
    ("torch", "IntStorage", Global::Storage(DType::I32)),
    ("torch", "ShortStorage", Global::Storage(DType::I16)),
    ("torch", "CharStorage", Global::Storage(DType::I8)),
    ("torch", "ByteStorage", Global::Storage(DType::U8)),
    ("torch", "BoolStorage", Global::Storage(DType::Bool)),
];

impl Machine<'_> {
    /// The meaning of a name; an unknown one is an error that says it.
    pub(super) fn global(&self, module: &str, name: &str) -> Result<Global> {
        let known = KNOWN.iter().find(|(m, n, _)| (*m, *n) == (module, name));
        known.map(|(.., global)| *global).ok_or_else(|| {
            let name = dotted(module, name);
            self.error(format!("the pickle names {name}, which a state dict does not need"))
                .with("tensors, dicts, lists, numbers and strings", name)
        })
    }

    /// What `global(*args)` builds.
    pub(super) fn reduce(&mut self, global: Global, args: &[Item]) -> Result<Item> {
        match (global, args) {
            (Global::OrderedDict, []) => Ok(self.allocate(Node::Dict(Vec::new()))),
            (Global::Size, [sizes]) => self.sequence(sizes).map(|_| sizes.clone()),
            (Global::RebuildTensor, [storage, offset, size, stride, _grad, _hooks]) => self.rebuild_tensor([storage, offset, size, stride]),
            (Global::RebuildParameter, [tensor, _grad, _hooks]) => match tensor {
                Item::Node(id) if matches!(self.heap.nodes[*id], Node::Tensor(_)) => Ok(tensor.clone()),
                _ => Err(self.error("a parameter is built from something that is not a tensor")),
            },
            _ => Err(self
                .error(format!("{global:?} is called with {} arguments", args.len()))
                .with("the arguments that torch.save writes", format!("{} arguments", args.len()))),
        }
    }

    fn rebuild_tensor(&mut self, args: [&Item; 4]) -> Result<Item> {
        let [storage, offset, size, stride] = args;
        let Item::Storage(storage) = *storage else {
            return Err(self.error("a tensor is built from something that is not a storage"));
        };
        let offset = self.count(offset)?;
        let shape = self.counts(size)?;
        let strides = self.counts(stride)?;
        let (dtype, elements, name) = {
            let storage = &self.heap.storages[storage];
            (storage.dtype, storage.elements, storage.key.len())
        };
        let spec = TensorSpec { storage, offset, shape, strides };
        let bytes = spec.check(dtype, elements).map_err(|problem| self.misfit(&problem))?;
        self.charge(bytes + limits::overhead(spec.shape.len()) + name as u64)?;
        self.heap.tensors.push(spec);
        Ok(self.allocate(Node::Tensor(self.heap.tensors.len() - 1)))
    }

    fn misfit(&self, problem: &str) -> CheckpointError {
        self.error(format!("a tensor does not fit its storage: {problem}")).with("offset, sizes and strides inside the storage", problem)
    }

    /// Adds a tensor's bytes to those of the whole file, which are limited.
    fn charge(&mut self, bytes: u64) -> Result<()> {
        let limit = limits::tensor_bytes(self.length);
        self.heap.tensor_bytes = self.heap.tensor_bytes.saturating_add(bytes);
        if self.heap.tensor_bytes > limit {
            let got = grouped(self.heap.tensor_bytes);
            let problem = format!("its tensors would take {got} bytes, far more than the file has");
            return Err(self.error(problem).with(format!("at most {} bytes", grouped(limit)), got));
        }
        Ok(())
    }

    /// The list or tuple that `item` is.
    fn sequence(&self, item: &Item) -> Result<&[Item]> {
        match item {
            Item::Node(id) => match &self.heap.nodes[*id] {
                Node::List(items) | Node::Tuple(items) => Ok(items),
                _ => Err(self.error("a list or tuple is expected")),
            },
            _ => Err(self.error("a list or tuple is expected")),
        }
    }

    /// A number that counts something.
    pub(super) fn count(&self, item: &Item) -> Result<usize> {
        let got = match item {
            Item::Int(n) => match usize::try_from(*n) {
                Ok(n) => return Ok(n),
                Err(_) => n.to_string(),
            },
            _ => "something else".to_owned(),
        };
        Err(self.error(format!("a size, stride or offset is {got}")).with("an integer of at least 0", got))
    }

    fn counts(&self, item: &Item) -> Result<Vec<usize>> {
        let items = self.sequence(item)?;
        if items.len() > limits::RANK {
            return Err(self.error("a tensor has too many axes").with(format!("at most {}", limits::RANK), items.len().to_string()));
        }
        items.iter().map(|item| self.count(item)).collect()
    }
}
