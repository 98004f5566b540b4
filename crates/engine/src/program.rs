//! A compiled graph: made once, run many times, from any thread.
//! Which executor runs it is an option; callers see one type.

use crate::{Device, EngineError, Result, Tensor, cpu, memory, reference, threads};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use thalweg_graph::{Graph, Type};

/// Who runs a program. Each executor has a folder of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Executor {
    /// That of [`Device::current`].
    #[default]
    Auto,
    /// Op by op on the host: the oracle of every other executor.
    Reference,
    /// Passes, products and copies over planned memory, on the host.
    Cpu,
    /// The same as kernels and products of cuBLAS on the GPU of this index.
    #[cfg(feature = "cuda")]
    Cuda(usize),
}

impl Executor {
    fn of(device: Device) -> Executor {
        match device {
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => Executor::Cuda(index),
            _ => Executor::Cpu,
        }
    }
}

/// How to compile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// Who runs the program.
    pub executor: Executor,
    /// Positions of inputs whose buffers may be overwritten. One that the caller (or anything else) still holds is left alone.
    pub donated: Vec<usize>,
    /// How exact products of f32 are on a GPU.
    pub precision: Precision,
}

/// How exact products of f32 are on a GPU; sums are in f32 always. Elsewhere they are [`Precision::Full`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// f32 throughout.
    #[default]
    Full,
    /// Operands rounded to TF32: 10 bits behind the first.
    Tf32,
    /// Operands rounded to bf16: 7 bits behind the first.
    Bf16,
}

impl Precision {
    /// The precision called `"f32"`, `"tf32"` or `"bf16"`.
    ///
    /// # Errors
    /// `DataError` if it is none of these.
    pub fn parse(name: &str) -> Result<Precision> {
        match name {
            "f32" => Ok(Precision::Full),
            "tf32" => Ok(Precision::Tf32),
            "bf16" => Ok(Precision::Bf16),
            _ => Err(EngineError::data("unknown precision").with("\"f32\", \"tf32\" or \"bf16\"", format!("{name:?}"))),
        }
    }
}

/// What an executor makes of a graph.
pub(crate) trait Executable: Send + Sync {
    /// Runs on inputs whose types were checked. `kept`: the caller has one more handle to each donated input, and expects a run that
    /// fails to change nothing.
    fn run(&self, inputs: Vec<Tensor>, kept: bool) -> Result<Vec<Tensor>>;
    /// The most bytes that a run holds at one time, inputs and constants not counted.
    fn peak_bytes(&self) -> usize;
    /// Whether some op is large enough to be shared among threads.
    fn is_large(&self) -> bool;
    /// Whether it runs on the host, and takes its memory there.
    fn is_on_host(&self) -> bool {
        true
    }
    /// Its steps in words.
    fn explain(&self) -> String;
}

/// A compiled graph.
pub struct Program {
    inputs: Vec<(String, Type)>,
    outputs: Vec<Type>,
    code: Arc<dyn Executable>,
}

impl Program {
    /// Compiles `graph`.
    ///
    /// # Errors
    /// `MemoryError` if its constants do not fit into memory; `TraceError` if it donates an input that it does not have; `DataError` if
    /// [`EXPLAIN`] names a file that cannot be written.
    pub fn compile(graph: &Graph, options: &CompileOptions) -> Result<Program> {
        if let Some(wrong) = options.donated.iter().find(|&&i| i >= graph.inputs.len()) {
            let error = EngineError::trace("a program donates an input that it does not have");
            return Err(error.with(format!("positions below {}", graph.inputs.len()), wrong.to_string()));
        }
        let executor = match options.executor {
            Executor::Auto => Executor::of(Device::current()?),
            named => named,
        };
        let code: Arc<dyn Executable> = match executor {
            Executor::Reference => Arc::new(reference::compile(graph, &options.donated)?),
            Executor::Cpu | Executor::Auto => cpu::compile(graph, &options.donated)?,
            #[cfg(feature = "cuda")]
            Executor::Cuda(index) => crate::cuda::compile(graph, &options.donated, index, precision(options.precision)?)?.into(),
        };
        explained(graph, options, code.as_ref())?;
        let inputs = graph.inputs.iter().map(|i| (i.name.clone(), i.ty.clone())).collect();
        Ok(Program { inputs, outputs: graph.output_types(), code })
    }

    /// Names and types of the inputs, in order.
    pub fn inputs(&self) -> &[(String, Type)] {
        &self.inputs
    }

    /// Types of the outputs, in order.
    pub fn output_types(&self) -> &[Type] {
        &self.outputs
    }

    /// Bytes that a run needs at its peak, beyond its inputs and the program's constants.
    pub fn peak_bytes(&self) -> usize {
        self.code.peak_bytes()
    }

    /// What it does, step by step, for people who want to know.
    pub fn explain(&self) -> String {
        self.code.explain()
    }

    /// Runs the program. An input that was donated, and of which the caller kept no other handle, is consumed.
    ///
    /// # Errors
    /// `ShapeError` or `DTypeError` if an input is not of its declared type; `MemoryError`, before anything is computed, if
    /// [`Program::peak_bytes`] exceed the free memory; `DataError` from ops that depend on values (an index out of range).
    pub fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        self.checked(inputs, false)
    }

    /// As [`Program::run`], for a caller that keeps one handle to each donated input and lets go of it when the run has succeeded: what
    /// nobody else holds may be overwritten all the same. A run that fails has changed nothing.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run_keeping(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        self.checked(inputs, true)
    }

    fn checked(&self, inputs: Vec<Tensor>, kept: bool) -> Result<Vec<Tensor>> {
        if inputs.len() != self.inputs.len() {
            let names: Vec<&str> = self.inputs.iter().map(|(name, _)| name.as_str()).collect();
            let error = EngineError::shape("a program was given the wrong number of inputs");
            return Err(error.with(format!("{} ({})", names.len(), names.join(", ")), inputs.len().to_string()));
        }
        for ((name, expected), given) in self.inputs.iter().zip(&inputs) {
            if expected != given.ty() {
                return Err(EngineError::mismatch(&format!("input {name}"), expected, given.ty()));
            }
        }
        if self.code.is_on_host() {
            memory::require(self.peak_bytes(), "what this program computes")?;
        }
        if self.code.is_large() { threads::shared(|| self.code.run(inputs, kept))? } else { self.code.run(inputs, kept) }
    }
}

/// The environment variable that names the precision of programs whose caller names none.
#[cfg(feature = "cuda")]
const PRECISION: &str = "THALWEG_PRECISION";

#[cfg(feature = "cuda")]
fn precision(asked: Precision) -> Result<Precision> {
    match std::env::var(PRECISION) {
        Ok(name) if asked == Precision::Full && !name.is_empty() => Precision::parse(&name),
        _ => Ok(asked),
    }
}

/// The environment variable that names a file to which every graph and its program are appended, in words.
pub const EXPLAIN: &str = "THALWEG_EXPLAIN";

/// The environment variable that names a precision, for which [`EXPLAIN`] tells what a GPU would do, in place of what was compiled. No
/// GPU is needed.
#[cfg(feature = "cuda")]
pub const EXPLAIN_CUDA: &str = "THALWEG_EXPLAIN_CUDA";

/// Appends what was compiled to the file that is asked for.
fn explained(graph: &Graph, options: &CompileOptions, code: &dyn Executable) -> Result<()> {
    let Some(path) = std::env::var_os(EXPLAIN).filter(|path| !path.is_empty()) else { return Ok(()) };
    let steps = steps(graph, options, code)?;
    let append = |path: &Path| -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(format!("{graph}\n{steps}\n\n").as_bytes())
    };
    append(Path::new(&path)).map_err(|error| {
        let wrong = EngineError::data(format!("{EXPLAIN} names a file that cannot be written"));
        wrong.with("the path of a file in a folder that exists", format!("{}: {error}", Path::new(&path).display()))
    })
}

#[cfg(not(feature = "cuda"))]
fn steps(_graph: &Graph, _options: &CompileOptions, code: &dyn Executable) -> Result<String> {
    Ok(code.explain())
}

#[cfg(feature = "cuda")]
fn steps(graph: &Graph, options: &CompileOptions, code: &dyn Executable) -> Result<String> {
    match std::env::var(EXPLAIN_CUDA) {
        Ok(name) if !name.is_empty() => crate::cuda::plan(graph, &options.donated, Precision::parse(&name)?),
        _ => Ok(code.explain()),
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({} inputs, {} outputs)", self.inputs.len(), self.outputs.len())
    }
}

/// Programs are shared between threads.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<Program>>();
    shared::<Tensor>();
};
