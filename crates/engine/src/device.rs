//! Where a program runs.
//! Names are checked here once; a build without CUDA says so.

use crate::{EngineError, Result};
use std::cell::Cell;
use std::sync::OnceLock;
use std::{env, fmt};

/// The environment variable that names the device of programs whose caller names none.
pub(crate) const DEVICE: &str = "THALWEG_DEVICE";

thread_local! {
    static CURRENT: Cell<Option<Device>> = const { Cell::new(None) };
}

/// A place that holds tensors and runs programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The host's processors.
    Cpu,
    /// The NVIDIA GPU of this index.
    Cuda(usize),
}

impl Device {
    /// The device called `"auto"`, `"cpu"`, `"cuda"` or `"cuda:<index>"`. `auto` is the best one present.
    ///
    /// ```
    /// use thalweg_engine::Device;
    /// assert_eq!(Device::parse("auto").unwrap(), Device::Cpu);
    /// assert_eq!(Device::parse("cuda:1").unwrap_err().code, "DeviceError");
    /// ```
    ///
    /// # Errors
    /// `DeviceError`: the name is none of these, or the device is not present.
    pub fn parse(name: &str) -> Result<Device> {
        let index = name.strip_prefix("cuda:").and_then(|i| i.parse::<usize>().ok());
        match (name, index) {
            ("auto" | "cpu", _) => Ok(Device::Cpu),
            ("cuda", _) => Device::cuda(0),
            (_, Some(index)) => Device::cuda(index),
            _ => Err(EngineError::device("unknown device").with("\"auto\", \"cpu\", \"cuda\" or \"cuda:<index>\"", format!("{name:?}"))),
        }
    }

    /// The device of programs that are compiled on this thread: that of the worker whose thread it is, else the one that
    /// `THALWEG_DEVICE` names, else the host.
    ///
    /// # Errors
    /// `DeviceError` if the environment names none that is present.
    pub fn current() -> Result<Device> {
        static NAMED: OnceLock<Result<Device>> = OnceLock::new();
        if let Some(device) = CURRENT.get() {
            return Ok(device);
        }
        let named = || match env::var(DEVICE) {
            Ok(name) if !name.is_empty() => Device::parse(&name),
            _ => Ok(Device::Cpu),
        };
        NAMED.get_or_init(named).clone()
    }

    /// Makes it that of this thread.
    pub(crate) fn enter(self) {
        CURRENT.set(Some(self));
    }

    #[cfg(feature = "cuda")]
    fn cuda(index: usize) -> Result<Device> {
        crate::cuda::find(index).map(|()| Device::Cuda(index))
    }

    #[cfg(not(feature = "cuda"))]
    fn cuda(index: usize) -> Result<Device> {
        let error = EngineError::device("no CUDA device: this build has no CUDA support");
        Err(error.with("\"auto\" or \"cpu\"", format!("\"cuda:{index}\"")))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}
