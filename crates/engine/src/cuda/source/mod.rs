//! Kernels as CUDA C++: one text per kernel, in which everything but addresses is a constant.
//!
//! A kernel runs in blocks of [`THREADS`] threads along one dimension. The text is the same for the GPU (`gpu.cuh`) and, in tests, for
//! the host (`host.cuh`); `prelude.cuh` has what all kernels share.

mod copy;
mod images;
mod index;
mod ops;
mod pass;
mod skinny;
mod together;

pub(crate) use copy::{between, copy};
pub(crate) use images::{images, patches};
pub(crate) use index::strides_of;
pub(crate) use ops::op;
pub(crate) use pass::{chain, pass};
pub(crate) use skinny::skinny;
pub(crate) use together::together;

use crate::cpu::memory::Address;
use crate::random::stream_of;
use std::collections::BTreeMap;
use std::fmt::Write;
use thalweg_graph::{DType, Number};

/// Threads of a block.
pub(crate) const THREADS: usize = 256;

const GPU: &str = include_str!("gpu.cuh");
const PRELUDE: &str = include_str!("prelude.cuh");

/// The base of memory that nothing else uses while a task runs.
pub(crate) const SCRATCH: usize = usize::MAX;

/// What a kernel is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// Where a value lies, and which part of memory the kernel may touch there.
    Value(Address, DType, Touch),
    /// Counters of blocks that are done, all zero between kernels.
    Counters,
    /// Where a kernel tells that an index is out of range.
    Wrong,
}

/// How a kernel uses a value: so many elements from its address on, and so many before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    pub(crate) writes: bool,
    pub(crate) before: usize,
    pub(crate) after: usize,
    /// Whether the kernel is known to write none of it: its reads may then be moved before its writes.
    pub(crate) apart: bool,
}

impl Touch {
    /// Of a view with these sizes and strides.
    pub(crate) fn of(writes: bool, shape: &[usize], strides: &[isize]) -> Touch {
        let reach = |up: bool| -> usize {
            let of =
                |(size, stride): (&usize, &isize)| if (*stride > 0) == up { size.saturating_sub(1) * stride.unsigned_abs() } else { 0 };
            shape.iter().zip(strides).map(of).sum()
        };
        Touch { writes, before: reach(false), after: reach(true) + 1, apart: false }
    }

    /// Of so many elements in a row.
    pub(crate) fn row(writes: bool, count: usize) -> Touch {
        Touch { writes, before: 0, after: count, apart: false }
    }
}

/// A kernel, and how it is started.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// What it is, for people.
    pub(crate) label: String,
    /// The statements of its function; parameters are called p0, p1, …, the number of the block `block`.
    pub(crate) body: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) blocks: usize,
    /// Bytes of scratch, and counters.
    pub(crate) scratch: usize,
    pub(crate) counters: usize,
    /// Bytes that it moves.
    pub(crate) bytes: usize,
}

impl Kernel {
    /// Whether its parameters are values of the program alone.
    pub(crate) fn names_values(&self) -> bool {
        self.parameters.iter().all(|p| matches!(p, Parameter::Value(at, ..) if at.base != SCRATCH))
    }

    /// The name of its function: one text, one name.
    pub(crate) fn name(&self) -> String {
        format!("k{:016x}", stream_of(&format!("{}{}", self.signature(), self.body)))
    }

    fn signature(&self) -> String {
        let types = self.parameters.iter().map(|p| match p {
            Parameter::Value(_, dtype, Touch { apart: true, .. }) => format!("const {}* __restrict__", type_name(*dtype)),
            Parameter::Value(_, dtype, _) => format!("{}*", type_name(*dtype)),
            Parameter::Counters => "u32*".into(),
            Parameter::Wrong => "i64*".into(),
        });
        types.enumerate().map(|(k, name)| format!("{name} p{k}")).collect::<Vec<_>>().join(", ")
    }

    fn function(&self) -> String {
        let (name, signature, body) = (self.name(), self.signature(), &self.body);
        format!(
            "extern \"C\" __global__ void __launch_bounds__({THREADS}) {name}({signature}) {{\nconst u32 block = blockIdx.x;\n{body}}}\n"
        )
    }
}

/// The whole text of these kernels for the GPU.
pub(crate) fn text<'a>(kernels: impl Iterator<Item = &'a Kernel>) -> String {
    let functions: BTreeMap<String, String> = kernels.map(|k| (k.name(), k.function())).collect();
    let mut out = format!("{GPU}{PRELUDE}");
    functions.values().for_each(|f| out.push_str(f));
    out
}

/// The text of these kernels for the host: each is a function of the addresses of its parameters and its number of blocks.
#[cfg(test)]
pub(crate) fn host_text<'a>(kernels: impl Iterator<Item = &'a Kernel>) -> String {
    let function = |k: &Kernel| {
        let (name, signature, body) = (k.name(), k.signature(), &k.body);
        let types = signature.split(", ").map(|p| p.rsplit_once(' ').map_or(p, |(ty, _)| ty));
        let given = types.enumerate().map(|(k, ty)| format!("({ty})p[{k}]")).collect::<Vec<_>>().join(", ");
        let waits = ["join_threads", "join_columns", "is_last", "BARRIER"].iter().any(|f| body.contains(f));
        format!(
            "static void of_{name}({signature}) {{\nconst u32 block = blockIdx.x;\n{body}}}\n\
             static void with_{name}(void** p) {{ of_{name}({given}); }}\n\
             extern \"C\" void {name}(void** p, u32 blocks) {{ run(with_{name}, p, blocks, {waits}); }}\n"
        )
    };
    let functions: BTreeMap<String, String> = kernels.map(|k| (k.name(), function(k))).collect();
    let mut out = format!("{}{PRELUDE}", include_str!("host.cuh"));
    functions.values().for_each(|f| out.push_str(f));
    out
}

/// The name of an element type.
pub(crate) fn type_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "float",
        DType::F64 => "double",
        DType::BF16 => "bf16",
        DType::I64 => "i64",
        DType::Bool => "u8",
    }
}

/// The type in which numbers of a type are added up.
pub(crate) fn sum_type(dtype: DType) -> DType {
    if dtype == DType::BF16 { DType::F32 } else { dtype }
}

/// A number as a term of a sum.
pub(crate) fn widened(dtype: DType, value: &str) -> String {
    if dtype == DType::BF16 { format!("to_f32({value})") } else { value.into() }
}

/// A sum as a number.
pub(crate) fn narrowed(dtype: DType, value: &str) -> String {
    if dtype == DType::BF16 { format!("to_bf16({value})") } else { value.into() }
}

/// A constant, to the bit.
pub(crate) fn constant(number: Number, dtype: DType) -> String {
    match dtype {
        DType::F32 => format!("float_of(0x{:08x}u)", (number.as_f64() as f32).to_bits()),
        DType::F64 => format!("double_of(0x{:016x}ull)", number.as_f64().to_bits()),
        DType::BF16 => format!("bf16_of(0x{:04x})", half::bf16::from_f64(number.as_f64()).to_bits()),
        DType::I64 => integer(number.as_i64()),
        DType::Bool => format!("(u8){}", u8::from(number.as_i64() != 0)),
    }
}

/// An i64 constant.
pub(crate) fn integer(value: i64) -> String {
    if value == i64::MIN { "(-0x7fffffffffffffffLL - 1)".into() } else { format!("{value}LL") }
}

/// Text that is written line by line.
#[derive(Default)]
pub(crate) struct Lines(String);

impl Lines {
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{}", line.as_ref());
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}
