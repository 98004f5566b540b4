//! The CUDA executor: the plan of the CPU as kernels, products of cuBLAS and copies on a GPU.
//!
//! `lower` turns a plan into tasks; `source` writes kernels as CUDA C++, `product` says how cuBLAS sees a product; `program` runs tasks,
//! recorded as one CUDA graph. `gpu` owns a device: memory, compiled functions, one stream. `driver` and `versions` are all that is unsafe.

mod beside;
mod buffer;
mod chains;
mod driver;
mod gpu;
#[cfg(test)]
mod host;
mod kernels;
mod lanes;
mod libraries;
mod limits;
mod lower;
mod product;
mod program;
mod source;
mod survey;
mod timed;
mod versions;
mod walk;

pub(crate) use buffer::Buffer;
pub(crate) use gpu::Gpu;
pub(crate) use survey::survey;

use crate::cpu::plan::{Request, compile as planned};
use crate::program::{Executable, Precision};
use crate::{EngineError, Result};
use thalweg_graph::Graph;

/// Checks that GPU `index` is there, and the libraries.
///
/// # Errors
/// `DeviceError` naming what is missing.
pub(crate) fn find(index: usize) -> Result<()> {
    let count = driver::count()?;
    if index < count {
        return libraries::require();
    }
    let there = if count == 1 { "cuda:0 alone".to_string() } else { format!("cuda:0 to cuda:{}", count.saturating_sub(1)) };
    Err(EngineError::device(format!("no CUDA device {index}")).with(there, format!("cuda:{index}")))
}

/// The program of a graph on GPU `index`; inputs at positions `donated` may be overwritten.
pub(crate) fn compile(graph: &Graph, donated: &[usize], index: usize, precision: Precision) -> Result<Box<dyn Executable>> {
    let gpu = Gpu::get(index)?;
    let lowered = lowered(graph, donated, precision)?;
    let sizes: Vec<usize> = graph.inputs.iter().map(|i| i.ty.bytes()).collect();
    Ok(Box::new(program::Program::new(&gpu, lowered, &sizes, precision)?))
}

/// What a GPU would do for a graph, one line per task. No GPU is needed.
///
/// # Errors
/// Those of [`crate::Program::compile`].
pub fn plan(graph: &Graph, donated: &[usize], precision: Precision) -> Result<String> {
    Ok(lowered(graph, donated, precision)?.explain())
}

/// Compiles the kernels of a graph for cards of this compute capability (`(9, 0)` is that of an H100); bytes of machine code. NVRTC is
/// needed, a GPU is not.
///
/// # Errors
/// `DeviceError` without NVRTC; `InternalError` with the compiler's messages if a kernel does not compile.
pub fn build(graph: &Graph, precision: Precision, capability: (i32, i32)) -> Result<usize> {
    let lowered = lowered(graph, &[], precision)?;
    Ok(driver::compile(&source::text(lowered.kernels().into_iter()), capability)?.len())
}

fn lowered(graph: &Graph, donated: &[usize], precision: Precision) -> Result<lower::Lowered> {
    let narrow = precision == Precision::Bf16;
    lower::lower(planned(graph, &Request { donated: donated.to_vec(), summed: Vec::new(), whole: true, narrow })?)
}
